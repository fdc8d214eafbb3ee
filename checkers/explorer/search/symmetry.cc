// SPDX-License-Identifier: Apache-2.0
//
// Symmetry: of executions that differ only in which of several interchangeable threads did what,
// one is explored (after Kokologiannakis, Marmanis, Vafeiadis, "SPORE: Combining Symmetry and
// Partial Order Reduction", PLDI 2024).
//
// Interchangeable threads form a chain in the order of their creation; each but the first has a
// twin, the one before it. A thread and its twin are the same up to some place; the first event of
// a thread that is not the same as its twin's is not to come before it: a read must not read an
// older write, a write must not come earlier in coherence order. Every execution becomes one of
// these if its threads are sorted.
//
// So that this can be told of a graph whose events may still change, an event has its counterpart
// in its prefix: whatever keeps it keeps that too. The counterpart is there first, since the lower
// thread runs first. Executions in which an event comes before its counterpart all the same, by
// program order and reads-from, are not in order anyway, as long as these agree with coherence
// order. In RC11 they need not. When such a write is met, symmetry is given up.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {
namespace {

// At one place of two threads that have been the same before it.
bool DoSameThing(const Event& a, const Event& b) {
  return a.kind == b.kind && a.location == b.location && a.size == b.size && a.update == b.update;
}

bool AreSame(const Event& a, const Event& b) {
  if (!DoSameThing(a, b)) return false;
  switch (a.kind) {
    case Kind::kRead:
      return a.reads_from == b.reads_from && a.fails == b.fails;
    case Kind::kChoose:
      return a.value == b.value;
    case Kind::kJoin:
      return a.peer == b.peer;
    case Kind::kFence:
      return true;
    case Kind::kWrite:
    case Kind::kCreate:
    case Kind::kFinish:
    case Kind::kPark:
      return false;
  }
  return false;
}

bool ComesBefore(const Graph& graph, const Event& a, const Event& b) {
  switch (a.kind) {
    case Kind::kRead:
      if (a.reads_from == b.reads_from) return a.fails && !b.fails;
      return graph.Co(a.reads_from) < graph.Co(b.reads_from);
    case Kind::kWrite:
      return a.co < b.co;
    case Kind::kChoose:
      return a.value > b.value;  // the first choice is the maximal one
    default:
      return false;
  }
}

// Waiting leaves events of no meaning.
std::size_t SkipParks(const Graph& graph, const std::vector<EventId>& own, std::size_t at) {
  while (at < own.size() && graph[own[at]].kind == Kind::kPark) ++at;
  return at;
}

ThreadId TwinOf(const Graph& graph, ThreadId thread) {
  const EventId creator = graph.creator(thread);
  return creator == kNoEvent ? kNoThread : static_cast<ThreadId>(graph[creator].value) - 1;
}

// The twin's event that stands where the thread's next event after its first `count` ones does.
EventId CounterpartOf(const Graph& graph, ThreadId thread, std::size_t count) {
  const ThreadId twin = TwinOf(graph, thread);
  if (twin == kNoThread) return kNoEvent;
  const std::vector<EventId>& own = graph.thread(thread);
  const std::vector<EventId>& others = graph.thread(twin);
  std::size_t other = 0;
  for (std::size_t i = 0; i < count; ++i, ++other) {
    i = SkipParks(graph, own, i);
    if (i >= count) break;
    other = SkipParks(graph, others, other);
    if (other == others.size() || !AreSame(graph[own[i]], graph[others[other]])) return kNoEvent;
  }
  other = SkipParks(graph, others, other);
  return other < others.size() ? others[other] : kNoEvent;
}

}  // namespace

ThreadId Search::Impl::TwinFor(ThreadId creator, ThreadId like) const {
  if (!Symmetric() || like == kNoThread || At(creator).position == 0) return kNoThread;
  const std::vector<EventId>& own = graph().thread(creator);
  const Event& before = graph()[own[At(creator).position - 1]];
  return before.kind == Kind::kCreate && before.peer == like ? like : kNoThread;
}

View Search::Impl::CounterpartPrefix(const Graph& graph, ThreadId thread, std::size_t count) const {
  EventId id = Symmetric() ? CounterpartOf(graph, thread, count) : kNoEvent;
  if (id == kNoEvent) return {};
  const Event& event = graph[id];
  const std::vector<EventId>& own = graph.thread(event.thread);
  // All of a read-modify-write.
  if (event.kind == Kind::kRead && event.update && event.index + 1U < own.size()) {
    const EventId next = own[event.index + 1U];
    if (graph[next].kind == Kind::kWrite && graph[next].update) id = next;
  }
  return graph[id].porf;
}

