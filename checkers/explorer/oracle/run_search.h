// SPDX-License-Identifier: Apache-2.0
//
// Explores a small program with the search, as a runtime would.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_RUN_SEARCH_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_RUN_SEARCH_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer::oracle {

struct Searched {
  Counts counts;
  // As in Explored.
  std::set<std::string> graphs;
  std::set<std::string> outcomes;
  bool hangs = false;
  std::vector<std::string> duplicates;  // graphs that were complete more than once
  std::string failure;                  // what went wrong altogether, empty if nothing
};

Searched RunSearch(const Program& program, const Options& options);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RUN_SEARCH_H_
