// SPDX-License-Identifier: Apache-2.0
//
// Platform::Shared for engines: threads play processes, some of which may die before any operation
// on shared memory, and the kernel's part at a thread's end is played as well.
//
// P is the engine's platform. Hooks is the engine:
//   static SimShared<P, Hooks>::Thread& thread()   of the caller; also in set-up and After()
//   static std::uint32_t id()                      of the caller: its thread id, not 0; set-up and
//                                                  After() have thread 0's
//   static bool dies()                             explored both ways, or a small chance
//
// What a scenario says, beside the operations of PlatformShared:
//   run(may_die, body)   runs body as a process that may be killed once, at any step, if may_die;
//                        returns whether it was. Whatever the body still owns when it returns, the
//                        process's end leaves to the kernel. Set-up and After() use it, too. What
//                        set-up owns by itself is thread 0's, but the kernel knows nothing of it.
//   die()                kills the calling process here
#ifndef HEDDLE_CHECKERS_SCENARIO_SIM_SHARED_H_
#define HEDDLE_CHECKERS_SCENARIO_SIM_SHARED_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "checkers/scenario/sim_processes.h"
#include "checkers/scenario/stepped_atomic.h"
#include "primitives/platform.h"

namespace heddle {

template <class P, class Hooks>
class SimShared {
  using Where = std::source_location;

 public:
  template <class T>
  using Atomic = SteppedAtomic<typename P::template Atomic<T>, T, SimShared>;

  struct Entry {
    Atomic<std::uint32_t> word{0};
    // Written where an owner's list is: whoever lists or unlists without owning the word is in a
    // race.
    typename P::template Var<bool> listed{false};
  };

  // What the kernel knows of a thread.
  struct Thread {
    static constexpr std::size_t kMostListed = 4;
    bool may_die = false;
    Entry* at_work = nullptr;
    std::array<Entry*, kMostListed> listed{};
    std::size_t count = 0;
  };

  static std::uint32_t self() { return Hooks::id(); }

  static void begin(Entry& entry, Where where = Where::current()) {
    step(where);
    me().at_work = &entry;
  }
  static void list(Entry& entry, Where where = Where::current()) {
    step(where);
    entry.listed.set(true);
    Thread& thread = me();
    if (thread.count < thread.listed.size()) thread.listed[thread.count++] = &entry;
  }
  static void unlist(Entry& entry, Where where = Where::current()) {
    step(where);
    entry.listed.set(false);
    Thread& thread = me();
    for (std::size_t i = 0; i < thread.count; ++i) {
      if (thread.listed[i] == &entry) thread.listed[i] = thread.listed[--thread.count];
    }
  }
  static void end(Where where = Where::current()) {
    step(where);
    me().at_work = nullptr;
  }

  // A point where a process that may die does, or not.
  static void step(Where where = Where::current()) {
    if (me().may_die && Hooks::dies()) die(where);
  }

  static ParkResult park(typename P::template Atomic<std::uint32_t>* word, std::uint32_t value,
                         Deadline deadline, Where where = Where::current()) {
    step(where);
    if constexpr (requires { P::park(word, value, deadline, where); }) {
      return P::park(word, value, deadline, where);
    } else {
      return P::park(word, value, deadline);
    }
  }
  static void unpark(typename P::template Atomic<std::uint32_t>* word, int count,
                     Where where = Where::current()) {
    step(where);
    wake(word, count, where);
  }

  template <class Body>
  static bool run(bool may_die, Body body) {
    me() = Thread{.may_die = may_die};
    try {
      body();
      end_thread(Where::current());
    } catch (const ProcessKilled&) {
      return true;  // its thread goes on to the end of the scenario
    }
    return false;
  }

  [[noreturn]] static void die(Where where = Where::current()) {
    end_thread(where);
    throw ProcessKilled{};
  }

 private:
  using Word = typename P::template Atomic<std::uint32_t>;

  static Thread& me() { return Hooks::thread(); }

  static void wake(Word* word, int count, Where where) {
    if constexpr (requires { P::unpark(word, count, where); }) {
      P::unpark(word, count, where);
    } else {
      P::unpark(word, count);
    }
  }

  // The kernel's exit_robust_list(). In steps of its own: other threads run between them.
  static void end_thread(Where where) {
    Thread thread = me();
    me() = Thread{};
    while (thread.count > 0) {
      Entry* const entry = thread.listed[--thread.count];
      if (entry != thread.at_work) end_owner(entry->word, false, where);
    }
    if (thread.at_work != nullptr) end_owner(thread.at_work->word, true, where);
  }

  // The kernel's handle_futex_death(). It reads the newest value, and its barriers are full.
  static void end_owner(Word& word, bool at_work, Where where) {
    std::uint32_t seen = word.fetch_or(0, std::memory_order_acq_rel);
    for (;;) {
      const std::uint32_t owner = seen & kRobustOwner;
      if (owner == 0 && at_work) return wake(&word, 1, where);
      if (owner != self()) return;
      if (word.compare_exchange_strong(seen, (seen & kRobustWaiters) | kRobustOwnerDied,
                                       std::memory_order_acq_rel, std::memory_order_relaxed)) {
        break;
      }
    }
    if ((seen & kRobustWaiters) != 0) wake(&word, 1, where);
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_SHARED_H_
