// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/consistency.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {
namespace {

// With the edges of psc computed where they are asked for:
//   scb  = po | (po\loc ; hb ; po\loc) | hb&loc | co | rb
//   pscb = ([SC] | [F_sc] ; hb?) ; scb ; ([SC] | hb? ; [F_sc])
//   pscf = [F_sc] ; (hb | hb ; eco ; hb) ; [F_sc]
class Psc {
 public:
  explicit Psc(const Graph& graph) : graph_(graph) {
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const Event& event = graph.events()[i];
      if (event.order != Order::kSeqCst || event.kind == Kind::kPark) continue;
      nodes_.push_back(static_cast<EventId>(i));
      has_fence_ = has_fence_ || event.kind == Kind::kFence;
    }
    states_.assign(nodes_.size(), State::kNew);
  }

  bool AcyclicAround(EventId touched) {
    if (nodes_.size() < 2) return true;
    // Without fences an edge is between two accesses that are both sequentially consistent, and
    // only the touched one's edges are new.
    if (!has_fence_) {
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i] == touched) return !Reaches(i, touched, true);
      }
      return true;
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (states_[i] == State::kNew && FindsCycle(i)) return false;
    }
    return true;
  }

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone };

  bool Reaches(std::size_t from, EventId target, bool first) {
    if (!first) states_[from] = State::kDone;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i == from || !Edge(nodes_[from], nodes_[i])) continue;
      if (nodes_[i] == target) return true;
      if (states_[i] == State::kNew && Reaches(i, target, false)) return true;
    }
    return false;
  }

  bool FindsCycle(std::size_t from) {
    states_[from] = State::kOpen;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (states_[i] == State::kDone || !Edge(nodes_[from], nodes_[i])) continue;
      if (states_[i] == State::kOpen || FindsCycle(i)) return true;
    }
    states_[from] = State::kDone;
    return false;
  }

  const Event& At(EventId id) const { return graph_[id]; }
  bool IsFence(EventId id) const { return At(id).kind == Kind::kFence; }
  static bool IsAccess(const Event& event) {
    return event.kind == Kind::kRead || event.kind == Kind::kWrite;
  }
  bool HbOrSame(EventId first, EventId second) const {
    return graph_.Contains(At(second).hb, first);
  }

  // The thread's next event after `id`, or the one before, that accesses another location or none.
  EventId Following(EventId id, bool other_location) const {
    const Event& event = At(id);
    const std::vector<EventId>& own = graph_.thread(event.thread);
    for (std::size_t i = event.index + std::size_t{1}; i < own.size(); ++i) {
      if (At(own[i]).kind == Kind::kPark) continue;
      if (!other_location || At(own[i]).location != event.location ||
          event.location == kNoLocation) {
        return own[i];
      }
    }
    return kNoEvent;
  }
  EventId Preceding(EventId id, bool other_location) const {
    const Event& event = At(id);
    const std::vector<EventId>& own = graph_.thread(event.thread);
    for (std::size_t i = event.index; i-- > 0;) {
      if (At(own[i]).kind == Kind::kPark) continue;
      if (!other_location || At(own[i]).location != event.location ||
          event.location == kNoLocation) {
        return own[i];
      }
    }
    return kNoEvent;
  }

  std::size_t CoOf(const Event& access) const {
    return access.kind == Kind::kWrite ? access.co : graph_.Co(access.reads_from);
  }

  // co | rb, of two accesses to one location.
  bool CoOrRb(EventId first, EventId second) const {
    return first != second && At(second).kind == Kind::kWrite && CoOf(At(first)) < At(second).co;
  }

  // (rf | co | rb)+, of two accesses to one location.
  bool Eco(EventId first, EventId second) const {
    if (first == second) return false;
    const bool rf_end = At(first).kind == Kind::kWrite && At(second).kind == Kind::kRead;
    return rf_end ? CoOf(At(first)) <= CoOf(At(second)) : CoOf(At(first)) < CoOf(At(second));
  }

  // po | po\loc ; hb ; po\loc
  bool ThroughOthers(EventId first, EventId second) const {
    if (At(first).thread == At(second).thread) return At(first).index < At(second).index;
    const EventId from = Following(first, true);
    if (from == kNoEvent) return false;
    const EventId to = Preceding(second, true);
    if (to != kNoEvent) return graph_.HappensBefore(from, to);
    // The thread's start, which is no event here, is as far as its creation tells.
    const EventId creation = graph_.creator(At(second).thread);
    return creation != kNoEvent && HbOrSame(from, creation);
  }

  bool Scb(EventId first, EventId second) const {
    if (ThroughOthers(first, second)) return true;
    if (At(first).location == kNoLocation || At(first).location != At(second).location)
      return false;
    return graph_.HappensBefore(first, second) || CoOrRb(first, second);
  }

  bool Edge(EventId first, EventId second) const {
    if (first == second) return false;
    if (IsFence(first)) {
      return IsFence(second) ? FenceToFence(first, second) : FenceToAccess(first, second);
    }
    return IsFence(second) ? AccessToFence(first, second) : Scb(first, second);
  }

  // Not only accesses: thread creation and the like are sequentially consistent in nobody's eyes.
  bool FenceToAccess(EventId fence, EventId second) const {
    if (ThroughOthers(fence, second)) return true;
    EventId before = Preceding(second, false);
    if (before == kNoEvent) before = graph_.creator(At(second).thread);
    if (before != kNoEvent && HbOrSame(fence, before)) return true;
    if (At(second).location == kNoLocation) return false;
    const std::vector<EventId>& accesses = graph_.location(At(second).location).accesses;
    return std::any_of(accesses.begin(), accesses.end(), [&](EventId x) {
      return x != second && graph_.HappensBefore(fence, x) &&
             (graph_.HappensBefore(x, second) || CoOrRb(x, second));
    });
  }

  bool AccessToFence(EventId first, EventId fence) const {
    if (ThroughOthers(first, fence)) return true;
    const EventId after = Following(first, false);
    if (after != kNoEvent && HbOrSame(after, fence)) return true;
    if (At(first).location == kNoLocation) return false;
    const std::vector<EventId>& accesses = graph_.location(At(first).location).accesses;
    return std::any_of(accesses.begin(), accesses.end(), [&](EventId y) {
      return y != first && graph_.HappensBefore(y, fence) &&
             (graph_.HappensBefore(first, y) || CoOrRb(first, y));
    });
  }

  bool FenceToFence(EventId first, EventId second) const {
    if (graph_.HappensBefore(first, second)) return true;
    for (std::size_t i = 0; i < graph_.locations(); ++i) {
      const std::vector<EventId>& accesses = graph_.location(static_cast<LocationId>(i)).accesses;
      for (const EventId x : accesses) {
        if (!graph_.HappensBefore(first, x)) continue;
        const bool found = std::any_of(accesses.begin(), accesses.end(), [&](EventId y) {
          return graph_.HappensBefore(y, second) && Eco(x, y);
        });
        if (found) return true;
      }
    }
    return false;
  }

  const Graph& graph_;
  std::vector<EventId> nodes_;
  std::vector<State> states_;
  bool has_fence_ = false;
};

}  // namespace

bool ScConsistent(const Graph& graph, EventId touched) { return Psc(graph).AcyclicAround(touched); }

}  // namespace heddle::explorer
