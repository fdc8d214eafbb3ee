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
  bool left_out = false;     // what Options::preemptions does
  double done = 0;           // as the search has thought after RunOptions::ask_after
  std::uint64_t events = 0;  // of all executions but those that are there for `done`
  std::uint64_t events_for_done = 0;
  bool symmetric = false;               // Options::symmetry has left something out
  std::vector<std::string> duplicates;  // graphs that were complete more than once
  std::string failure;                  // what went wrong altogether, empty if nothing
};

struct RunOptions {
  // After that many executions the rest is split into pieces, and these are explored one by one;
  // 0: not at all.
  std::uint64_t split_after = 0;
  // After that many executions everything is forgotten and begun anew, once; 0: not at all.
  std::uint64_t reset_after = 0;
  // After that many executions the search is asked how much it has done.
  std::uint64_t ask_after = 0;
  // Each complete execution is saved, restored in a search of its own, and has to be the same
  // there.
  bool save_and_restore = false;
};

Searched RunSearch(const Program& program, const Options& options, const RunOptions& run = {});

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RUN_SEARCH_H_
