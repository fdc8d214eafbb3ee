// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/program_clocks.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"

namespace heddle::explorer {

EventId ProgramClocks::Previous(const Graph& graph, const Event& event) {
  return event.index > 0 ? graph.thread(event.thread)[event.index - std::size_t{1}]
                         : graph.creator(event.thread);
}

EventId ProgramClocks::Source(const Graph& graph, const Event& event) {
  if (event.kind == Kind::kJoin) return graph.thread(event.peer).back();
  return event.kind == Kind::kRead ? event.reads_from : kNoEvent;
}

const View& ProgramClocks::Before(const Graph& graph, ThreadId thread, std::size_t count) {
  static const View kNone;
  const EventId last = count > 0 ? graph.thread(thread)[count - 1] : graph.creator(thread);
  return last == kNoEvent ? kNone : Of(graph, last);
}

const View& ProgramClocks::Of(const Graph& graph, EventId id) {
  if (clocks_.size() < graph.size()) clocks_.resize(graph.size());
  if (Known(id)) return clocks_[id].hb;
  // Neither is what comes before deep for the stack, nor are an event's number and its place in
  // happens-before in step: a read may read from a write that was added later.
  wanted_.assign(1, id);
  while (!wanted_.empty()) {
    const EventId next = wanted_.back();
    const Event& event = graph[next];
    const EventId previous = Previous(graph, event);
    const EventId source = Source(graph, event);
    if (!Known(previous)) {
      wanted_.push_back(previous);
    } else if (!Known(source)) {
      wanted_.push_back(source);
    } else {
      wanted_.pop_back();
      Learn(graph, next);
    }
  }
  return clocks_[id].hb;
}

void ProgramClocks::Learn(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  Clock& clock = clocks_[id];
  clock.known = true;
  if (const EventId previous = Previous(graph, event); previous != kNoEvent) {
    clock.hb = clocks_[previous].hb;
  }
  clock.hb.count[event.thread] = static_cast<std::uint16_t>(event.index + 1);
  const auto acquires = [&](const Event& read) {
    if (!read.internal && read.reads_from != kInit) {
      clock.hb.Join(clocks_[read.reads_from].release);
    }
  };
  switch (event.kind) {
    case Kind::kRead:
      if (IsAcquire(event.order)) acquires(event);
      break;
    case Kind::kWrite:
      if (!event.internal) clock.release = ReleaseOf(graph, id);
      break;
    case Kind::kJoin:
      clock.hb.Join(clocks_[graph.thread(event.peer).back()].hb);
      break;
    case Kind::kFence:
      if (!IsAcquire(event.order)) break;
      for (const EventId own : graph.thread(event.thread)) {
        if (own == id) break;
        if (graph[own].kind == Kind::kRead) acquires(graph[own]);
      }
      break;
    case Kind::kCreate:
    case Kind::kFinish:
    case Kind::kChoose:
    case Kind::kPark:
      break;
  }
}

View ProgramClocks::ReleaseOf(const Graph& graph, EventId write) const {
  const Event& event = graph[write];
  View release;
  if (event.order == Order::kPlain) return release;
  const std::vector<EventId>& own = graph.thread(event.thread);
  // By its order, or by the last fence that comes before it.
  const auto headed = [&](EventId head) {
    for (std::size_t i = graph[head].index + std::size_t{1}; i-- > 0;) {
      const Event& earlier = graph[own[i]];
      if ((own[i] != head && earlier.kind != Kind::kFence) || !IsRelease(earlier.order)) continue;
      release.Join(clocks_[own[i]].hb);
      return;
    }
  };
  headed(write);
  for (std::size_t i = 0; release_sequence_cxx11_ && i < event.index; ++i) {
    const Event& earlier = graph[own[i]];
    if (earlier.kind == Kind::kWrite && earlier.location == event.location) headed(own[i]);
  }
  if (event.update) {
    const EventId source = graph[own[event.index - std::size_t{1}]].reads_from;
    if (source != kInit) release.Join(clocks_[source].release);
  }
  return release;
}

}  // namespace heddle::explorer
