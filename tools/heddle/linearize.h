// SPDX-License-Identifier: Apache-2.0
//
// heddle linearize: judges a recorded history.
#ifndef HEDDLE_TOOLS_HEDDLE_LINEARIZE_H_
#define HEDDLE_TOOLS_HEDDLE_LINEARIZE_H_

#include <string>
#include <vector>

namespace heddle {

int RunLinearize(const std::vector<std::string>& arguments);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_LINEARIZE_H_
