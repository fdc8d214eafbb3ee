// SPDX-License-Identifier: Apache-2.0
//
// Chosen by `//checkers/explorer/engine` through HEDDLE_ENGINE_HEADER.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_ENGINE_PLATFORM_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_ENGINE_PLATFORM_H_

#include "checkers/explorer/engine/explorer_platform.h"

namespace heddle {
using EnginePlatform = ExplorerPlatform;
}  // namespace heddle

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_ENGINE_PLATFORM_H_
