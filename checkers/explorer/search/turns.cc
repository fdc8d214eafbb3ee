// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

// The event without which the next one of a thread cannot happen again; kNoEvent: there is none.
EventId Search::Impl::NeededBy(ThreadId thread) const {
  const std::vector<EventId>& own = graph().thread(thread);
  std::size_t at = At(thread).position;
  while (at < own.size() && graph()[own[at]].kind == Kind::kPark) ++at;
  if (at == own.size()) return kNoEvent;
  const Event& next = graph()[own[at]];
  EventId needed = kNoEvent;
  if (next.kind == Kind::kRead && next.reads_from != kInit) needed = next.reads_from;
  if (next.kind == Kind::kJoin) needed = graph().thread(next.peer).back();
  return needed == kNoEvent || HasReplayed(needed) ? kNoEvent : needed;
}

// Who has to run so that the thread can go on.
ThreadId Search::Impl::Root(ThreadId thread) {
  for (int i = 0; i < kMaxThreads; ++i) {
    const Thread& it = At(thread);
    EventId needed = kNoEvent;
    if (it.state == Standing::kRuns) {
      needed = NeededBy(thread);
      if (needed == kNoEvent) return thread;
    } else if (it.state == Standing::kReplays) {
      needed = it.needs;
    } else if (it.state == Standing::kUnborn) {
      needed = graph().creator(thread);
    }
    if (needed == kNoEvent) break;
    const ThreadId waiting = thread;
    thread = graph()[needed].thread;
    waiting_for_[static_cast<std::size_t>(thread)] = waiting;
  }
  return kNoThread;
}

// While there are events to be repeated nothing new happens, so that what happens next hangs on the
// graph alone. They are repeated in an order that switches threads rarely: who creates and joins
// others is one of the lowest, and joins all at once when it comes last.
ThreadId Search::Impl::Next() {
  if (stopped_) return kNoThread;
  if (Random() && !restored_) return Guided() ? NextGuided() : NextAtRandom();
  ThreadId wanted = kNoThread;
  if (tentative_ != kNoEvent) {
    wanted = graph()[tentative_].thread;
  } else if (is_part_) {
    wanted = LowestOfPart();
  } else if (replaying_ != 0) {
    wanted = restored_ ? std::countr_zero(replaying_) : NextToReplay();
  } else {
    if (Running() == 0) WakeJoining();
    if (Running() != 0) wanted = static_cast<ThreadId>(std::countr_zero(Running()));
  }
  if (wanted == kNoThread) return kNoThread;
  // A counterexample tells of its steps in this order.
  if (restored_ && At(wanted).state == Standing::kRuns) return wanted;
  const ThreadId root = Root(wanted);
  if (root == kNoThread) FailToRepeat(wanted);
  last_ = root;
  return root;
}

// Who has waited for the thread that was named last, if anybody has.
ThreadId Search::Impl::NextToReplay() const {
  if (last_ != kNoThread) {
    const ThreadId waiting = waiting_for_[static_cast<std::size_t>(last_)];
    if (waiting != kNoThread && (replaying_ >> waiting & 1) != 0) return waiting;
  }
  return std::bit_width(replaying_) - 1;
}

bool Search::Impl::Skip(const std::vector<Event>& events) {
  if (Random() || restored_) return false;
  const std::vector<EventId>& own = graph().thread(0);
  if (own.size() < events.size()) return false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& now = graph()[own[i]];
    const Event& then = events[i];
    const bool same = own[i] != tentative_ && now.kind == then.kind && now.value == then.value &&
                      now.location == then.location && now.update == then.update &&
                      now.fails == then.fails && now.peer == then.peer;
    if (!same) return false;
  }
  for (const Event& event : events) {
    if (event.kind == Kind::kCreate) Set(event.peer, Standing::kRuns);
  }
  At(0).position = events.size();
  if (events.size() == own.size()) replaying_ &= ~1U;
  return true;
}

// Threads are joined when nothing else is left to do: it does not matter when, and each time it is
// a switch of threads.
void Search::Impl::WakeJoining() {
  ForEachIn(Standing::kJoins, [&](ThreadId thread) {
    if (At(At(thread).joined).state == Standing::kFinished) Set(thread, Standing::kRuns);
  });
}

