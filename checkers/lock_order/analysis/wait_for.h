// SPDX-License-Identifier: Apache-2.0
//
// Deadlocks that have happened. The runtime publishes which lock each thread is about to acquire
// and which it holds, with a count of its acquisitions and releases. A thread whose count and
// wanted lock are the same in two polls has waited all the time between them and has held all the
// time what it holds; so a cycle of such threads, each wanting what the next one holds, is a
// deadlock, whatever the moment at which each record was read.
//
// A reader also waits for a waiting writer where the lock prefers writers to all readers. Waits
// that time out, locks that somebody else unlocked and semaphores that others post are left out. A
// thread in a condition wait counts as waiting for the mutex: it cannot return while another one
// keeps it.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_WAIT_FOR_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_WAIT_FOR_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

class DeadlockDetector {
 public:
  // Call it at every poll of a live graph. Returns the deadlocks not returned before.
  std::vector<Deadlock> Poll(const Graph& graph);

 private:
  struct Seen {
    uint32_t wanted = 0;
    uint64_t sequence = 0;
  };
  std::vector<Seen> seen_;                  // by thread, in the last poll
  absl::flat_hash_set<uint32_t> reported_;  // threads in a reported deadlock
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_WAIT_FOR_H_
