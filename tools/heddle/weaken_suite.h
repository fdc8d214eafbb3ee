// SPDX-License-Identifier: Apache-2.0
//
// `heddle weaken`: which memory orders of the primitives their scenarios need.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_SUITE_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_SUITE_H_

#include <string>
#include <vector>

namespace heddle {

int RunWeaken(const std::vector<std::string>& arguments);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_SUITE_H_
