// SPDX-License-Identifier: Apache-2.0
//
// What the analyzer can find, in terms of the graph's records.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_FINDINGS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_FINDINGS_H_

#include <cstdint>
#include <variant>
#include <vector>

namespace heddle::lock_order {

// One step of a cycle: `thread` held the lock of `held` and acquired the lock of `acquired`. Both
// are chains; `held` is an ancestor of `acquired`.
struct CycleEdge {
  uint32_t visit = 0;
  uint32_t thread = 0;
  uint32_t held = 0;
  uint32_t acquired = 0;
};

// A potential deadlock: each edge acquires what the next one holds, the last what the first holds.
struct Cycle {
  std::vector<CycleEdge> edges;
  bool by_class = false;        // the locks of neighbouring edges are of one class, not the same
  bool times_out = false;       // some acquisition gives up after a while
  bool condition_wait = false;  // some acquisition is the return from a condition wait
  bool reader_writer = false;   // two readers meet; a waiting writer must come between them
  uint64_t similar = 0;         // further cycles of other locks from the same code
};

// A deadlock that has happened: each thread waits for a lock that the next one holds.
struct DeadlockMember {
  uint32_t thread = 0;
  uint32_t wanted = 0;  // node
  uint8_t wanted_flags = 0;
  uint64_t wanted_site = 0;
  bool waits_behind = false;  // a reader behind the next thread, a writer that waits itself
  // How the next thread holds it.
  uint8_t held_flags = 0;
  uint64_t held_site = 0;
};
struct Deadlock {
  std::vector<DeadlockMember> members;
};

// A lock was acquired although the hierarchy declares (kEventLevel) or a file enforces
// (kEventEnforce) that it comes before one already held.
struct OrderViolation {
  bool enforced = false;  // else: declared levels
  uint32_t thread = 0;
  uint32_t node = 0;
  uint32_t other_node = 0;
  uint32_t held = 0;  // chains, where known
  uint32_t acquired = 0;
  uint32_t stack = 0;  // of the acquisition, where there is no chain
};

// A lock is taken inside a handler of `signal`, and also while that signal could arrive.
struct SignalInversion {
  uint32_t node = 0;
  uint8_t signal = 0;
};

// Write mode wanted while read mode of the same lock is held: waits for itself.
struct Upgrade {
  uint32_t thread = 0;
  uint32_t held = 0;
  uint32_t acquired = 0;
};

// Read mode wanted again although a writer, if one waits, comes first: waits for the writer, which
// waits for this reader.
struct RecursiveRead {
  uint32_t thread = 0;
  uint32_t held = 0;
  uint32_t acquired = 0;
};

// Waiting on a condition with another lock held: whoever is to signal must not need that lock.
struct WaitHolding {
  uint32_t thread = 0;
  uint32_t held = 0;
  uint32_t acquired = 0;  // the mutex of the wait
};

// Misuse that the runtime itself saw; `event` tells which kind.
struct Misuse {
  uint32_t event = 0;
};

using Finding = std::variant<Cycle, Deadlock, OrderViolation, SignalInversion, Upgrade,
                             RecursiveRead, WaitHolding, Misuse>;

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_FINDINGS_H_
