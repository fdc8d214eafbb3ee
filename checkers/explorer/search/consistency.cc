// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/consistency.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
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
  Psc(const Graph& graph, ScScratch& scratch)
      : graph_(graph),
        nodes_(scratch.nodes),
        visits_(scratch.visits),
        locations_(scratch.locations),
        bounds_(scratch.bounds) {
    nodes_.clear();
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const Event& event = graph.events()[i];
      if (event.order != Order::kSeqCst || event.kind == Kind::kPark) continue;
      nodes_.push_back(static_cast<EventId>(i));
      if (event.kind == Kind::kFence) std::swap(nodes_[fences_++], nodes_.back());
    }
  }

  // Nothing comes behind the touched event in program order or happens-before: its ways out are to
  // what accesses newer writes. So an edge out of what it makes begins at the event itself and ends
  // at one of those writes, or at a fence that one of them happens before; or it begins at a fence
  // that happens before it, and may also end at a fence that a reader of such a write happens
  // before. A cycle leads from such an end to such a beginning.
  bool AcyclicAround(EventId touched) {
    if (nodes_.size() < 2) return true;
    visits_.assign(nodes_.size(), Visit::kNew);
    bool begins = false;
    for (std::size_t i = 0; i < fences_; ++i) {
      if (!graph_.HappensBefore(nodes_[i], touched)) continue;
      visits_[i] = Visit::kGoal;
      begins = true;
    }
    if (begins && LeadsToGoal(touched, true)) return false;
    if (At(touched).order != Order::kSeqCst) return true;
    visits_.assign(nodes_.size(), Visit::kNew);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i] == touched) visits_[i] = Visit::kGoal;
    }
    return !LeadsToGoal(touched, false);
  }

 private:
  using Visit = ScScratch::Visit;
  using Bounds = ScScratch::Bounds;
  static constexpr int kBehindAll = 0x10000;
  static constexpr int kBeforeAll = -1;

  // From where a new edge ends; with `by_readers` also by way of readers of newer writes.
  bool LeadsToGoal(EventId touched, bool by_readers) {
    const LocationId location = At(touched).location;
    const std::size_t place = CoOf(At(touched));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (visits_[i] == Visit::kDone) continue;
      const Event& node = At(nodes_[i]);
      const bool ends =
          node.kind == Kind::kFence
              ? ComesBefore(location, place, node, by_readers)
              : node.kind == Kind::kWrite && node.location == location && node.co > place;
      if (!ends) continue;
      if (visits_[i] == Visit::kGoal) return true;
      if (fences_ != 0 && !has_bounds_) FindBounds();
      if (ReachesGoal(i)) return true;
    }
    return false;
  }

  // Of writes behind `place`, and with `readers` those too that read them: whether one happens
  // before the fence.
  bool ComesBefore(LocationId location, std::size_t place, const Event& fence, bool readers) const {
    const auto comes_before = [&](EventId id) { return Graph::Contains(fence.hb, At(id)); };
    const Graph::Location& at = graph_.location(location);
    const auto newer = at.writes.begin() + static_cast<std::ptrdiff_t>(place);
    return readers
               ? std::any_of(at.accesses.begin(), at.accesses.end(),
                             [&](EventId id) { return CoOf(At(id)) > place && comes_before(id); })
               : std::any_of(newer, at.writes.end(), comes_before);
  }

  bool ReachesGoal(std::size_t from) {
    visits_[from] = Visit::kDone;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (visits_[i] == Visit::kDone || !Edge(from, i)) continue;
      if (visits_[i] == Visit::kGoal || ReachesGoal(i)) return true;
    }
    return false;
  }

  // Each access is looked at once: they are many, and far apart.
  void FindBounds() {
    has_bounds_ = true;
    locations_.clear();
    for (std::size_t i = 0; i < graph_.locations(); ++i) {
      const auto location = static_cast<LocationId>(i);
      if (!graph_.location(location).accesses.empty()) locations_.push_back(location);
    }
    const std::size_t count = locations_.size();
    bounds_.assign(fences_ * count, {kBehindAll, kBehindAll, kBeforeAll, kBeforeAll});
    for (std::size_t k = 0; k < count; ++k) {
      for (const EventId id : graph_.location(locations_[k]).accesses) {
        const Event& access = At(id);
        const bool write = access.kind == Kind::kWrite;
        const int place = static_cast<int>(CoOf(access));
        for (std::size_t i = 0; i < fences_; ++i) {
          const Event& fence = At(nodes_[i]);
          Bounds& bounds = bounds_[i * count + k];
          if (Graph::Contains(access.hb, fence)) {
            int& first = write ? bounds.first_written : bounds.first_read;
            first = std::min(first, place);
          } else if (Graph::Contains(fence.hb, access)) {
            int& last = write ? bounds.last_written : bounds.last_read;
            last = std::max(last, place);
          }
        }
      }
    }
  }

  // Null: the location has no accesses.
  const Bounds* BoundsOf(std::size_t fence, LocationId location) const {
    for (std::size_t k = 0; k < locations_.size(); ++k) {
      if (locations_[k] == location) return &bounds_[fence * locations_.size() + k];
    }
    return nullptr;
  }

  const Event& At(EventId id) const { return graph_[id]; }
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

  bool Edge(std::size_t from, std::size_t to) const {
    if (from == to) return false;
    const EventId first = nodes_[from];
    const EventId second = nodes_[to];
    if (from < fences_) {
      return to < fences_ ? FenceToFence(from, to) : FenceToAccess(from, second);
    }
    return to < fences_ ? AccessToFence(first, to) : Scb(first, second);
  }

  // Not only accesses: thread creation and the like are sequentially consistent in nobody's eyes.
  bool FenceToAccess(std::size_t from, EventId second) const {
    const EventId fence = nodes_[from];
    if (ThroughOthers(fence, second)) return true;
    EventId before = Preceding(second, false);
    if (before == kNoEvent) before = graph_.creator(At(second).thread);
    if (before != kNoEvent && HbOrSame(fence, before)) return true;
    const Bounds* const bounds = BoundsOf(from, At(second).location);
    if (bounds == nullptr) return false;
    if (At(second).kind == Kind::kWrite &&
        std::min(bounds->first_written, bounds->first_read) < At(second).co) {
      return true;
    }
    if (!graph_.HappensBefore(fence, second)) return false;
    const std::vector<EventId>& accesses = graph_.location(At(second).location).accesses;
    return std::any_of(accesses.begin(), accesses.end(), [&](EventId x) {
      return graph_.HappensBefore(fence, x) && graph_.HappensBefore(x, second);
    });
  }

  bool AccessToFence(EventId first, std::size_t to) const {
    const EventId fence = nodes_[to];
    if (ThroughOthers(first, fence)) return true;
    const EventId after = Following(first, false);
    if (after != kNoEvent && HbOrSame(after, fence)) return true;
    const Bounds* const bounds = BoundsOf(to, At(first).location);
    if (bounds == nullptr) return false;
    if (bounds->last_written > static_cast<int>(CoOf(At(first)))) return true;
    if (!graph_.HappensBefore(first, fence)) return false;
    const std::vector<EventId>& accesses = graph_.location(At(first).location).accesses;
    return std::any_of(accesses.begin(), accesses.end(), [&](EventId y) {
      return graph_.HappensBefore(first, y) && graph_.HappensBefore(y, fence);
    });
  }

  // hb | hb ; eco ; hb, where eco of two accesses x and y to one location is that x comes before y
  // in coherence order, or that x is the write that y reads from.
  bool FenceToFence(std::size_t from, std::size_t to) const {
    if (graph_.HappensBefore(nodes_[from], nodes_[to])) return true;
    const std::size_t count = locations_.size();
    for (std::size_t k = 0; k < count; ++k) {
      const Bounds& x = bounds_[from * count + k];
      const Bounds& y = bounds_[to * count + k];
      const int last = std::max(y.last_written, y.last_read);
      if (std::min(x.first_written, x.first_read) < last || x.first_written <= y.last_read) {
        return true;
      }
    }
    return false;
  }

  const Graph& graph_;
  std::vector<EventId>& nodes_;
  std::vector<Visit>& visits_;
  std::vector<LocationId>& locations_;
  std::vector<Bounds>& bounds_;
  std::size_t fences_ = 0;  // the first ones of `nodes_`
  bool has_bounds_ = false;
};

}  // namespace

bool ScConsistent(const Graph& graph, EventId touched, ScScratch& scratch) {
  const Event& event = graph[touched];
  const EventId newest = event.kind == Kind::kWrite ? touched : event.reads_from;
  return newest == graph.Newest(event.location) || Psc(graph, scratch).AcyclicAround(touched);
}

}  // namespace heddle::explorer
