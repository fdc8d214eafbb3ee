// SPDX-License-Identifier: Apache-2.0
//
// The order in which a counterexample's events are told.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_ORDER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_ORDER_H_

#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

// One in which each read comes behind the write that it reads, and before all later ones to the
// location, if there is any such (the execution is sequentially consistent): as close to `as_run`
// as that allows. Else `as_run`, which has all events of the graph.
std::vector<EventId> InOrderOfEffects(const Graph& graph, const std::vector<EventId>& as_run);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_ORDER_H_
