// SPDX-License-Identifier: Apache-2.0
//
// Options that several subcommands share.
#ifndef HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_
#define HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"

ABSL_DECLARE_FLAG(std::string, json);
ABSL_DECLARE_FLAG(bool, help);

#endif  // HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_
