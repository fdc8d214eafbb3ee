// SPDX-License-Identifier: Apache-2.0
//
// `heddle explore --weaken`.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_PROGRAM_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_PROGRAM_H_

#include <functional>
#include <string>

#include "tools/heddle/explore_options.h"

namespace heddle::weaken {

struct Program {
  std::string name;
  std::string path;     // linked with the explorer's runtime; it passes as it is
  std::string scratch;  // an existing directory
  std::string out;      // of counterexamples
  std::function<std::string(const std::string& path)> replay;
};

// Prints the table, writes options.json. Returns an exit status.
int WeakenProgram(const explore::Options& options, const Program& program);

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_PROGRAM_H_
