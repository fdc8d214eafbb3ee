// SPDX-License-Identifier: Apache-2.0
//
// What the turns of loops come to that a thread goes round in: loops.h, of the runtime.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

// The next turn reads the newest writes. Where those are of the same values, it is the same turn.
bool Search::Impl::Repeats(ThreadId thread) const {
  const std::vector<EventId>& own = graph().thread(thread);
  bool reads = At(thread).state == Standing::kParks;  // the newest write would not end that
  for (auto i = static_cast<std::size_t>(At(thread).first_of_turn); i < own.size(); ++i) {
    const Event& event = graph()[own[i]];
    // What a lock protects is another thing once somebody else has had it; and who knows what will
    // be chosen next.
    if (event.kind == Kind::kWrite) {
      const std::vector<EventId>& writes = graph().location(event.location).writes;
      if (!std::all_of(writes.begin() + event.co, writes.end(),
                       [this](EventId later) { return InTurn(later); })) {
        return false;
      }
    }
    if (event.kind == Kind::kChoose && !event.is_await) return false;
    if (event.kind != Kind::kRead) continue;
    reads = true;
    // What the turn itself has written it writes again. Where another turn looks at that it hangs
    // on their pace whether both go on.
    const EventId from = event.reads_from;
    if (from != kInit && graph()[from].thread == thread && InTurn(from) &&
        !OtherTurnLooksAt(thread, event.location)) {
      continue;
    }
    if (event.value != graph().ValueOf(graph().Newest(event.location), event.location)) {
      return false;
    }
  }
  return reads;
}

bool Search::Impl::OtherTurnLooksAt(ThreadId thread, LocationId location) const {
  const std::vector<EventId>& accesses = graph().location(location).accesses;
  return std::any_of(accesses.begin(), accesses.end(), [&](EventId id) {
    return graph()[id].thread != thread && graph()[id].kind == Kind::kRead && InTurn(id);
  });
}

bool Search::Impl::InTurn(EventId id) const {
  const Event& event = graph()[id];
  const Thread& thread = At(event.thread);
  return thread.state == Standing::kBlocked && thread.first_of_turn >= 0 &&
         event.index >= thread.first_of_turn;
}

// What a thread waits for may be there for a while whenever another one goes round. The value that
// is there in the end is known not to be it.
bool Search::Impl::WaitsForTurn(ThreadId thread) const {
  const LocationId location = At(thread).location;
  const std::vector<EventId>& writes = graph().location(location).writes;
  const Value in_the_end = graph().ValueOf(graph().Newest(location), location);
  return std::any_of(writes.begin(), writes.end(), [&](EventId id) {
    return InTurn(id) && graph().ValueOf(id, location) != in_the_end;
  });
}

Effect Search::Impl::EffectOf(ThreadId thread, int first) const {
  const std::vector<EventId>& own = graph().thread(thread);
  const auto begin = static_cast<std::size_t>(first);
  const std::size_t end = std::min(At(thread).position, own.size());
  const auto writes_to = [&](std::size_t i, LocationId location) {
    return graph()[own[i]].kind == Kind::kWrite && graph()[own[i]].location == location;
  };
  bool seen = false;
  for (std::size_t opening = begin; opening < end; ++opening) {
    const LocationId location = graph()[own[opening]].location;
    if (!writes_to(opening, location)) continue;
    std::size_t before = opening;  // the thread's write to the location before this one
    do {
      --before;
    } while (before != static_cast<std::size_t>(-1) && !writes_to(before, location));
    if (before != static_cast<std::size_t>(-1) && before >= begin) continue;  // not the first
    // Only of what the thread knows itself can it know that it is back to that.
    Value found = 0;
    bool next_to = true;
    if (graph()[own[opening]].update && opening > begin) {
      found = graph()[own[opening - 1]].value;
    } else if (before != static_cast<std::size_t>(-1)) {
      found = graph()[own[before]].value;
      next_to = graph()[own[opening]].co == graph()[own[before]].co + 1;
    } else {
      return Effect::kLasting;
    }
    seen = seen || !next_to;
    EventId last = own[opening];
    for (std::size_t i = opening + 1; i < end; ++i) {
      if (!writes_to(i, location)) continue;
      const Event& write = graph()[own[i]];
      if (write.update && graph()[own[i - 1]].reads_from != last) return Effect::kLasting;
      seen = seen || write.co != graph()[last].co + 1;
      last = own[i];
    }
    if (graph()[last].value != found) return Effect::kLasting;
    for (const EventId id : graph().location(location).accesses) {
      const Event& read = graph()[id];
      if (read.kind != Kind::kRead || read.thread == thread) continue;
      const std::uint16_t co = graph().Co(read.reads_from);
      seen = seen || (co >= graph()[own[opening]].co && co < graph()[last].co);
    }
  }
  return seen ? Effect::kSeen : Effect::kNone;
}

