// SPDX-License-Identifier: Apache-2.0
//
// In short: FIFO; spins by distance, then yields; 24 bytes; not reentrant.
//
// Ticket lock: a thread draws a number and waits until that number is served. FIFO.
// From D. Reed and R. Kanodia, "Synchronization with Eventcounts and Sequencers" (1979), in the
// form of J. Mellor-Crummey and M. Scott (1991), with their proportional back-off: the further away
// the turn, the longer the pause between two looks. A waiter that has spun for about the price of a
// context switch gives up the processor at every further look, so more threads than processors make
// the lock slower, not useless.
//
// Guarantees
//   Exclusion and publication: what happened before unlock() happens before the next lock()
//   returns. Progress: starvation-free if every holder unlocks; first drawn, first served. Drawing
//   a ticket is wait-free. A preempted waiter holds up those behind it: that is the price of FIFO.
//   Not reentrant. A signal handler may use try_lock() and unlock(). No owner is recorded, so
//   unlock() by another thread works if it is ordered after the holder's lock(); without a holder
//   it breaks the lock. After fork() with waiters the child's copy is useless: their tickets are
//   never used. 24 bytes; 2^64 tickets, so they never wrap. No system call but sched_yield. The
//   lock may be destroyed as soon as nobody will call it again, also while the last unlock() is
//   still returning.
//
// Invariants
//   1. serving_ <= next_; next_ - serving_ threads hold the lock or wait for it.
//   2. The holder's ticket is serving_. Only the holder changes serving_, to its ticket + 1.
#ifndef HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_H_
#define HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class TicketLock {
 public:
  using Ticket = std::uint64_t;

  TicketLock() = default;
  TicketLock(const TicketLock&) = delete;
  TicketLock& operator=(const TicketLock&) = delete;

  void lock() { wait(join()); }

  // lock() in two halves: join() fixes the place in the queue, wait() returns when it is reached.
  // Every ticket must be waited for, once.
  Ticket join() {
    if (mutant<P>("draws_in_two_steps")) {
      const Ticket ticket = next_.load(std::memory_order_relaxed);
      next_.store(ticket + 1, std::memory_order_relaxed);
      return ticket;
    }
    // Relaxed: only the number matters; wait() orders.
    return next_.fetch_add(1, std::memory_order_relaxed);
  }

  void wait(Ticket ticket) {
    int pauses_left = kSpins;
    for (;;) {
      const Ticket distance =
          ticket - serving_.load(order<P>("wait_relaxed", std::memory_order_acquire));
      if (distance == 0 || mutant<P>("no_wait")) break;
      if (pauses_left > 0) {
        const int pauses =
            static_cast<int>(std::min(distance * kPausesPerTurn, static_cast<Ticket>(pauses_left)));
        for (int i = 0; i < pauses; ++i) P::pause();
        pauses_left -= pauses;
      } else {
        P::yield();
      }
    }
    mine_.set(ticket);
  }

  // Never waits, never queues. False says only that the lock was seen held or somebody came first.
  bool try_lock() {
    Ticket ticket = serving_.load(order<P>("try_lock_relaxed", std::memory_order_acquire));
    if (mutant<P>("try_lock_queues")) {
      if (next_.fetch_add(1, std::memory_order_relaxed) != ticket) return false;
    } else if (!next_.compare_exchange_strong(ticket, ticket + 1, std::memory_order_relaxed,
                                              std::memory_order_relaxed)) {
      return false;
    }
    // next_ was the ticket being served, so by invariant 1 nobody was there. The load of serving_
    // has ordered this thread after the unlock() that began to serve the ticket.
    mine_.set(ticket);
    return true;
  }

  void unlock() {
    const Ticket turn = mine_.get() + (mutant<P>("skips_a_turn") ? 2 : 1);
    serving_.store(turn, order<P>("unlock_relaxed", std::memory_order_release));
    // From here on the lock may be gone.
    if (mutant<P>("clears_ticket_late")) mine_.set(0);
  }

 private:
  static constexpr int kSpins = P::kExhaustive ? 0 : 200;
  static constexpr Ticket kPausesPerTurn = 2;

  typename P::template Atomic<Ticket> next_{0};
  typename P::template Atomic<Ticket> serving_{0};
  typename P::template Var<Ticket> mine_{0};  // the holder's ticket; the holder's alone
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_TICKET_LOCK_H_
