// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/consistency.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

void Search::Impl::SetReadsFrom(Graph& graph, EventId read, EventId write) {
  Event& event = graph[read];
  if (event.update) {
    const KnownUpdate& known = updates_[event.update_id];
    const bool succeeds = !event.fails && known.Succeeds(graph.ValueOf(write, event.location));
    event.order = succeeds ? known.success : known.update.failure;
  }
  graph.SetReadsFrom(read, write);
  AddCounterpart(graph, read);
}

bool Search::Impl::WritesNow(const Graph& graph, EventId read) const {
  const Event& event = graph[read];
  return event.update && !event.fails && updates_[event.update_id].Succeeds(event.value);
}

bool Search::Impl::MayFail(std::uint16_t update_id, Value value) const {
  if (Random()) return false;
  const KnownUpdate& known = updates_[update_id];
  return known.update.weak && known.Succeeds(value);
}

View Search::Impl::ReleaseOf(const Graph& graph, EventId write) const {
  const Event& event = graph[write];
  View release;
  if (event.order == Order::kPlain) return release;
  const std::vector<EventId>& own = graph.thread(event.thread);
  // [rel] | [F_rel];po, of a write at place `index`.
  const auto headed = [&](const Event& head) {
    if (IsRelease(head.order)) {
      release.Join(head.hb);
    } else if (any_fence_) {
      for (std::size_t i = head.index; i-- > 0;) {
        const Event& earlier = graph[own[i]];
        if (earlier.kind != Kind::kFence || !IsRelease(earlier.order)) continue;
        release.Join(earlier.hb);
        break;
      }
    }
  };
  headed(event);
  if (options_.release_sequence_cxx11) {
    for (std::size_t i = 0; i < event.index; ++i) {
      const Event& earlier = graph[own[i]];
      if (earlier.kind == Kind::kWrite && earlier.location == event.location) headed(earlier);
    }
  }
  if (event.update) {
    const EventId source = graph[own[event.index - std::size_t{1}]].reads_from;
    if (source != kInit) release.Join(graph[source].release);
  }
  return release;
}

void Search::Impl::SettleEvent(Graph& graph, EventId id) {
  graph.StartViews(id);
  Event& event = graph[id];
  switch (event.kind) {
    case Kind::kRead:
      SetReadsFrom(graph, id, event.reads_from);
      break;
    case Kind::kWrite:
      event.release = ReleaseOf(graph, id);
      AddCounterpart(graph, id);
      break;
    case Kind::kJoin: {
      const Event& finish = graph[graph.thread(event.peer).back()];
      event.hb.Join(finish.hb);
      event.porf.Join(finish.porf);
      break;
    }
    case Kind::kFence:
      any_fence_ = true;
      if (!IsAcquire(event.order)) break;
      for (const EventId own : graph.thread(event.thread)) {
        const Event& read = graph[own];
        if (read.index >= event.index) break;
        if (read.kind != Kind::kRead || read.reads_from == kInit) continue;
        event.hb.Join(graph[read.reads_from].release);
      }
      break;
    case Kind::kCreate:
    case Kind::kFinish:
    case Kind::kChoose:
    case Kind::kPark:
      break;
  }
}

bool Search::Impl::AddUpdateWrite(Execution& execution, EventId read) {
  Graph& graph = execution.graph;
  Event& event = graph.Open(graph[read].thread, Kind::kWrite);
  const Event& of_read = graph[read];
  const EventId source = of_read.reads_from;
  const LocationId location = of_read.location;
  event.order = of_read.order;
  event.location = location;
  event.size = of_read.size;
  event.site = of_read.site;
  event.internal = of_read.internal;
  event.update = true;
  event.value = Updated(updates_[of_read.update_id].update, of_read.value, of_read.size);
  ++counts_.events;
  const EventId id = graph.Close();
  std::size_t conflict = graph.size();
  const std::size_t co = graph.Co(source);
  const std::vector<EventId>& writes = graph.location(location).writes;
  if (co + 1 < writes.size()) {
    const Event& next = graph[writes[co]];
    // Two read-modify-writes cannot read the same write.
    if (next.update) conflict = writes[co];
    graph.Place(id, source);
    CheckOrderOf(graph, id);
  }
  SettleEvent(graph, id);
  const bool conflicts = conflict != graph.size();
  if (!conflicts && co + 1 < writes.size() && !ScConsistent(graph, id)) return false;
  Revisits(execution, id, conflict);
  if (conflicts) return false;
  Wake(location);
  return true;
}

EventId Search::Impl::Behind(const Graph& graph, const Event& read) {
  if (!read.is_await || read.index == 0) return kNoEvent;
  const Event& before = graph[graph.thread(read.thread)[read.index - std::size_t{1}]];
  return before.kind == Kind::kPark ? before.reads_from : kNoEvent;
}

bool Search::Impl::Follows(const Graph& graph, EventId write, EventId behind) {
  const View& prefix = graph[write].porf;
  if (write <= behind || !graph.Contains(prefix, behind)) return false;
  const std::vector<EventId>& writes = graph.location(graph[write].location).writes;
  bool is_next = true;
  for (std::size_t co = graph[behind].co; co < writes.size(); ++co) {
    const EventId between = writes[co];
    if (between == write || !graph.Contains(prefix, between)) continue;
    is_next = false;
    // By way of one that was the newest when it came.
    const View& earlier = graph[between].porf;
    const bool newest =
        std::none_of(writes.begin() + static_cast<std::ptrdiff_t>(co) + 1, writes.end(),
                     [&](EventId newer) { return graph.Contains(earlier, newer); });
    if (newest && Follows(graph, between, behind) && Follows(graph, write, between)) return true;
  }
  return is_next;
}

