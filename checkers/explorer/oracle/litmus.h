// SPDX-License-Identifier: Apache-2.0
//
// Programs with known numbers of executions.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_LITMUS_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_LITMUS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::explorer::oracle {

struct Litmus {
  std::string name;
  std::string text;
  std::uint64_t rc11 = 0;
  std::uint64_t sc = 0;
  std::uint64_t cxx11 = 0;  // RC11 with C++11's release sequences
  bool small = true;        // for brute force too
  bool blocks = false;      // some executions stay incomplete
};

std::vector<Litmus> AllLitmus();

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_LITMUS_H_
