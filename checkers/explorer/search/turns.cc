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

// Who has to run so that a thread that waits for a replayed event can go on.
ThreadId Search::Impl::Root(ThreadId thread) {
  for (int i = 0; i < kMaxThreads; ++i) {
    const Thread& it = At(thread);
    if (it.state == State::kRuns) return thread;
    if (it.state == State::kReplays) {
      thread = graph()[it.needs].thread;
    } else if (it.state == State::kUnborn && graph().creator(thread) != kNoEvent) {
      thread = graph()[graph().creator(thread)].thread;
    } else {
      break;
    }
  }
  return kNoThread;
}

ThreadId Search::Impl::Next() {
  if (stopped_) return kNoThread;
  if (Random() && !restored_) return NextAtRandom();
  ThreadId lowest = kNoThread;
  if (tentative_ != kNoEvent) {
    lowest = graph()[tentative_].thread;
  } else if (is_part_) {
    lowest = LowestOfPart();
    if (lowest == kNoThread) return kNoThread;
  } else {
    if (Running() == 0) return kNoThread;
    lowest = static_cast<ThreadId>(std::countr_zero(Running()));
  }
  if (At(lowest).state == State::kRuns) return lowest;
  const ThreadId root = Root(lowest);
  if (root == kNoThread) FailToRepeat(lowest);
  return root;
}

void Search::Impl::FailToRepeat(ThreadId thread) {
  Fail("the program did not repeat: thread " + std::to_string(thread) +
       " waits for an operation that its thread does not do again");
}

ThreadId Search::Impl::LowestOfPart() const {
  ThreadId lowest = kNoThread;
  for (ThreadId thread = 0; thread < kMaxThreads; ++thread) {
    const State state = At(thread).state;
    if (state != State::kRuns && state != State::kReplays) continue;
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
  if (At(thread).state == State::kRuns) Set(thread, State::kBlocked);
  return true;
}

bool Search::Impl::MustYield(ThreadId thread) {
  if (is_part_) {
    Set(thread, State::kBlocked);
    return true;
  }
  if (Random() && !restored_) return Switches(thread);
  if (tentative_ != kNoEvent) return true;
  return (Running() & ((1U << thread) - 1)) != 0;
}

void Search::Impl::Advance(ThreadId thread) {
  const EventId id = graph().thread(thread)[At(thread).position];
  Advance(thread, id);
}

void Search::Impl::Advance(ThreadId thread, EventId id) {
  ++At(thread).position;
  ForEachIn(State::kReplays, [&](ThreadId other) {
    if (At(other).needs == id) Set(other, State::kRuns);
  });
}

Answer Search::Impl::WaitFor(ThreadId thread, EventId event) {
  Set(thread, State::kReplays);
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
  ForEachIn(State::kParks, [&](ThreadId thread) {
    if (At(thread).location == location) Set(thread, State::kRuns);
  });
}

}  // namespace heddle::explorer
