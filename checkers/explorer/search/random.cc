// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/consistency.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {
namespace {

// How often a read takes the newest write where it may take an older one, and a write comes last in
// coherence order where it may come earlier: often enough that threads make progress.
constexpr double kNewest = 0.7;
constexpr double kLast = 0.8;

constexpr std::array<double, 5> kSwitchProbabilities = {0.01, 0.04, 0.15, 0.4, 0.9};

}  // namespace

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
std::uint64_t Search::Impl::Draw() {
  random_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

bool Search::Impl::DrawWith(double probability) {
  return static_cast<double>(Draw() >> 11) * 0x1.0p-53 < probability;
}

void Search::Impl::BeginRandom() {
  while (!stack_.empty()) Recycle();
  stack_.push_back(NewExecution());
  tentative_ = kNoEvent;
  StartRun();
  random_ = options_.seed * 0xd1342543de82ef95U +
            (counts_.complete + counts_.blocked + counts_.dropped + 1) * 0x2545f4914f6cdd1dU;
  turn_ = kNoThread;
  longest_ = std::max(longest_, operations_);
  operations_ = 0;
  switch_probability_ = options_.switch_probability >= 0
                            ? options_.switch_probability
                            : kSwitchProbabilities[Draw(kSwitchProbabilities.size())];
  changes_.clear();
  for (int i = 1; i < options_.pct_depth; ++i) changes_.push_back(Draw(longest_));
  for (std::uint32_t& priority : priorities_) {
    priority = static_cast<std::uint32_t>(Draw() >> 33) | (1U << 31);
  }
  if (Guided()) BeginGuided();
}

ThreadId Search::Impl::NextAtRandom() {
  std::vector<ThreadId> ready;
  for (ThreadId thread = 0; thread < kMaxThreads; ++thread) {
    if (At(thread).state == Standing::kRuns) ready.push_back(thread);
  }
  if (ready.empty()) return kNoThread;
  if (options_.strategy == Strategy::kPct) {
    turn_ = *std::max_element(ready.begin(), ready.end(), [&](ThreadId a, ThreadId b) {
      return priorities_[static_cast<std::size_t>(a)] < priorities_[static_cast<std::size_t>(b)];
    });
  } else {
    turn_ = ready[Draw(ready.size())];
  }
  return turn_;
}

// Whether the thread stands back before its next operation.
bool Search::Impl::Switches(ThreadId thread) {
  if (turn_ == thread) {
    turn_ = kNoThread;
    ++operations_;
    return false;
  }
  if (options_.strategy != Strategy::kPct) return DrawWith(switch_probability_);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    // The later a change, the lower the priority that it gives.
    if (changes_[i] == operations_) {
      priorities_[static_cast<std::size_t>(thread)] =
          static_cast<std::uint32_t>(changes_.size() - i);
    }
  }
  return true;  // NextAtRandom() names it again if it still is the first
}

// What the new read reads: the newest write, or another of `others_`.
EventId Search::Impl::DrawWrite(EventId read) {
  const Event& event = graph()[read];
  const EventId newest = graph().Newest(event.location);
  if (others_.empty() || (!Guided() && DrawWith(kNewest))) return newest;
  const EventId drawn = Guided() ? guided_write_ : others_[Draw(others_.size())];
  if (drawn == newest) return newest;
  if (event.update && updates_[event.update_id].Succeeds(graph().ValueOf(drawn, event.location))) {
    const std::vector<EventId>& writes = graph().location(event.location).writes;
    const std::size_t co = graph().Co(drawn);
    if (co < writes.size() && graph()[writes[co]].update) return newest;
  }
  SetReadsFrom(G(), read, drawn);
  return ScConsistent(graph(), read) ? drawn : newest;
}

// Moves the newest write forward in coherence order, but not before place `lowest`.
void Search::Impl::PlaceAtRandom(EventId write, std::size_t lowest) {
  const LocationId location = graph()[write].location;
  const std::vector<EventId>& writes = graph().location(location).writes;
  if (lowest + 1 >= writes.size() || DrawWith(kLast)) return;
  if (Guided() && !DrawWith(guide_.stray)) return;
  const std::size_t co = lowest + Draw(writes.size() - 1 - lowest);
  if (graph()[writes[co]].update) return;
  const EventId last = graph().WriteAt(location, writes.size() - 1);
  G().Place(write, graph().WriteAt(location, co));
  if (!ScConsistent(graph(), write)) G().Place(write, last);
}

}  // namespace heddle::explorer
