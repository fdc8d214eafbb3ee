// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_

#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

// Memory that is used again from one call to the next.
struct ScScratch {
  // Of one location's accesses, as places in coherence order: the first ones that a fence happens
  // before, and the last ones that happen before it.
  struct Bounds {
    int first_written;
    int first_read;
    int last_written;
    int last_read;
  };
  enum class Visit : std::uint8_t { kNew, kDone, kGoal };

  std::vector<EventId> nodes;  // of psc, fences first
  std::vector<Visit> visits;
  std::vector<LocationId> locations;
  std::vector<Bounds> bounds;  // for each fence and each of `locations`
};

// RC11's axiom SC: psc is acyclic. `touched` is the access whose reads-from or place in coherence
// order is new, its thread's last event, which nobody reads from: without it the graph is known to
// be consistent.
bool ScConsistent(const Graph& graph, EventId touched, ScScratch& scratch);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_CONSISTENCY_H_
