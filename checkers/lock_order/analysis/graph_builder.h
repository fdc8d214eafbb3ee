// SPDX-License-Identifier: Apache-2.0
//
// Makes graphs for tests by playing the runtime: threads are created, acquire, release and meet,
// and the records come out that the runtime would write.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_BUILDER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_BUILDER_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/analysis/graph_writer.h"

namespace heddle::lock_order {

class GraphBuilder {
 public:
  static constexpr uint32_t kMain = 1;

  GraphBuilder() { NewThread(0); }

  uint32_t Lock(const std::string& name = "", LockKind kind = kMutexNormal) {
    Node node{};
    node.kind = kind;
    node.address = 0x10000 + graph.nodes.size() * 64;
    node.first_site = 0x400000 + graph.nodes.size() * 16;
    if (!name.empty()) node.name = Name(name);
    graph.nodes.push_back(node);
    return static_cast<uint32_t>(graph.nodes.size() - 1);
  }

  uint32_t Create(uint32_t creator) {
    const uint32_t chain = ChainOf(creator, held_[creator].size());
    const uint32_t thread = NewThread(creator);
    Thread& record = graph.threads[thread];
    record.creator_segment = graph.threads[creator].segment;
    record.creator_chain = chain;
    Event event = MakeEvent(kEventCreate, creator, thread);
    event.segment = graph.threads[creator].segment++;
    event.other_segment = 1;
    AddEvent(event);
    return thread;
  }

  // Two threads that nothing separates.
  std::pair<uint32_t, uint32_t> TwoThreads() {
    const uint32_t first = Create(kMain);
    return {first, Create(kMain)};
  }

  void Join(uint32_t joiner, uint32_t other) {
    graph.threads[other].alive = 2;
    Meet(kEventJoin, joiner, other);
  }
  void Once(uint32_t thread, uint32_t other) {
    Meet(kEventOnce, thread, other);
    ++graph.threads[other].segment;
  }
  void OneShot(uint32_t thread, uint32_t other) {
    Meet(kEventOneShot, thread, other);
    ++graph.threads[other].segment;
  }

  void Barrier(uint32_t barrier, uint32_t generation, const std::vector<uint32_t>& threads) {
    for (const uint32_t thread : threads) {
      Event event = MakeEvent(kEventBarrier, thread, 0);
      event.segment = ++graph.threads[thread].segment;
      event.node = barrier;
      event.generation = generation;
      AddEvent(event);
    }
  }

  void Guard(uint32_t holder, uint32_t lock, uint32_t thread) {
    Event event = MakeEvent(kEventGuard, holder, thread);
    event.node = lock;
    AddEvent(event);
  }

  void Acquire(uint32_t thread, uint32_t lock, uint8_t flags = 0, uint64_t site = 0) {
    if (site == 0) site = 0x401000 + thread * 0x1000 + lock * 16;
    std::vector<Held>& held = held_[thread];
    Held entry{};
    entry.node = lock;
    entry.flags = flags;
    entry.site = site;
    entry.sequence = ++graph.threads[thread].sequence;
    held.push_back(entry);
    if (held.size() > 1 && (flags & kTry) == 0) Visited(ChainOf(thread, held.size()), thread);
    Publish(thread);
  }

  void Release(uint32_t thread, uint32_t lock) {
    std::vector<Held>& held = held_[thread];
    const auto last = std::find_if(held.rbegin(), held.rend(),
                                   [lock](const Held& entry) { return entry.node == lock; });
    held.erase(std::next(last).base());
    ++graph.threads[thread].sequence;
    Publish(thread);
  }

  // Acquires in this order, then releases all.
  void Nest(uint32_t thread, const std::vector<uint32_t>& locks) {
    for (const uint32_t lock : locks) Acquire(thread, lock);
    for (auto lock = locks.rbegin(); lock != locks.rend(); ++lock) Release(thread, *lock);
  }

