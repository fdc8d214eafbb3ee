// SPDX-License-Identifier: Apache-2.0
//
// The algorithm of ticket_lock.h written by hand, with std::atomic and no platform: what the seam
// must not cost anything over. The back-off is part of it. Changes with ticket_lock.h.
#ifndef HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_CODEGEN_TEST_HAND_WRITTEN_TICKET_LOCK_H_
#define HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_CODEGEN_TEST_HAND_WRITTEN_TICKET_LOCK_H_

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace heddle {

class HandWrittenTicketLock {
 public:
  void lock() {
    const std::uint64_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
    int pauses_left = 200;
    for (;;) {
      const std::uint64_t distance = ticket - serving_.load(std::memory_order_acquire);
      if (distance == 0) break;
      if (pauses_left > 0) {
        const int pauses =
            static_cast<int>(std::min(distance * 2, static_cast<std::uint64_t>(pauses_left)));
        for (int i = 0; i < pauses; ++i) Pause();
        pauses_left -= pauses;
      } else {
        sched_yield();
      }
    }
    mine_ = ticket;
  }

  bool try_lock() {
    std::uint64_t ticket = serving_.load(std::memory_order_acquire);
    if (!next_.compare_exchange_strong(ticket, ticket + 1, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) {
      return false;
    }
    mine_ = ticket;
    return true;
  }

  void unlock() { serving_.store(mine_ + 1, std::memory_order_release); }

 private:
  static void Pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> serving_{0};
  std::uint64_t mine_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_CODEGEN_TEST_HAND_WRITTEN_TICKET_LOCK_H_
