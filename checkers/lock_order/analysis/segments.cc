// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/segments.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace heddle::lock_order {
namespace {

constexpr std::size_t kRememberedEntries = 16 << 20;

}  // namespace

void Segments::Restart() {
  events_ = 1;
  one_shots_.clear();
  incoming_.clear();
  creators_.clear();
  round_of_.clear();
  rounds_.clear();
}

bool Segments::Update(const Graph& graph) {
  bool restarted = false;
  // A semaphore that turned out to be posted more than once has ordered nothing.
  if (std::any_of(one_shots_.begin(), one_shots_.end(), [&graph](uint32_t node) {
        return (graph.nodes[node].flags & kNodeManyPosts) != 0;
      })) {
    Restart();
    restarted = true;
  }
  if (graph.threads.size() == creators_.size() && graph.events.size() == events_) return restarted;
  past_.clear();
  incoming_.resize(graph.threads.size());
  for (std::size_t i = creators_.size(); i < graph.threads.size(); ++i) {
    creators_.emplace_back(graph.threads[i].creator, graph.threads[i].creator_segment);
  }
  for (; events_ < graph.events.size(); ++events_) {
    const Event& event = graph.events[events_];
    Incoming in{
        .segment = event.segment, .other = event.other, .other_segment = event.other_segment};
    switch (event.kind) {
      case kEventOneShot:
        if (event.node != 0) {
          if ((graph.nodes[event.node].flags & kNodeManyPosts) != 0) continue;
          one_shots_.push_back(event.node);
        }
        if (event.other == 0) continue;
        break;
      case kEventJoin:
      case kEventOnce:
        if (event.other == 0) continue;
        break;
      case kEventBarrier: {
        const auto [round, added] =
            round_of_.try_emplace({event.node, event.generation}, rounds_.size());
        if (added) rounds_.emplace_back();
        rounds_[round->second].emplace_back(event.thread,
                                            event.segment == 0 ? 0 : event.segment - 1);
        in.other = 0;
        in.other_segment = round->second;
        break;
      }
      default:
        continue;  // a thread's creation is in its own record
    }
    std::vector<Incoming>& list = incoming_[event.thread];
    list.insert(std::upper_bound(
                    list.begin(), list.end(), in,
                    [](const Incoming& a, const Incoming& b) { return a.segment < b.segment; }),
                in);
  }
  return restarted;
}

const Segments::Clock& Segments::Past(uint32_t thread, uint32_t segment) {
  if (const auto known = past_.find({thread, segment}); known != past_.end()) return known->second;
  if ((past_.size() + 1) * creators_.size() > kRememberedEntries) past_.clear();

  Clock clock(creators_.size());
  std::vector<std::size_t> next_incoming(creators_.size());
  std::vector<bool> round_seen(rounds_.size());
  std::vector<std::pair<uint32_t, uint32_t>> reached{{thread, segment}};
  while (!reached.empty()) {
    const auto [t, s] = reached.back();
    reached.pop_back();
    if (t == 0 || t >= clock.size() || clock[t] >= s) continue;
    if (clock[t] == 0) reached.push_back(creators_[t]);
    clock[t] = s;
    std::size_t& next = next_incoming[t];
    for (; next < incoming_[t].size() && incoming_[t][next].segment <= s; ++next) {
      const Incoming& in = incoming_[t][next];
      if (in.other != 0) {
        reached.emplace_back(in.other, in.other_segment);
      } else if (!round_seen[in.other_segment]) {
        round_seen[in.other_segment] = true;
        const auto& members = rounds_[in.other_segment];
        reached.insert(reached.end(), members.begin(), members.end());
      }
    }
  }
  return past_.insert_or_assign({thread, segment}, std::move(clock)).first->second;
}

// Is some segment that `first` covers unordered with this segment?
bool Segments::ConcurrentAt(const Visit& first, uint32_t thread, uint32_t segment) {
  const Clock& past = Past(thread, segment);
  const uint32_t ended = first.thread < past.size() ? past[first.thread] : 0;
  // The first segment that is not before: if it is not after either, it overlaps; and if even it
  // comes after, so do all later ones.
  const uint32_t candidate = std::max(first.segment, ended + 1);
  return candidate <= first.segment_end && !Before(thread, segment, first.thread, candidate);
}

bool Segments::Concurrent(const Visit& first, const Visit& second) {
  if (first.thread == second.thread) return false;
  return ConcurrentAt(first, second.thread, second.segment) ||
         (second.segment_end != second.segment &&
          (ConcurrentAt(first, second.thread, second.segment_end) ||
           ConcurrentAt(second, first.thread, first.segment) ||
           ConcurrentAt(second, first.thread, first.segment_end)));
}

}  // namespace heddle::lock_order
