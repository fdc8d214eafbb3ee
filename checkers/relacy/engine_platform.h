// SPDX-License-Identifier: Apache-2.0
//
// Chosen by `//checkers/relacy:engine` through HEDDLE_ENGINE_HEADER.
#ifndef HEDDLE_CHECKERS_RELACY_ENGINE_PLATFORM_H_
#define HEDDLE_CHECKERS_RELACY_ENGINE_PLATFORM_H_

#include "checkers/relacy/relacy_platform.h"

namespace heddle {
using EnginePlatform = RelacyPlatform;
}  // namespace heddle

#endif  // HEDDLE_CHECKERS_RELACY_ENGINE_PLATFORM_H_
