// SPDX-License-Identifier: Apache-2.0
//
// Executions after one that another run of the program was seen to have. There, each operation is
// known by its kind, its thread, what it read and roughly when it began; here, by its kind and its
// thread: so the next recorded one of that kind is taken for it. What was read counts more than the
// time: a thread that would read another value lets the others go on first.
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {
namespace {

// How many recorded operations may have no counterpart: calls that found nothing to do.
constexpr std::size_t kLookahead = 6;
constexpr std::size_t kMostChanges = 4;
// A thread that is put off is so by up to that many operations.
constexpr std::size_t kMostLate = 24;
constexpr std::array<double, 4> kStray = {0, 0, 0.05, 0.2};

bool IsResult(const Recorded& recorded, Value value) {
  return recorded.result == Recorded::Result::kNotZero ? value != 0 : value == recorded.value;
}

}  // namespace

void Search::Impl::BeginGuided() {
  guide_ = Guide();
  for (std::size_t i = 0; i < options_.recorded.size(); ++i) {
    GuideOf(options_.recorded[i].thread).own.push_back(i);
  }
  guide_.exact = counts_.complete + counts_.blocked + counts_.dropped == 0;
  if (guide_.exact || options_.recorded.empty()) return;
  guide_.stray = kStray[Draw(kStray.size())];
  for (Guide::Thread& guide : guide_.threads) guide.early = Draw(2) == 0;
  for (std::size_t i = Draw(kMostChanges) + 1; i > 0; --i) {
    guide_.changes.push_back(Draw(options_.recorded.size()));
  }
}

std::size_t Search::Impl::TimeOf(ThreadId thread) const {
  const Guide::Thread& guide = guide_.threads[static_cast<std::size_t>(thread)];
  if (guide.own.empty() || guide.origin == Origin::kCallGoesOn) return 0;
  if (guide.next == guide.own.size()) return std::numeric_limits<std::size_t>::max();
  return guide.own[guide.next] + guide.late + 1;
}

ThreadId Search::Impl::NextGuided() {
  ThreadId first = kNoThread;
  ThreadId first_waiting = kNoThread;
  ForEachIn(Standing::kRuns, [&](ThreadId thread) {
    ThreadId& best = GuideOf(thread).waits ? first_waiting : first;
    if (best == kNoThread || TimeOf(thread) < TimeOf(best)) best = thread;
  });
  if (first != kNoThread || first_waiting == kNoThread) return first;
  GuideOf(first_waiting).waits = false;
  GuideOf(first_waiting).gives_in = true;
  return first_waiting;
}

std::size_t Search::Impl::FindRecorded(ThreadId thread, Recorded::Kind kind) {
  const Guide::Thread& guide = GuideOf(thread);
  const std::size_t end = std::min(guide.own.size(), guide.next + kLookahead);
  for (std::size_t i = guide.next; i < end; ++i) {
    if (options_.recorded[guide.own[i]].kind == kind) return i;
  }
  return guide.own.size();
}

void Search::Impl::Follow(ThreadId thread, std::size_t number) {
  Guide::Thread& guide = GuideOf(thread);
  guide.gives_in = false;
  guide.origin = Origin::kCallGoesOn;
  if (number >= guide.own.size()) return;
  guide.next = number + 1;
  guide.early = guide.early || guide_.exact;
  const std::size_t recorded = guide.own[number];
  if (options_.recorded[recorded].kind == Recorded::Kind::kCall) guide.call = number + 1;
  if (std::find(guide_.changes.begin(), guide_.changes.end(), recorded) != guide_.changes.end()) {
    guide.late += 1 + Draw(kMostLate);
  }
}

bool Search::Impl::SwitchesGuided(ThreadId thread, Recorded::Kind kind, bool follows) {
  if (kind == Recorded::Kind::kCall && !follows) return false;
  const Origin origin = GuideOf(thread).origin;
  if (origin == Origin::kCallGoesOn) return false;
  const std::size_t number =
      FindRecorded(thread, origin == Origin::kCallBegins ? Recorded::Kind::kCall : kind);
  const bool unknown = number == GuideOf(thread).own.size();
  if (unknown && GuideOf(thread).early) return false;
  if (NextGuided() != thread) return true;
  if (follows) Follow(thread, number);
  return false;
}

bool Search::Impl::FindGuidedWrite(ThreadId thread, LocationId location, bool update, bool awaits) {
  guided_write_ = graph().Newest(location);
  Guide::Thread& guide = GuideOf(thread);
  if (guide.origin == Origin::kCallGoesOn) return true;
  if (guide.origin == Origin::kCallBegins) {
    Follow(thread, FindRecorded(thread, Recorded::Kind::kCall));
    return true;
  }
  const std::size_t number =
      FindRecorded(thread, update ? Recorded::Kind::kUpdate : Recorded::Kind::kLoad);
  if (number == guide.own.size()) return true;
  if (DrawWith(guide_.stray)) {
    if (!others_.empty()) guided_write_ = others_[Draw(others_.size())];
    Follow(thread, number);
    return true;
  }
  const Recorded& first = options_.recorded[guide.own[number]];
  for (std::size_t i = number; i < guide.own.size(); ++i) {
    const Recorded& recorded = options_.recorded[guide.own[i]];
    // Of a loop that waits, all turns before the last are none here.
    if (i != number && (!awaits || recorded.kind != first.kind || recorded.place != first.place)) {
      break;
    }
    const auto fits = [&](EventId write) {
      return recorded.result == Recorded::Result::kUnknown ||
             IsResult(recorded, graph().ValueOf(write, location));
    };
    if (!fits(guided_write_)) {
      const auto other = std::find_if(others_.rbegin(), others_.rend(), fits);
      if (other == others_.rend()) continue;
      guided_write_ = *other;
    }
    Follow(thread, i);
    return true;
  }
  if (guide_.exact && !guide.gives_in) {
    guide.waits = true;
    return false;
  }
  Follow(thread, number);
  return true;
}

std::size_t Search::Impl::GuidedChoice(ThreadId thread, std::size_t choices) {
  if (DrawWith(guide_.stray)) return Draw(choices);
  const Guide::Thread& guide = GuideOf(thread);
  if (guide.call == 0) return 0;
  const Recorded& recorded = options_.recorded[guide.own[guide.call - 1]];
  const bool known = recorded.result == Recorded::Result::kValue && recorded.value < choices;
  return known ? static_cast<std::size_t>(recorded.value) : 0;
}

}  // namespace heddle::explorer
