// SPDX-License-Identifier: Apache-2.0
//
// Sequential consistency without axioms: every interleaving, on one memory.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERLEAVE_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERLEAVE_H_

#include <map>
#include <set>
#include <string>

#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

// The graphs, as Explored has them, of programs without a main and without weak compare-exchanges.
std::set<std::string> Interleave(const Program& program);

// The same graphs, each with the fewest preemptions of an interleaving that makes it: switches away
// from a thread that has not finished and does not come to an await next.
std::map<std::string, int> InterleavingPreemptions(const Program& program);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERLEAVE_H_