namespace {

bool IsIn(const Event& event, const TwoTurns& turns) {
  const TwoTurnsOf& of = turns[event.thread];
  return event.index >= of.first && event.index < of.end;
}

// The places of a location's writes from the first one of the turns to behind the last one.
std::pair<std::size_t, std::size_t> Written(const Graph& graph, const std::vector<EventId>& writes,
                                            const TwoTurns& turns) {
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (!IsIn(graph[writes[i]], turns)) continue;
    if (end == 0) begin = i;
    end = i + 1;
  }
  return {begin, end};
}

}  // namespace

Search::OtherWriter Search::Impl::WriterBetween(const TwoTurns& turns) const {
  OtherWriter writer;
  for (std::size_t i = 0; i < graph().locations(); ++i) {
    const std::vector<EventId>& writes = graph().location(static_cast<LocationId>(i)).writes;
    const auto [begin, end] = Written(graph(), writes, turns);
    for (std::size_t k = begin; k < end; ++k) {
      const Event& write = graph()[writes[k]];
      if (IsIn(write, turns)) continue;
      if (writer.thread == kNoThread) {
        writer = {.thread = write.thread, .first = write.index, .last = write.index};
      }
      if (write.thread != writer.thread) continue;
      writer.first = std::min<int>(writer.first, write.index);
      writer.last = std::max<int>(writer.last, write.index);
    }
  }
  return writer;
}

bool Search::Impl::OrdersLooks(const TwoTurns& turns) const {
  bool fenced = false;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::vector<EventId>& events = graph().thread(static_cast<ThreadId>(i));
    for (int k = turns[i].first; k >= 0 && k < turns[i].end; ++k) {
      fenced = fenced || graph()[events[static_cast<std::size_t>(k)]].kind == Kind::kFence;
    }
  }
  return fenced || options_.model == Model::kSc;
}

bool Search::Impl::AreWatched(const TwoTurns& turns) const {
  for (ThreadId id = 0; id < kMaxThreads; ++id) {
    const Standing state = At(id).state;
    if (state == Standing::kUnborn || turns[static_cast<std::size_t>(id)].first >= 0) continue;
    if (state != Standing::kJoins) return true;
    const std::vector<EventId>& events = graph().thread(id);
    const auto created = std::find_if(events.begin(), events.end(), [this](EventId event) {
      return graph()[event].kind == Kind::kCreate;
    });
    if (std::any_of(created, events.end(),
                    [this](EventId event) { return graph()[event].kind == Kind::kRead; })) {
      return true;
    }
  }
  return false;
}

bool Search::Impl::WritesTwice(const TwoTurns& turns) const {
  std::size_t locks = 0;
  const auto in_second = [&turns](const Event& write) {
    return write.index >= turns[write.thread].second;
  };
  for (std::size_t i = 0; i < graph().locations(); ++i) {
    const std::vector<EventId>& writes = graph().location(static_cast<LocationId>(i)).writes;
    const auto [begin, end] = Written(graph(), writes, turns);
    const std::size_t once = (end - begin) / 2;
    if (once * 2 != end - begin) return false;
    if (once != 0 && ++locks > 1 && OrdersLooks(turns) && AreWatched(turns)) return false;
    for (std::size_t k = begin; k < begin + once; ++k) {
      const Event& write = graph()[writes[k]];
      const Event& copy = graph()[writes[k + once]];
      if (!IsIn(write, turns) || !IsIn(copy, turns) || in_second(write) || !in_second(copy) ||
          write.thread != copy.thread || write.value != copy.value) {
        return false;
      }
    }
  }
  return true;
}

bool Search::Impl::AreAlone(ThreadId thread, int first, int last) const {
  const std::vector<EventId>& own = graph().thread(thread);
  for (int i = first; i < last; ++i) {
    const EventId id = own[static_cast<std::size_t>(i)];
    const Event& write = graph()[id];
    if (write.kind != Kind::kWrite) continue;
    const Event* const before = graph().Before(thread, write.index);
    for (const EventId access : graph().location(write.location).accesses) {
      const Event& other = graph()[access];
      if (other.thread == thread || other.kind == Kind::kPark) continue;
      if (before != nullptr && graph().Contains(before->hb, access)) continue;
      const Event* const earlier = graph().Before(other.thread, other.index);
      if (earlier == nullptr || !graph().Contains(earlier->hb, id)) return false;
    }
  }
  return true;
}

}  // namespace heddle::explorer
