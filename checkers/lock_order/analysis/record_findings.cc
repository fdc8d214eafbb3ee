// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/record_findings.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/lock_order/synchronous_signals.h"

namespace heddle::lock_order {
namespace {

// The nearest chain above `chain` that holds `node`; 0: none.
uint32_t HoldOf(const Graph& graph, uint32_t chain, uint32_t node) {
  uint32_t c = graph.chains[chain].parent;
  while (c != 0 && graph.chains[c].node != node) c = graph.chains[c].parent;
  return c;
}

// Some thread can be about to write `node` while `visit` is made.
bool WriterPossible(const Graph& graph, Segments& segments, uint32_t node, const Visit& visit) {
  for (std::size_t v = 1; v < graph.visits.size(); ++v) {
    const Chain& chain = graph.chains[graph.visits[v].chain];
    if (chain.node == node && (chain.flags & (kShared | kTry)) == 0 &&
        segments.Concurrent(graph.visits[v], visit)) {
      return true;
    }
  }
  return false;
}

// The innermost lock that is held across a condition wait and that the signalling thread could have
// to wait for; 0: none. Not a semaphore, which has no owner. Not a POSIX file lock, which belongs
// to the process: only another one would wait, and can signal only where the mutex is shared.
uint32_t KeptFromSignaller(const Graph& graph, const Chain& wait) {
  const bool in_process = (graph.nodes[wait.node].flags & kNodeShared) == 0;
  for (uint32_t c = wait.parent; c != 0; c = graph.chains[c].parent) {
    const uint8_t kind = graph.nodes[graph.chains[c].node].kind;
    if (kind != kSemaphore && !(in_process && kind == kPosixFileLock)) return c;
  }
  return 0;
}

}  // namespace

void RecordFindings::TakeEvents(const Graph& graph, std::vector<Finding>& found) {
  for (; events_ < graph.events.size(); ++events_) {
    const Event& event = graph.events[events_];
    switch (event.kind) {
      case kEventLevel:
      case kEventEnforce:
        if (levels_.emplace(event.node, event.other_node).second) {
          found.emplace_back(OrderViolation{.enforced = event.kind == kEventEnforce,
                                            .thread = event.thread,
                                            .node = event.node,
                                            .other_node = event.other_node,
                                            .held = event.chain,
                                            .acquired = 0,
                                            .stack = event.stack});
        }
        break;
      case kEventExitHolding:
        if (graph.nodes[event.node].kind == kSemaphore) break;  // nobody owns one
        [[fallthrough]];
      case kEventUnlockNotHeld:
      case kEventDestroyHeld:
      case kEventFreeHeld:
      case kEventBlockingCall:
      case kEventAssertHeld:
      case kEventAssertNotHeld:
      case kEventCondTwoMutexes:
        if (misuses_.emplace(uint64_t{event.kind} << 32 | event.node, event.stack).second) {
          found.emplace_back(Misuse{.event = static_cast<uint32_t>(events_)});
        }
        break;
      default:
        break;
    }
  }
}

void RecordFindings::TakeVisit(const Graph& graph, const Visit& visit,
                               std::vector<Finding>& found) {
  const Chain& chain = graph.chains[visit.chain];
  const Node& node = graph.nodes[chain.node];
  if ((chain.flags & kUpgrade) != 0 && (chain.flags & kTry) == 0) {
    if (chains_.insert(visit.chain).second) {
      found.emplace_back(Upgrade{.thread = visit.thread,
                                 .held = HoldOf(graph, visit.chain, chain.node),
                                 .acquired = visit.chain});
    }
  }
  if ((chain.flags & kRecursive) != 0 && node.kind == kRwPreferWriterNonrecursive &&
      !chains_.contains(visit.chain)) {
    pending_.push_back({.visit = visit});
  }
  if ((chain.flags & kCondWait) != 0 && (chain.flags & kTimed) == 0) {
    const uint32_t held = KeptFromSignaller(graph, chain);
    if (held != 0 && chains_.insert(visit.chain).second) {
      found.emplace_back(
          WaitHolding{.thread = visit.thread, .held = held, .acquired = visit.chain});
    }
  }
  if ((node.flags & (kNodeHasLevel | kNodeByAddress)) != 0 &&
      (chain.flags & (kTry | kRecursive)) == 0) {
    for (uint32_t c = chain.parent; c != 0; c = graph.chains[c].parent) {
      const uint32_t held = graph.chains[c].node;
      if (held == chain.node || !against_order(graph.nodes[held], node)) continue;
      if (levels_.emplace(chain.node, held).second) {
        found.emplace_back(OrderViolation{.enforced = false,
                                          .thread = visit.thread,
                                          .node = chain.node,
                                          .other_node = held,
                                          .held = c,
                                          .acquired = visit.chain,
                                          .stack = chain.stack});
      }
      break;
    }
  }
}

std::vector<Finding> RecordFindings::Take(const Graph& graph, Segments& segments, bool final) {
  std::vector<Finding> found;
  // Visits first: they know the chains, the runtime's events only the stack.
  for (; visits_ < graph.visits.size(); ++visits_) TakeVisit(graph, graph.visits[visits_], found);
  TakeEvents(graph, found);
  std::vector<PendingRead> pending = std::move(pending_);
  pending_.clear();
  for (PendingRead& read : pending) {
    const uint32_t node = graph.chains[read.visit.chain].node;
    const bool possible = WriterPossible(graph, segments, node, read.visit);
    // What keeps the writer apart may be recorded a little later.
    if (!possible || (!read.possible && !final)) {
      read.possible = possible;
      pending_.push_back(read);
    } else if (chains_.insert(read.visit.chain).second) {
      found.emplace_back(RecursiveRead{.thread = read.visit.thread,
                                       .held = HoldOf(graph, read.visit.chain, node),
                                       .acquired = read.visit.chain});
    }
  }
  constexpr uint32_t kInverted = kNodeInHandler | kNodeWithSignal;
  for (uint32_t n = 1; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if ((node.flags & kInverted) == kInverted && !is_synchronous(node.signal) &&
        signals_.insert(n).second) {
      found.emplace_back(SignalInversion{.node = n, .signal = node.signal});
    }
  }
  return found;
}

}  // namespace heddle::lock_order
