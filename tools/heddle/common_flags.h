// SPDX-License-Identifier: Apache-2.0
//
// Options that several subcommands share.
#ifndef HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_
#define HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/declare.h"

ABSL_DECLARE_FLAG(std::string, json);
ABSL_DECLARE_FLAG(std::string, html);
ABSL_DECLARE_FLAG(bool, help);
ABSL_DECLARE_FLAG(std::vector<std::string>, engine);
ABSL_DECLARE_FLAG(std::string, out);
ABSL_DECLARE_FLAG(std::uint64_t, seed);

#endif  // HEDDLE_TOOLS_HEDDLE_COMMON_FLAGS_H_
