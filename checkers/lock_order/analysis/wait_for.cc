// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/wait_for.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace heddle::lock_order {
namespace {

constexpr uint32_t kRunning = 1;

bool Counts(const Node& node) {
  return (node.flags & (kNodeForeignPost | kNodeForeignUnlock)) == 0;
}

// A thread that has had a semaphore's last post waits for the next one: no deadlock by itself,
// since anybody may post. Python's threads wait for each other so.
bool WaitsForItself(const Node& node) {
  return node.kind != kMutexRecursive && node.kind != kAnnotatedRecursive &&
         node.kind != kMutexErrorcheck && node.kind != kSemaphore;
}

// Who waits for whom, among the threads that have waited for long.
class WaitForGraph {
 public:
  WaitForGraph(const Graph& graph, const std::vector<uint32_t>& waiters)
      : graph_(graph), waiters_(waiters) {
    for (const uint32_t t : waiters) {
      const Thread& thread = graph.threads[t];
      for (uint32_t i = 0; i < std::min(thread.depth, kHeldInline); ++i) {
        holders_[thread.held[i].node].emplace_back(t, i);
      }
      if ((thread.wanted_flags & kShared) == 0) writers_[thread.wanted].push_back(t);
    }
  }

  // Each cycle once, by its threads.
  std::vector<Deadlock> Cycles() {
    state_.resize(graph_.threads.size());
    for (const uint32_t t : waiters_) {
      if (state_[t] == 0) Walk(t);
    }
    return std::move(found_);
  }

 private:
  std::vector<DeadlockMember> Successors(uint32_t t, std::vector<uint32_t>& next) const {
    const Thread& thread = graph_.threads[t];
    const Node& node = graph_.nodes[thread.wanted];
    DeadlockMember member{.thread = t,
                          .wanted = thread.wanted,
                          .wanted_flags = thread.wanted_flags,
                          .wanted_site = thread.wanted_site};
    const bool reads = (thread.wanted_flags & kShared) != 0;
    std::vector<DeadlockMember> members;
    if (const auto held = holders_.find(thread.wanted); held != holders_.end()) {
      for (const auto& [other, index] : held->second) {
        const Held& entry = graph_.threads[other].held[index];
        if (reads && (entry.flags & kShared) != 0) continue;
        if (other == t && !WaitsForItself(node)) continue;
        member.held_flags = entry.flags;
        member.held_site = entry.site;
        members.push_back(member);
        next.push_back(other);
      }
    }
    if (reads && node.kind == kRwPreferWriterNonrecursive) {
      if (const auto writers = writers_.find(thread.wanted); writers != writers_.end()) {
        for (const uint32_t other : writers->second) {
          DeadlockMember behind = member;
          behind.waits_behind = true;
          behind.held_flags = 0;
          behind.held_site = graph_.threads[other].wanted_site;
          members.push_back(behind);
          next.push_back(other);
        }
      }
    }
    return members;
  }

  // Depth-first search without recursion; a thread on the path that is met again closes a cycle.
  void Walk(uint32_t root) {
    struct Frame {
      std::vector<DeadlockMember> members;
      std::vector<uint32_t> next;
      std::size_t at = 0;
    };
    std::vector<std::pair<uint32_t, Frame>> path;
    const auto enter = [&](uint32_t t) {
      state_[t] = 1;
      Frame frame;
      frame.members = Successors(t, frame.next);
      path.emplace_back(t, std::move(frame));
    };
    enter(root);
    while (!path.empty()) {
      Frame& frame = path.back().second;
      if (frame.at == frame.next.size()) {
        state_[path.back().first] = 2;
        path.pop_back();
        continue;
      }
      const uint32_t to = frame.next[frame.at++];
      if (state_[to] == 0) {
        enter(to);
      } else if (state_[to] == 1) {
        Deadlock deadlock;
        auto from = std::find_if(path.begin(), path.end(),
                                 [to](const auto& step) { return step.first == to; });
        for (; from != path.end(); ++from) {
          deadlock.members.push_back(from->second.members[from->second.at - 1]);
        }
        found_.push_back(std::move(deadlock));
      }
    }
  }

  const Graph& graph_;
  const std::vector<uint32_t>& waiters_;
  absl::flat_hash_map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>> holders_;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> writers_;
  std::vector<uint8_t> state_;  // 0 not seen, 1 on the path, 2 done
  std::vector<Deadlock> found_;
};

}  // namespace

std::vector<Deadlock> DeadlockDetector::Poll(const Graph& graph) {
  seen_.resize(graph.threads.size());
  std::vector<uint32_t> waiters;
  for (uint32_t t = 1; t < graph.threads.size(); ++t) {
    const Thread& thread = graph.threads[t];
    const bool waits = thread.alive == kRunning && thread.wanted != 0 &&
                       (thread.wanted_flags & (kTimed | kTry)) == 0 &&
                       Counts(graph.nodes[thread.wanted]);
    Seen& seen = seen_[t];
    if (waits && seen.wanted == thread.wanted && seen.sequence == thread.sequence) {
      waiters.push_back(t);
    }
    seen = {.wanted = waits ? thread.wanted : 0, .sequence = thread.sequence};
  }
  if (waiters.empty()) return {};
  std::vector<Deadlock> news;
  for (Deadlock& deadlock : WaitForGraph(graph, waiters).Cycles()) {
    bool old = false;
    for (const DeadlockMember& member : deadlock.members) {
      old = !reported_.insert(member.thread).second || old;
    }
    if (!old) news.push_back(std::move(deadlock));
  }
  return news;
}

}  // namespace heddle::lock_order
