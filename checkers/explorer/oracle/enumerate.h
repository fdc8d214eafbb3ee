// SPDX-License-Identifier: Apache-2.0
//
// All consistent execution graphs of a small program, by brute force: every order of adding events,
// every choice for each, each set of events looked at once. Shares nothing with the search that it
// is there to check but the meaning of a Program.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_ENUMERATE_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_ENUMERATE_H_

#include <cstddef>
#include <set>
#include <string>

#include "checkers/explorer/oracle/axioms.h"
#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

struct Explored {
  // Graphs in which every thread has finished, as text: equal texts are equal graphs.
  std::set<std::string> graphs;
  // Final registers and memory of these.
  std::set<std::string> outcomes;
  // In some graph somebody waits for ever, even if every write reaches every thread in the end.
  bool hangs = false;
  // Given up: more than `max_states`, or too many events.
  bool cut = false;
  std::size_t states = 0;
};

Explored Enumerate(const Program& program, const ModelOptions& options,
                   std::size_t max_states = 1'000'000);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_ENUMERATE_H_
