// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

// RC11's axiom SC: psc is acyclic. `touched` is the event whose reads-from or place in coherence
// order is new: without it the graph is known to be consistent.
bool ScConsistent(const Graph& graph, EventId touched);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_
