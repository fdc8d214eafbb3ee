// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_PREEMPTIONS_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_PREEMPTIONS_H_

#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

// Whether the graph's events can be put in an order in which no more than `bound` preemptions are
// needed: a preemption is a switch away from a thread that could have gone on. A switch is free
// where the thread has no more events, and where its next one waits (an await, a join), whether or
// not it would have had to. The order respects program order, reads-from, and how threads are
// created and joined; `on_one_memory`: coherence order and what follows from it for reads, too, so
// that it is an interleaving (under sequential consistency there is one).
//
// The fewest preemptions are hard to tell in general (Musuvathi, Qadeer, "Partial-Order Reduction
// for Context-Bounded State Exploration", 2007). Here the work grows with (number of threads) ^
// `bound`; where that comes to more than 100,000 orders, the answer is true.
bool WithinPreemptions(const Graph& graph, int bound, bool on_one_memory);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_PREEMPTIONS_H_