void Search::Impl::FailToRepeat(ThreadId thread) {
  Fail("the program did not repeat: thread " + std::to_string(thread) +
       " waits for an operation that its thread does not do again");
}

ThreadId Search::Impl::LowestOfPart() const {
  ThreadId lowest = kNoThread;
  for (ThreadId thread = 0; thread < kMaxThreads; ++thread) {
    const Standing state = At(thread).state;
    if (state != Standing::kRuns && state != Standing::kReplays) continue;
    if (thread != part_.last) return thread;
    lowest = thread;
  }
  return lowest;
}

bool Search::Impl::AtEndOfPart(ThreadId thread) const {
  return At(thread).position >= graph().thread(thread).size();
}

bool Search::Impl::Holds(ThreadId thread) {
  if (!is_part_ || !AtEndOfPart(thread)) return false;
  if (GoesOn(thread)) return thread == part_.last && LowestOfPart() != thread;
  if (At(thread).state == Standing::kRuns) Set(thread, Standing::kBlocked);
  return true;
}

bool Search::Impl::MustYield(ThreadId thread, Recorded::Kind kind, bool follows) {
  if (is_part_) {
    Set(thread, Standing::kBlocked);
    return true;
  }
  if (Random() && !restored_) {
    return Guided() ? SwitchesGuided(thread, kind, follows) : Switches(thread);
  }
  if (tentative_ != kNoEvent || replaying_ != 0) return true;
  return (Running() & ((1U << thread) - 1)) != 0;
}

void Search::Impl::Advance(ThreadId thread) {
  const EventId id = graph().thread(thread)[At(thread).position];
  Advance(thread, id);
}

void Search::Impl::Advance(ThreadId thread, EventId id) {
  if (++At(thread).position == graph().thread(thread).size()) replaying_ &= ~(1U << thread);
  ForEachIn(Standing::kReplays, [&](ThreadId other) {
    if (At(other).needs == id) Set(other, Standing::kRuns);
  });
}

Answer Search::Impl::WaitFor(ThreadId thread, EventId event) {
  Set(thread, Standing::kReplays);
  At(thread).needs = event;
  return StandBack();
}

Answer Search::Impl::Stop(Ending ending) {
  stopped_ = true;
  stop_ = ending;
  return {Action::kStop, 0, false};
}

Answer Search::Impl::Fail(std::string what) {
  if (failure_.empty()) failure_ = std::move(what);
  return Stop(Ending::kFailed);
}

Answer Search::Impl::Differs(ThreadId thread, Site site, const char* what) {
  const Event& event = Replayed(thread);
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "the program did not repeat: operation %d of thread %d is now %s at 0x%zx, and was "
                "another at 0x%zx",
                Position(thread), thread, what, static_cast<std::size_t>(site),
                static_cast<std::size_t>(event.site));
  return Fail(text.data());
}

std::uint16_t Search::Impl::Intern(const Update& update, Order success) {
  const KnownUpdate wanted{update, success};
  for (std::size_t i = updates_.size(); i-- > 0;) {
    if (Equal(updates_[i], wanted)) return static_cast<std::uint16_t>(i);
  }
  updates_.push_back(wanted);
  return static_cast<std::uint16_t>(updates_.size() - 1);
}

LocationId Search::Impl::Locate(const Access& access) {
  const LocationId id = locations_.Find(access.address, access.size);
  if (id == kNoLocation) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(),
                  "atomic accesses of different sizes overlap at address 0x%zx: not supported",
                  static_cast<std::size_t>(access.address));
    Fail(text.data());
    return id;
  }
  Graph::Location& location = G().Touch(id);
  if (location.accesses.empty()) location.initial = access.initial;
  return id;
}

EventId Search::Impl::Append() {
  ++counts_.events;
  const EventId id = G().Close();
  const Event& event = graph()[id];
  if (event.kind != Kind::kJoin && event.kind != Kind::kFinish) CheckJoins(event.thread);
  ++At(event.thread).position;
  return id;
}

void Search::Impl::Wake(LocationId location) {
  if (Guided()) {
    for (Guide::Thread& guide : guide_.threads) guide.waits = false;
  }
  ForEachIn(Standing::kParks, [&](ThreadId thread) {
    if (At(thread).location == location) Set(thread, Standing::kRuns);
  });
}

}  // namespace heddle::explorer
