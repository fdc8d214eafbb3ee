// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/record_order.h"

#include <cstddef>
#include <functional>
#include <queue>
#include <vector>

namespace heddle::explorer {
namespace {

// Edges between the events of a graph, and a walk along them.
class Sorter {
 public:
  explicit Sorter(const Graph& graph)
      : graph_(graph), behind_(graph.size()), before_(graph.size(), 0) {
    for (int i = 0; i < graph.threads(); ++i) OrderThread(static_cast<ThreadId>(i));
    for (std::size_t i = 0; i < graph.locations(); ++i) {
      OrderLocation(graph.location(static_cast<LocationId>(i)));
    }
  }

  // Of those that can come next the one that is first in `as_run`; fewer than all: there is a
  // cycle.
  std::vector<EventId> Sort(const std::vector<EventId>& as_run) {
    std::vector<std::size_t> rank(graph_.size());
    for (std::size_t i = 0; i < as_run.size(); ++i) rank[Index(as_run[i])] = i;
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < as_run.size(); ++i) {
      if (before_[Index(as_run[i])] == 0) ready.push(i);
    }
    std::vector<EventId> order;
    while (!ready.empty()) {
      const EventId next = as_run[ready.top()];
      ready.pop();
      order.push_back(next);
      for (const EventId later : behind_[Index(next)]) {
        if (--before_[Index(later)] == 0) ready.push(rank[Index(later)]);
      }
    }
    return order;
  }

 private:
  static std::size_t Index(EventId id) { return static_cast<std::size_t>(id); }

  void Add(EventId first, EventId second) {
    behind_[Index(first)].push_back(second);
    ++before_[Index(second)];
  }

  void OrderThread(ThreadId thread) {
    const std::vector<EventId>& events = graph_.thread(thread);
    if (events.empty()) return;
    const EventId creator = graph_.creator(thread);
    if (creator != kNoEvent && creator != kInit) Add(creator, events.front());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i > 0) Add(events[i - 1], events[i]);
      const Event& event = graph_[events[i]];
      if (event.kind != Kind::kJoin) continue;
      const std::vector<EventId>& joined = graph_.thread(static_cast<ThreadId>(event.peer));
      if (!joined.empty()) Add(joined.back(), events[i]);
    }
  }

  void OrderLocation(const Graph::Location& location) {
    for (std::size_t i = 1; i < location.writes.size(); ++i) {
      Add(location.writes[i - 1], location.writes[i]);
    }
    for (const EventId id : location.accesses) {
      const Event& read = graph_[id];
      if (read.kind == Kind::kWrite || read.reads_from == kNoEvent) continue;
      if (read.reads_from != kInit) Add(read.reads_from, id);
      // An update's own write is behind it anyway.
      const std::size_t next = graph_.Co(read.reads_from);
      if (next < location.writes.size()) Add(id, location.writes[next]);
    }
  }

  const Graph& graph_;
  std::vector<std::vector<EventId>> behind_;
  std::vector<int> before_;  // how many that have not come yet
};

}  // namespace

std::vector<EventId> InOrderOfEffects(const Graph& graph, const std::vector<EventId>& as_run) {
  if (as_run.size() != graph.size()) return as_run;
  std::vector<EventId> order = Sorter(graph).Sort(as_run);
  return order.size() == as_run.size() ? order : as_run;
}

}  // namespace heddle::explorer
