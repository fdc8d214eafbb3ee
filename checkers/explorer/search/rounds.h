// SPDX-License-Identifier: Apache-2.0
//
// Threads that undo each other's steps for ever. A round is what a thread has done between two
// operations at which it was in the same state. Where all threads that go on at all make one, and
// memory holds behind the rounds what it held before them, the rounds can follow each other for
// ever: that is an execution, too, and a fair one.
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_ROUNDS_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_ROUNDS_H_

#include <array>
#include <cstdint>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

// A thread's events from `first` to before `last`; neither where it makes none.
struct Round {
  int first = -1;
  int last = -1;
};
using Rounds = std::array<Round, kMaxThreads>;

// `joins`: a bit for each thread that waits for another one's end when the execution ends.
bool RepeatForEver(const Graph& graph, const Rounds& rounds, std::uint32_t joins);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_ROUNDS_H_
