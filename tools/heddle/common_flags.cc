// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/common_flags.h"

#include <string>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, json, "", "write the results to this file as JSON");
ABSL_FLAG(bool, help, false, "print this text");
