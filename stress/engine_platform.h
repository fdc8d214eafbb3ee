// SPDX-License-Identifier: Apache-2.0
//
// Chosen by `//stress:engine` through HEDDLE_ENGINE_HEADER.
#ifndef HEDDLE_STRESS_ENGINE_PLATFORM_H_
#define HEDDLE_STRESS_ENGINE_PLATFORM_H_

#include "stress/stress_platform.h"

namespace heddle {
using EnginePlatform = StressPlatform;
}  // namespace heddle

#endif  // HEDDLE_STRESS_ENGINE_PLATFORM_H_
