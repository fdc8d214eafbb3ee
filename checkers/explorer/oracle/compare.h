// SPDX-License-Identifier: Apache-2.0
//
// The search against brute force, on one program.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_COMPARE_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_COMPARE_H_

#include <cstddef>
#include <string>

#include "checkers/explorer/oracle/axioms.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/run_search.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer::oracle {

struct Compared {
  // Where the two differ, as text; empty where they do not.
  std::string difference;
  bool timed_out = false;
  // Too many graphs for brute force: nothing was compared.
  bool skipped = false;
  std::size_t graphs = 0;
  std::size_t found = 0;  // of these, by the search
  std::size_t blocked = 0;
  std::size_t dropped = 0;
  std::size_t repeats = 0;  // executions that differ from others in the names of threads only
  bool hangs = false;
};

struct CompareOptions {
  Options search;
  RunOptions run;
  ModelOptions model;  // that the search is compared with
  std::size_t max_states = 20'000;
  int timeout_seconds = 20;  // of processor time, of a comparison in a process of its own
};

Compared Compare(const Program& program, const CompareOptions& options);

// The same in a process of its own: a crash, and a search without end, are differences.
Compared CompareApart(const Program& program, const CompareOptions& options);

// A smaller program on which the two still differ.
Program Shrink(Program program, const CompareOptions& options);

// Text of a difference, with the shrunk program.
std::string Explain(const Program& program, const CompareOptions& options);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_COMPARE_H_