// What a write that was just added lets earlier reads of its location read instead. With a
// conflict: only revisits that undo the read-modify-write whose write `conflict` is.
void Search::Impl::Revisits(Execution& execution, EventId write, std::size_t conflict) {
  if (Random()) return;
  const Graph& graph = execution.graph;
  const Event& of_write = graph[write];
  const std::vector<EventId>& accesses = graph.location(of_write.location).accesses;
  for (std::size_t i = accesses.size(); i-- > 0;) {
    const EventId read = accesses[i];
    const Event& event = graph[read];
    if (event.kind != Kind::kRead || read > conflict || !event.revisitable || !event.maximal ||
        Graph::Contains(of_write.porf, event)) {
      continue;
    }
    const EventId behind = Behind(graph, event);
    if (behind != kNoEvent && !Follows(graph, write, behind)) continue;
    const Event* before = graph.Before(event.thread, event.index);
    const View clock = before == nullptr ? View() : before->hb;
    if (graph.LowerBound(of_write.location, clock) > of_write.co) continue;
    if (!IsMaximal(graph, read, write)) break;
    execution.items.push_back({Item::Kind::kRevisit, read, write});
  }
}

// The events that a revisit deletes are what always taking the maximal choice would add again: so
// this is the one graph from which the revisit is made (TruSt's maximal extensions).
bool Search::Impl::IsMaximal(const Graph& graph, EventId read, EventId write) const {
  const View& prefix = graph[write].porf;
  const auto kept = [&](EventId id) { return id <= read || graph.Contains(prefix, id); };
  const Event& of_write = graph[write];
  const std::vector<EventId>& siblings = graph.location(of_write.location).writes;
  if (!of_write.update && of_write.co < siblings.size() && !kept(siblings[of_write.co])) {
    return false;
  }
  for (std::size_t i = read; i < graph.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    if (id == write || (id != read && kept(id))) continue;
    const Event& event = graph[id];
    if (!event.maximal) return false;
    if (event.kind == Kind::kPark && event.reads_from != kNoEvent && !kept(event.reads_from)) {
      return false;
    }
    if (event.kind != Kind::kRead && event.kind != Kind::kWrite) continue;
    const bool is_read = event.kind == Kind::kRead;
    const std::vector<EventId>& writes = graph.location(event.location).writes;
    for (std::size_t co = is_read ? graph.Co(event.reads_from) : event.co; co < writes.size();
         ++co) {
      if (writes[co] != write && kept(writes[co])) return false;
    }
    if (is_read && event.reads_from != kInit && event.reads_from > id && !kept(event.reads_from)) {
      return false;
    }
  }
  return true;
}

bool Search::Impl::ApplyRevisit(const Execution& from, EventId read, EventId write) {
  const View prefix = from.graph[write].porf;
  std::unique_ptr<Execution> execution = NewExecution();
  Graph& graph = execution->graph;
  from.graph.Restrict(read + std::size_t{1}, prefix, graph, renumbered_);
  const EventId new_write = renumbered_[write];
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    if (graph.Contains(prefix, id)) graph[id].revisitable = false;
  }
  graph[read].fails = false;
  SetReadsFrom(graph, read, new_write);
  graph[read].maximal = graph.Newest(graph[read].location) == new_write;
  stack_.push_back(std::move(execution));
  if (!ScConsistent(graph, read) || !InOrder(graph, read)) return false;
  if (graph[read].is_await) {
    tentative_ = read;
    return true;
  }
  if (MayFail(graph[read], graph[read].value)) {
    stack_.back()->items.push_back(
        {Item::Kind::kFailNow, read, static_cast<EventId>(graph.size())});
  }
  return !WritesNow(graph, read) || AddUpdateWrite(*stack_.back(), read);
}

bool Search::Impl::Apply(const Item& item) {
  Execution& execution = *stack_.back();
  Graph& graph = execution.graph;
  switch (item.kind) {
    case Item::Kind::kFail:
    case Item::Kind::kReadFrom: {
      Event event = graph[item.event];
      graph.Cut(item.event);
      event.kind = Kind::kRead;
      event.maximal = false;
      event.fails = item.kind == Item::Kind::kFail;
      graph.Add(event);
      SetReadsFrom(graph, item.event, item.write);
      if (!ScConsistent(graph, item.event) || !InOrder(graph, item.event)) return false;
      return !WritesNow(graph, item.event) || AddUpdateWrite(execution, item.event);
    }
    case Item::Kind::kFailNow:
      graph.Cut(item.write);
      graph[item.event].fails = true;
      graph[item.event].maximal = false;
      SetReadsFrom(graph, item.event, graph[item.event].reads_from);
      return ScConsistent(graph, item.event) && InOrder(graph, item.event);
    case Item::Kind::kPlace:
      graph.Cut(item.event + std::size_t{1});
      graph.Place(item.event, item.write);
      graph[item.event].maximal = false;
      if (!ScConsistent(graph, item.event) || !InOrder(graph, item.event)) return false;
      CheckOrderOf(graph, item.event);
      Revisits(execution, item.event, graph.size());
      return true;
    case Item::Kind::kRevisit:
      graph.Cut(item.write + std::size_t{1});
      return ApplyRevisit(execution, item.event, item.write);
    case Item::Kind::kChoose:
      graph.Cut(item.event + std::size_t{1});
      graph[item.event].value = item.write;
      graph[item.event].maximal = false;
      return InOrder(graph, item.event);
  }
  return false;
}

}  // namespace heddle::explorer
