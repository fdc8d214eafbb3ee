// SPDX-License-Identifier: Apache-2.0
//
// The axioms of RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017, in the shape of herd's
// rc11.cat, with C++20's release sequences) and of sequential consistency, on whole graphs.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_AXIOMS_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_AXIOMS_H_

#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer::oracle {

struct Node {
  enum class Kind : std::uint8_t { kRead, kWrite, kFence, kThread, kChoose };

  Kind kind = Kind::kRead;
  int thread = 0;
  int location = -1;
  Order order = Order::kRelaxed;
  Word value = 0;
  int reads_from = -1;    // of a read: a write's index; -1 is the initial write
  bool update = false;    // a write right after the read of the same read-modify-write
  int synchronizes = -1;  // of a thread's start and of a join: the event before it
};

struct Execution {
  std::vector<Node> nodes;           // each thread's in program order
  std::vector<std::vector<int>> co;  // of each location: its writes
};

// What the thread's last read of the location reads from; -1: the initial value, or there is none.
int LastRead(const Execution& execution, int thread, int location);

struct ModelOptions {
  Model model = Model::kRc11;
  bool release_sequence_cxx11 = false;
};

// No axiom fails. If that holds, it holds for what is left when events are taken away from the ends
// of (program order or reads-from).
bool Consistent(const Execution& execution, const ModelOptions& options);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_AXIOMS_H_
