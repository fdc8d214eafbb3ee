// SPDX-License-Identifier: Apache-2.0
//
// Whether what is linked into a program was compiled with instrumentation.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORE_OBJECTS_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORE_OBJECTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace heddle::explore {

// The objects with code whose accesses to memory nobody would see: "file.o", or
// "library.a(member.o)" of an archive. An object that is compiled with -fsanitize=thread refers to
// functions of its interface, even if it accesses nothing. An error where the file is no object and
// no archive.
absl::StatusOr<std::vector<std::string>> Uninstrumented(const std::string& path);

}  // namespace heddle::explore

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORE_OBJECTS_H_
