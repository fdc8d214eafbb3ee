// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/rounds.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {
namespace {

// The graph up to two cuts: before the rounds, and behind them. A copy of what is between the two
// can come behind it if nothing of it looks at what a copy would find changed: all edges between
// copies then go from one to a later one, and within each they are those of the first.
class Copies {
 public:
  Copies(const Graph& graph, const Rounds& rounds) : graph_(graph), rounds_(rounds) {}

  bool Follow(std::uint32_t joins) {
    for (ThreadId thread = 0; thread < graph_.threads(); ++thread) {
      if (!Cut(thread, joins)) return false;
    }
    return Closed() && BackInMemory() && ReadsNothingOlder();
  }

 private:
  static std::size_t At(ThreadId thread) { return static_cast<std::size_t>(thread); }
  bool Before(EventId id) const {
    return id == kInit || graph_[id].index < before_[graph_[id].thread];
  }
  bool Inside(EventId id) const {
    return id != kInit && !Before(id) && graph_[id].index < behind_[graph_[id].thread];
  }
  bool GoesRound(ThreadId thread) const { return rounds_[At(thread)].first >= 0; }

  // Where a thread is, by then. False: it goes on and makes no round, or that is not known.
  bool Cut(ThreadId thread, std::uint32_t joins) {
    const std::vector<EventId>& own = graph_.thread(thread);
    const EventId creator = graph_.creator(thread);
    before_[At(thread)] = behind_[At(thread)] = 0;
    if (creator != kNoEvent && graph_[creator].thread >= thread) return false;
    if (thread != 0 && (creator == kNoEvent || !Before(creator))) {
      return !GoesRound(thread) && (creator == kNoEvent || !Inside(creator));
    }
    if (GoesRound(thread)) {
      before_[At(thread)] = rounds_[At(thread)].first;
      behind_[At(thread)] = rounds_[At(thread)].last;
      return true;
    }
    const auto join = std::find_if(own.begin(), own.end(), [this](EventId id) {
      return graph_[id].kind == Kind::kJoin && GoesRound(graph_[id].peer);
    });
    before_[At(thread)] = behind_[At(thread)] = static_cast<int>(join - own.begin());
    if (join != own.end() || (joins >> thread & 1) != 0) return true;
    return !own.empty() && graph_[own.back()].kind == Kind::kFinish;
  }

  bool Closed() const {
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      const auto id = static_cast<EventId>(i);
      const Event& event = graph_[id];
      const bool inside = Inside(id);
      if (!inside && !Before(id)) continue;
      switch (event.kind) {
        case Kind::kRead:
          if (!Before(event.reads_from) && !(inside && Inside(event.reads_from))) return false;
          break;
        case Kind::kJoin:
          if (inside || !Before(graph_.thread(event.peer).back())) return false;
          break;
        case Kind::kCreate:
        case Kind::kFinish:
        case Kind::kChoose:
          // Another choice would be as fair.
          if (inside) return false;
          break;
        case Kind::kWrite:
        case Kind::kFence:
        case Kind::kPark:
          break;
      }
    }
    return true;
  }

  // Also finds the newest write to each location before the rounds.
  bool BackInMemory() {
    newest_.assign(graph_.locations(), kInit);
    for (std::size_t i = 0; i < graph_.locations(); ++i) {
      const auto location = static_cast<LocationId>(i);
      EventId last = kInit;
      bool written = false;
      for (const EventId write : graph_.location(location).writes) {
        if (Inside(write)) {
          written = true;
          last = write;
        } else if (Before(write)) {
          if (written) return false;
          newest_[i] = last = write;
        }
      }
      if (graph_.ValueOf(last, location) != graph_.ValueOf(newest_[i], location)) return false;
    }
    return true;
  }

  bool ReadsNothingOlder() const {
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      const Event& event = graph_.events()[i];
      if (event.kind != Kind::kRead || !Inside(static_cast<EventId>(i))) continue;
      if (!Inside(event.reads_from) && event.reads_from != newest_[event.location]) return false;
    }
    return true;
  }

  const Graph& graph_;
  const Rounds& rounds_;
  std::array<int, kMaxThreads> before_{};
  std::array<int, kMaxThreads> behind_{};
  std::vector<EventId> newest_;
};

}  // namespace

bool RepeatForEver(const Graph& graph, const Rounds& rounds, std::uint32_t joins) {
  return Copies(graph, rounds).Follow(joins);
}

}  // namespace heddle::explorer