void Search::Impl::AddCounterpart(Graph& graph, EventId id) const {
  if (!Symmetric()) return;
  graph[id].porf.Join(CounterpartPrefix(graph, graph[id].thread, graph[id].index));
}

// The thread comes to where its twin waits: it has to wait for what that reads.
bool Search::Impl::FollowsTwin(ThreadId thread, LocationId location) {
  const ThreadId twin = Symmetric() ? TwinOf(graph(), thread) : kNoThread;
  if (twin == kNoThread || At(twin).state != Standing::kParks || At(twin).location != location) {
    return false;
  }
  const std::vector<EventId>& own = graph().thread(thread);
  const std::vector<EventId>& others = graph().thread(twin);
  std::size_t i = SkipParks(graph(), own, 0);
  std::size_t other = SkipParks(graph(), others, 0);
  while (i < own.size() && other < others.size()) {
    if (!AreSame(graph()[own[i]], graph()[others[other]])) return false;
    i = SkipParks(graph(), own, i + 1);
    other = SkipParks(graph(), others, other + 1);
  }
  if (i < own.size() || other < others.size()) return false;
  At(thread).waits_in_vain = At(twin).waits_in_vain;
  At(thread).first_of_turn = At(twin).first_of_turn;
  return true;
}

bool Search::Impl::InOrder(const Graph& graph, EventId id) const {
  if (!Symmetric()) return true;
  const Event& event = graph[id];
  const EventId counterpart = CounterpartOf(graph, event.thread, event.index);
  return counterpart == kNoEvent || !graph.Contains(event.porf, counterpart) ||
         !DoSameThing(event, graph[counterpart]) || !ComesBefore(graph, event, graph[counterpart]);
}

bool Search::Impl::InOrder(const Graph& graph) const {
  if (!Symmetric()) return true;
  for (ThreadId thread = 1; thread < graph.threads(); ++thread) {
    for (const EventId id : graph.thread(thread)) {
      if (graph[id].kind == Kind::kPark) continue;
      const EventId counterpart = CounterpartOf(graph, thread, graph[id].index);
      if (counterpart == kNoEvent || !DoSameThing(graph[id], graph[counterpart])) break;
      if (ComesBefore(graph, graph[id], graph[counterpart])) return false;
    }
  }
  return true;
}

bool Search::Impl::GiveSymmetryUp() {
  if (is_piece_) {
    Fail("the program can tell interchangeable threads apart: explore it with symmetry=off");
    return false;
  }
  options_.symmetry = false;
  Reset();
  return true;
}

// A write that is new where it stands in coherence order.
void Search::Impl::CheckOrderOf(const Graph& graph, EventId write) {
  if (!Symmetric() || options_.model == Model::kSc) return;
  const std::vector<EventId>& writes = graph.location(graph[write].location).writes;
  if (graph[write].co == writes.size()) return;
  // What comes before it by program order and reads-from alone.
  View seen;
  std::vector<EventId> open = {write};
  const auto open_up_to = [&](EventId id) {
    const Event& event = graph[id];
    std::uint16_t& count = seen.count[event.thread];
    for (; count <= event.index; ++count) open.push_back(graph.thread(event.thread)[count]);
  };
  while (!open.empty()) {
    const Event& event = graph[open.back()];
    open.pop_back();
    if (event.index > 0) open_up_to(graph.thread(event.thread)[event.index - std::size_t{1}]);
    if (event.index == 0 && graph.creator(event.thread) != kNoEvent) {
      open_up_to(graph.creator(event.thread));
    }
    if (event.kind == Kind::kRead && event.reads_from != kInit) open_up_to(event.reads_from);
    if (event.kind == Kind::kJoin) open_up_to(graph.thread(event.peer).back());
  }
  twins_differ_ = std::any_of(writes.begin() + graph[write].co, writes.end(),
                              [&](EventId later) { return graph.Contains(seen, later); });
}

// A thread that has joined some of several interchangeable threads does something else: it can tell
// them apart.
void Search::Impl::CheckJoins(ThreadId thread) {
  if (!Symmetric()) return;
  View joined;
  bool any = false;
  for (const EventId id : graph().thread(thread)) {
    if (graph()[id].kind != Kind::kJoin) continue;
    joined.count[graph()[id].peer] = 1;
    any = true;
  }
  if (!any) return;
  for (ThreadId other = 1; other < graph().threads(); ++other) {
    const ThreadId twin = TwinOf(graph(), other);
    if (twin == kNoThread) continue;
    if (joined.count[static_cast<std::size_t>(other)] !=
        joined.count[static_cast<std::size_t>(twin)]) {
      twins_differ_ = true;
    }
  }
}

}  // namespace heddle::explorer
