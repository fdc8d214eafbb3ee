// SPDX-License-Identifier: Apache-2.0
//
// What happens before what as far as the program may know: by its own atomics, threads and locks,
// and not by what a modelled system call does inside (Access::internal). There is no more order
// than in Event::hb, which reads go by.
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_PROGRAM_CLOCKS_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_PROGRAM_CLOCKS_H_

#include <cstddef>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

class ProgramClocks {
 public:
  // As Options::release_sequence_cxx11.
  explicit ProgramClocks(bool release_sequence_cxx11)
      : release_sequence_cxx11_(release_sequence_cxx11) {}

  // What was learned of a graph's events holds until one of them changes.
  void Forget() { clocks_.clear(); }

  // Before what comes behind the thread's first `count` events. Valid until the next call.
  const View& Before(const Graph& graph, ThreadId thread, std::size_t count);
  // The event itself included.
  const View& Of(const Graph& graph, EventId id);

 private:
  struct Clock {
    View hb;
    View release;  // of a write: what who acquires from it synchronizes with
    bool known = false;
  };

  bool Known(EventId id) const { return id >= kNoEvent || clocks_[id].known; }
  // The thread's event before, or the one that created it; kNoEvent: neither.
  static EventId Previous(const Graph& graph, const Event& event);
  // What the event synchronizes with, if anything, besides what a fence does.
  static EventId Source(const Graph& graph, const Event& event);
  void Learn(const Graph& graph, EventId id);
  View ReleaseOf(const Graph& graph, EventId write) const;

  bool release_sequence_cxx11_;
  std::vector<Clock> clocks_;  // by event
  std::vector<EventId> wanted_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_PROGRAM_CLOCKS_H_
