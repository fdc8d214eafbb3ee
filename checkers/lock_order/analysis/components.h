// SPDX-License-Identifier: Apache-2.0
//
// Strongly connected components of "L was acquired while H was held", in time linear in the chains.
//
// Vertices are the locks and the chains; a chain stands for the set of locks on its path. Edges: a
// lock to every chain that ends in it, a chain to its children (what is held in the parent is held
// in them), and the parent of a dependency to the lock that the dependency acquired. Two locks
// reach each other here exactly when they do through single "H, then L" edges.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_COMPONENTS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_COMPONENTS_H_

#include <cstdint>
#include <vector>

#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

inline constexpr uint32_t kNoLock = UINT32_MAX;

struct ComponentsInput {
  const std::vector<Chain>& chains;
  const std::vector<uint32_t>& lock_of;    // by node: its number (class); kNoLock: does not count
  uint32_t locks;                          // numbers are below this
  const std::vector<bool>& is_dependency;  // by chain
};

// By lock, then by chain (at locks + chain): the component, equal numbers within one. Components
// come in reverse topological order: those that others lead to have smaller numbers.
std::vector<uint32_t> FindComponents(const ComponentsInput& input);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_COMPONENTS_H_
