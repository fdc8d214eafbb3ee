// SPDX-License-Identifier: Apache-2.0
//
// What fuzz targets and tests do with a graph that a hostile file made.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_USE_GRAPH_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_USE_GRAPH_H_

#include <string>

#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

// Which of the guarantees of analysis/graph.h `graph` breaks; empty: none.
std::string Unsound(const Graph& graph);

// Whether the tables of the two are the same, byte for byte; if not, which.
std::string Difference(const Graph& one, const Graph& other);

// Analyses and describes it, infers its hierarchy and merges it with itself; prints it in every
// format too if asked (slow). Aborts when something does not hold that must hold for every graph.
void UseGraph(const Graph& graph, bool print);

// A graph with something of everything that the runtime records.
Graph RichGraph();

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_USE_GRAPH_H_
