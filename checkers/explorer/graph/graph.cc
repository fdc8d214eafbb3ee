// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/graph/graph.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/events.h"

namespace heddle::explorer {

ThreadId Graph::UnusedThread() const {
  for (ThreadId thread = 1; thread < kMaxThreads; ++thread) {
    if (creator(thread) == kNoEvent) return thread;
  }
  return kNoThread;
}

Graph::Location& Graph::Touch(LocationId id) {
  if (id >= locations_.size()) locations_.resize(id + std::size_t{1});
  return locations_[id];
}

void Graph::StartViews(EventId id) {
  Event& event = events_[id];
  const Event* before = Before(event.thread, event.index);
  const auto events = static_cast<std::uint16_t>(event.index + 1);
  static constexpr View kNone;
  event.hb = (before == nullptr ? kNone : before->hb).With(event.thread, events);
  event.porf = (before == nullptr ? kNone : before->porf).With(event.thread, events);
}

EventId Graph::Add(const Event& event) {
  events_.Append(event);
  std::vector<EventId>& own = by_thread_[event.thread];
  events_.back().index = static_cast<std::uint16_t>(own.size());
  own.push_back(static_cast<EventId>(events_.size() - 1));
  const EventId id = Close();
  StartViews(id);
  return id;
}

Event& Graph::Open(ThreadId thread, Kind kind) {
  std::vector<EventId>& own = by_thread_[At(thread)];
  own.push_back(static_cast<EventId>(events_.size()));
  Event& event = events_.Append();
  event = Event();
  event.kind = kind;
  event.thread = static_cast<std::uint8_t>(thread);
  event.index = static_cast<std::uint16_t>(own.size() - 1);
  return event;
}

Event& Graph::AddOwn(ThreadId thread, Kind kind) {
  std::vector<EventId>& own = by_thread_[At(thread)];
  const EventId previous = own.empty() ? creators_[At(thread)] : own.back();
  const auto index = static_cast<std::uint16_t>(own.size());
  own.push_back(static_cast<EventId>(events_.size()));
  Event& event = events_.Append();
  static constexpr View kNone;
  const View& hb = previous == kNoEvent ? kNone : events_[previous].hb;
  const View& porf = previous == kNoEvent ? kNone : events_[previous].porf;
  const auto count = static_cast<std::uint16_t>(index + 1);
  const View now_hb = hb.With(At(thread), count);
  const View now_porf = porf.With(At(thread), count);
  event = Event();
  event.hb = now_hb;
  event.porf = now_porf;
  event.kind = kind;
  event.thread = static_cast<std::uint8_t>(thread);
  event.index = index;
  return event;
}

EventId Graph::Close() {
  const auto id = static_cast<EventId>(events_.size() - 1);
  Event& event = events_.back();
  if (event.kind == Kind::kCreate) {
    creators_[event.peer] = id;
    threads_ = std::max(threads_, event.peer + 1);
  }
  if (event.kind == Kind::kRead || event.kind == Kind::kWrite) {
    Location& location = locations_[event.location];
    location.accesses.push_back(id);
    if (event.kind == Kind::kWrite) {
      location.writes.push_back(id);
      event.co = static_cast<std::uint16_t>(location.writes.size());
    }
  }
  return id;
}

void Graph::Renumber(Location& location, std::size_t from) {
  for (std::size_t i = from; i < location.writes.size(); ++i) {
    events_[location.writes[i]].co = static_cast<std::uint16_t>(i + 1);
  }
}

void Graph::Place(EventId write, EventId predecessor) {
  Location& location = locations_[events_[write].location];
  std::vector<EventId>& writes = location.writes;
  const std::size_t from = events_[write].co - std::size_t{1};
  writes.erase(writes.begin() + static_cast<std::ptrdiff_t>(from));
  std::size_t to = 0;
  if (predecessor != kInit) {
    to = static_cast<std::size_t>(std::find(writes.begin(), writes.end(), predecessor) -
                                  writes.begin()) +
         1;
  }
  writes.insert(writes.begin() + static_cast<std::ptrdiff_t>(to), write);
  Renumber(location, std::min(from, to));
}

void Graph::SetReadsFrom(EventId read, EventId write) {
  Event& event = events_[read];
  event.reads_from = write;
  event.value = ValueOf(write, event.location);
  StartViews(read);
  if (write == kInit) return;
  event.porf.Join(events_[write].porf);
  if (IsAcquire(event.order)) event.hb.Join(events_[write].release);
}

void Graph::TurnIntoPark(EventId read) {
  StartViews(read);
  Event& event = events_[read];
  event.kind = Kind::kPark;
  std::vector<EventId>& accesses = locations_[event.location].accesses;
  accesses.erase(std::find(accesses.begin(), accesses.end(), read));
}

void Graph::Cut(std::size_t count) {
  while (events_.size() > count) {
    const Event& event = events_.back();
    by_thread_[event.thread].pop_back();
    if (event.kind == Kind::kCreate) {
      creators_[event.peer] = kNoEvent;
      while (threads_ > 1 && creators_[At(threads_ - 1)] == kNoEvent) --threads_;
    }
    if (event.kind == Kind::kRead || event.kind == Kind::kWrite) {
      Location& location = locations_[event.location];
      location.accesses.pop_back();
      if (event.kind == Kind::kWrite) {
        const std::size_t at = event.co - std::size_t{1};
        location.writes.erase(location.writes.begin() + static_cast<std::ptrdiff_t>(at));
        Renumber(location, at);
      }
    }
    events_.RemoveLast();
  }
}

std::size_t Graph::LowerBound(LocationId location, const View& view) const {
  std::size_t bound = 0;
  for (const EventId id : locations_[location].accesses) {
    const Event& access = events_[id];
    if (!Contains(view, access)) continue;
    const std::size_t co = access.kind == Kind::kWrite ? access.co : Co(access.reads_from);
    bound = std::max(bound, co);
  }
  return bound;
}

void Graph::Restrict(std::size_t count, const View& prefix, Graph& result,
                     std::vector<EventId>& renumbered) const {
  result.Clear();
  renumbered.assign(events_.size(), kNoEvent);
  if (result.locations_.size() < locations_.size()) result.locations_.resize(locations_.size());
  // The first events keep their numbers; of the others, those may read from later ones.
  result.events_.Assign(events_, count);
  for (std::size_t i = count; i < events_.size(); ++i) {
    if (!Contains(prefix, events_[i])) continue;
    renumbered[i] = static_cast<EventId>(result.events_.size());
    result.events_.Append(events_[i]);
  }
  for (std::size_t i = 0; i < count; ++i) renumbered[i] = static_cast<EventId>(i);
  for (std::size_t i = 0; i < result.events_.size(); ++i) {
    Event& event = result.events_[i];
    const auto id = static_cast<EventId>(i);
    result.by_thread_[event.thread].push_back(id);
    if (event.kind == Kind::kRead || event.kind == Kind::kWrite) {
      result.locations_[event.location].accesses.push_back(id);
    } else if (event.kind == Kind::kCreate) {
      result.creators_[event.peer] = id;
      result.threads_ = std::max(result.threads_, event.peer + 1);
    }
    if (event.reads_from < kNoEvent) event.reads_from = renumbered[event.reads_from];
  }
  for (std::size_t i = 0; i < locations_.size(); ++i) {
    Location& location = result.locations_[i];
    location.initial = locations_[i].initial;
    for (const EventId write : locations_[i].writes) {
      if (renumbered[write] != kNoEvent) location.writes.push_back(renumbered[write]);
    }
    result.Renumber(location, 0);
  }
}

void Graph::Clear() {
  events_.Clear();
  for (std::vector<EventId>& thread : by_thread_) thread.clear();
  creators_ = NoCreators();
  threads_ = 1;
  for (Location& location : locations_) {
    location.writes.clear();
    location.accesses.clear();
  }
}

}  // namespace heddle::explorer
