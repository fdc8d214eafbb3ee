// SPDX-License-Identifier: Apache-2.0
//
// Graphs and outcomes up to which of several threads with the same program did what.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_SYMMETRY_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_SYMMETRY_H_

#include <set>
#include <string>

#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

// Each text (of Explored) is replaced by the least of those that it becomes when threads that have
// the same program and are created one after the other exchange their names.
std::set<std::string> UpToSymmetry(const Program& program, const std::set<std::string>& texts);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_SYMMETRY_H_
