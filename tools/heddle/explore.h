// SPDX-License-Identifier: Apache-2.0
//
// `heddle explore`: builds an unmodified C or C++ program for the explorer, runs it, and says what
// was found.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORE_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORE_H_

#include <string>
#include <vector>

namespace heddle {

int RunExplore(const std::vector<std::string>& arguments);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORE_H_
