// SPDX-License-Identifier: Apache-2.0
//
// SimShared's view of the explorer.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_SHARED_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_SHARED_H_

#include <atomic>
#include <cstdint>

#include "checkers/scenario/sim_shared.h"

namespace heddle {

template <class P>
struct ExplorerSharedHooks {
  using Thread = typename SimShared<P, ExplorerSharedHooks>::Thread;

  // Each thread's own, so that the explorer sees no order between threads in it.
  static Thread& thread() {
    thread_local Thread thread;
    return thread;
  }
  static std::uint32_t id() { return static_cast<std::uint32_t>(P::thread_index()) + 1; }
  static bool dies() { return P::choose(2) == 1; }
  // Wake-ups order here, and a read is less to explore than a write.
  static std::uint32_t look(const typename P::template Atomic<std::uint32_t>& word) {
    return word.load(std::memory_order_acquire);
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_SHARED_H_
