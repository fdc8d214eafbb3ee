// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/common_flags.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, json, "", "write the results to this file as JSON");
ABSL_FLAG(bool, help, false, "print this text");
ABSL_FLAG(std::string, html, "", "write the results to this file as an HTML page");
ABSL_FLAG(std::vector<std::string>, engine, {},
          "engines to run, separated by commas; all by default");
ABSL_FLAG(std::string, out, "", "directory for counterexamples; default: out/ in the workspace");
ABSL_FLAG(std::uint64_t, seed, 1, "seed of everything random");
