// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/preemptions.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kMostOrders = 100'000;

// How many events of each thread have taken place.
using Frontier = std::array<std::uint16_t, kMaxThreads>;

class Orders {
 public:
  Orders(const Graph& graph, bool on_one_memory) : graph_(graph), needs_(graph.size()) {
    for (std::size_t i = 0; i < graph.size(); ++i) Need(static_cast<EventId>(i), on_one_memory);
  }

  bool Exists(int bound) { return Goes(Frontier{}, bound); }

 private:
  std::uint16_t Size(ThreadId thread) const {
    return static_cast<std::uint16_t>(graph_.thread(thread).size());
  }

  void After(EventId event, EventId earlier) {
    const Event& it = graph_[earlier];
    std::uint16_t& count = needs_[event].count[it.thread];
    count = std::max(count, static_cast<std::uint16_t>(it.index + 1));
  }

  void Need(EventId id, bool on_one_memory) {
    const Event& event = graph_[id];
    if (event.index == 0 && graph_.creator(event.thread) != kNoEvent) {
      After(id, graph_.creator(event.thread));
    }
    if (event.kind == Kind::kJoin) After(id, graph_.thread(event.peer).back());
    if (event.kind == Kind::kRead) {
      if (event.reads_from != kInit) After(id, event.reads_from);
      const std::vector<EventId>& writes = graph_.location(event.location).writes;
      const std::size_t co = graph_.Co(event.reads_from);
      if (on_one_memory && co < writes.size()) After(writes[co], id);
    }
    if (event.kind == Kind::kWrite && on_one_memory && event.co > 1) {
      After(id, graph_.WriteAt(event.location, event.co - std::size_t{1}));
    }
  }

  // The thread's next events that take place as one: a read-modify-write is one.
  std::uint16_t End(ThreadId thread, std::uint16_t at) const {
    const std::vector<EventId>& own = graph_.thread(thread);
    const bool both = graph_[own[at]].kind == Kind::kRead && graph_[own[at]].update &&
                      at + 1U < own.size() && graph_[own[at + 1U]].kind == Kind::kWrite &&
                      graph_[own[at + 1U]].update;
    return static_cast<std::uint16_t>(at + (both ? 2 : 1));
  }

  bool Ready(ThreadId thread, const Frontier& frontier) const {
    const std::uint16_t from = frontier[static_cast<std::size_t>(thread)];
    const std::uint16_t end = End(thread, from);
    for (std::uint16_t i = from; i < end; ++i) {
      const View& needs = needs_[graph_.thread(thread)[i]];
      for (ThreadId other = 0; other < graph_.threads(); ++other) {
        const auto at = static_cast<std::size_t>(other);
        if (other != thread && needs.count[at] > frontier[at]) return false;
      }
    }
    return true;
  }

  // Whether to leave the thread there is no preemption.
  bool IsFree(ThreadId thread, std::uint16_t at) const {
    if (at == Size(thread)) return true;
    const Event& next = graph_[graph_.thread(thread)[at]];
    return next.kind == Kind::kJoin || next.kind == Kind::kPark || next.is_await;
  }

  // Lets the thread run as far as it can, or as far as it can and then be left for free.
  bool Run(ThreadId thread, Frontier& frontier, bool free) const {
    Frontier running = frontier;
    std::uint16_t& at = running[static_cast<std::size_t>(thread)];
    std::uint16_t& result = frontier[static_cast<std::size_t>(thread)];
    const std::uint16_t from = at;
    while (at < Size(thread) && Ready(thread, running)) {
      at = End(thread, at);
      if (!free || IsFree(thread, at)) result = at;
    }
    return result != from;
  }

  // What is free is done at once: it leaves less to do, and allows whatever was allowed.
  bool Goes(Frontier frontier, int bound) {
    for (bool moved = true; moved;) {
      moved = false;
      for (ThreadId thread = 0; thread < graph_.threads(); ++thread) {
        moved = Run(thread, frontier, true) || moved;
      }
    }
    bool done = true;
    for (ThreadId thread = 0; thread < graph_.threads(); ++thread) {
      done = done && frontier[static_cast<std::size_t>(thread)] == Size(thread);
    }
    if (done || seen_.size() > kMostOrders) return true;
    if (bound == 0) return false;
    const auto [known, is_new] = seen_.try_emplace(frontier, bound);
    if (!is_new && known->second >= bound) return false;
    known->second = bound;
    for (ThreadId thread = 0; thread < graph_.threads(); ++thread) {
      Frontier next = frontier;
      if (Run(thread, next, false) && Goes(next, bound - 1)) return true;
    }
    return false;
  }

  const Graph& graph_;
  std::vector<View> needs_;  // of each event: what must have taken place
  std::map<Frontier, int> seen_;
};

}  // namespace

bool WithinPreemptions(const Graph& graph, int bound, bool on_one_memory) {
  return Orders(graph, on_one_memory).Exists(bound);
}

}  // namespace heddle::explorer