  void Want(uint32_t thread, uint32_t lock, uint8_t flags = 0) {
    graph.threads[thread].wanted = lock;
    graph.threads[thread].wanted_flags = flags;
    graph.threads[thread].wanted_site = 0x402000 + thread * 16;
  }

  static Event MakeEvent(EventKind kind, uint32_t thread, uint32_t other) {
    Event event{};
    event.kind = kind;
    event.thread = thread;
    event.other = other;
    return event;
  }

  uint32_t AddEvent(const Event& event) {
    graph.events.push_back(event);
    return static_cast<uint32_t>(graph.events.size() - 1);
  }

  // What `thread` holds, as a chain.
  uint32_t HeldChain(uint32_t thread) { return ChainOf(thread, held_[thread].size()); }

  uint32_t Name(const std::string& text) {
    const auto [at, added] = names_.try_emplace(text, 0);
    if (added) at->second = AddString(graph, text);
    return at->second;
  }

  Graph graph;

 private:
  uint32_t NewThread(uint32_t creator) {
    Thread thread{};
    thread.tid = static_cast<uint32_t>(1000 + graph.threads.size());
    thread.creator = creator;
    thread.segment = 1;
    thread.alive = 1;
    graph.threads.push_back(thread);
    held_.resize(graph.threads.size());
    return static_cast<uint32_t>(graph.threads.size() - 1);
  }

  void Meet(EventKind kind, uint32_t thread, uint32_t other) {
    Event event = MakeEvent(kind, thread, other);
    event.segment = ++graph.threads[thread].segment;
    event.other_segment = graph.threads[other].segment;
    AddEvent(event);
  }

  uint32_t ChainOf(uint32_t thread, std::size_t depth) {
    uint32_t parent = 0;
    // Ancestors are remembered: a test may hold very many locks.
    std::vector<std::pair<Held, uint32_t>>& known = known_[thread];
    std::size_t same = 0;
    while (same < depth && same < known.size() && same < held_[thread].size() &&
           known[same].first.sequence == held_[thread][same].sequence) {
      parent = known[same++].second;
    }
    known.resize(same);
    for (std::size_t i = same; i < depth; ++i) {
      const Held& entry = held_[thread][i];
      const auto key = std::make_tuple(parent, entry.node, entry.flags, entry.site);
      const auto [at, added] = chain_of_.try_emplace(key, 0);
      if (added) {
        at->second = static_cast<uint32_t>(graph.chains.size());
        Chain chain{};
        chain.parent = parent;
        chain.node = entry.node;
        chain.site = entry.site;
        chain.flags = entry.flags;
        chain.stack = StackOf(thread, entry.site);
        graph.chains.push_back(chain);
      }
      parent = at->second;
      known.emplace_back(entry, parent);
    }
    return parent;
  }

  uint32_t StackOf(uint32_t thread, uint64_t site) {
    Stack stack{};
    stack.first_frame = graph.frames.size();
    stack.frames = 2;
    graph.frames.push_back({site});
    graph.frames.push_back({0x403000 + thread * 16UL});
    graph.stacks.push_back(stack);
    return static_cast<uint32_t>(graph.stacks.size() - 1);
  }

  void Visited(uint32_t chain, uint32_t thread) {
    const uint32_t segment = graph.threads[thread].segment;
    if (!visited_.try_emplace({chain, thread, segment}, true).second) return;
    graph.visits.push_back(
        {.chain = chain, .thread = thread, .segment = segment, .segment_end = segment});
  }

  void Publish(uint32_t thread) {
    Thread& record = graph.threads[thread];
    record.depth = static_cast<uint32_t>(held_[thread].size());
    for (uint32_t i = 0; i < std::min(record.depth, kHeldInline); ++i) {
      record.held[i] = held_[thread][i];
    }
  }

  std::vector<std::vector<Held>> held_;
  std::map<uint32_t, std::vector<std::pair<Held, uint32_t>>> known_;
  std::map<std::tuple<uint32_t, uint32_t, uint8_t, uint64_t>, uint32_t> chain_of_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, bool> visited_;
  std::map<std::string, uint32_t> names_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_BUILDER_H_
