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
// and may have
//   static std::uint32_t look(Word&)               at the word: whoever was woken sees what was
//                                                  written before; without it the newest value
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
  // What a SteppedAtomic and a SteppedVar tell.
  struct Steps {
    static void step(Where where) { step_if_changed(where); }
    static void wrote() { me().changed = true; }
    template <class T>
    static void wrote(const void* address, T value) {
      wrote();
      Thread& thread = me();
      const auto owned = static_cast<std::uint32_t>(value);
      const std::uint32_t word = (owned & kRobustOwner) == self() ? owned : 0;
      if (is(thread.at_work, address)) thread.at_work.word = word;
      for (std::size_t i = 0; i < thread.count; ++i) {
        if (is(thread.listed[i], address)) thread.listed[i].word = word;
      }
    }
  };

  template <class T>
  using Atomic = SteppedAtomic<typename P::template Atomic<T>, T, Steps>;
  template <class T>
  using Var = SteppedVar<typename P::template Var<T>, T, Steps>;

  struct Entry {
    Atomic<std::uint32_t> word{0};
    // Written where an owner's list is: whoever lists or unlists without owning the word is in a
    // race.
    typename P::template Var<bool> listed{false};
  };

  // What the kernel knows of a thread, and what is known of its death.
  struct Thread {
    static constexpr std::size_t kMostListed = 4;
    struct Known {
      Entry* entry = nullptr;
      std::uint32_t word = 0;  // what it holds, if the thread owns it, or 0
    };
    bool may_die = false;
    // Since it could have died last it has done something that others can see, or that the kernel
    // goes by.
    bool changed = true;
    Known at_work{};
    std::array<Known, kMostListed> listed{};
    std::size_t count = 0;
  };

  static std::uint32_t self() { return Hooks::id(); }

  // While the entry is at work the kernel looks at it, whether it is listed or not; and of one that
  // the thread owns it makes the same, whether it is at work or listed.
  static void begin(Entry& entry, Where where = Where::current()) {
    step_if_changed(where);
    Thread& thread = me();
    const Known* const listed = find(thread, entry);
    thread.at_work = listed != nullptr ? *listed : Known{.entry = &entry};
    if (!owns(thread.at_work)) thread.changed = true;
  }
  static void list(Entry& entry, Where where = Where::current()) {
    Thread& thread = me();
    if (thread.at_work.entry != &entry) {
      step_if_changed(where);
      thread.changed = true;
    }
    entry.listed.set(true);
    if (thread.count == thread.listed.size()) return;
    thread.listed[thread.count++] =
        thread.at_work.entry == &entry ? thread.at_work : Known{.entry = &entry, .word = self()};
  }
  static void unlist(Entry& entry, Where where = Where::current()) {
    Thread& thread = me();
    if (thread.at_work.entry != &entry) {
      step_if_changed(where);
      thread.changed = true;
    }
    entry.listed.set(false);
    if (Known* const listed = find(thread, entry)) *listed = thread.listed[--thread.count];
  }
  static void end(Where where = Where::current()) {
    step_if_changed(where);
    Thread& thread = me();
    if (thread.at_work.entry == nullptr) return;
    if (!owns(thread.at_work) || find(thread, *thread.at_work.entry) == nullptr) {
      thread.changed = true;
    }
    thread.at_work = {};
  }

  // A point where a process that may die does, or not.
  static void step(Where where = Where::current()) {
    me().changed = true;
    step_if_changed(where);
  }

  static ParkResult park(typename P::template Atomic<std::uint32_t>* word, std::uint32_t value,
                         Deadline deadline, Where where = Where::current()) {
    step_if_changed(where);
    me().changed = true;
    if constexpr (requires { P::park(word, value, deadline, where); }) {
      return P::park(word, value, deadline, where);
    } else {
      return P::park(word, value, deadline);
    }
  }
  static void unpark(typename P::template Atomic<std::uint32_t>* word, int count,
                     Where where = Where::current()) {
    step_if_changed(where);
    wake(word, count, where);
    me().changed = true;
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
  using Known = typename Thread::Known;
  using Word = typename P::template Atomic<std::uint32_t>;

  static Thread& me() { return Hooks::thread(); }

  static bool is(const Known& known, const void* word) {
    return known.entry != nullptr && &known.entry->word == word;
  }
  static bool owns(const Known& known) { return known.word != 0; }
  static Known* find(Thread& thread, const Entry& entry) {
    for (std::size_t i = 0; i < thread.count; ++i) {
      if (thread.listed[i].entry == &entry) return &thread.listed[i];
    }
    return nullptr;
  }

  // Where nothing has changed since it could have died last nobody can tell the two apart.
  static void step_if_changed(Where where) {
    Thread& thread = me();
    if (!thread.may_die || !thread.changed) return;
    thread.changed = false;
    if (Hooks::dies()) die(where);
  }

  static void wake(Word* word, int count, Where where) {
    if constexpr (requires { P::unpark(word, count, where); }) {
      P::unpark(word, count, where);
    } else {
      P::unpark(word, count);
    }
  }

  static std::uint32_t look(Word& word) {
    if constexpr (requires { Hooks::look(word); }) {
      return Hooks::look(word);
    } else {
      return word.fetch_or(0, std::memory_order_acq_rel);
    }
  }

  // The kernel's exit_robust_list(). In steps of its own: other threads run between them.
  static void end_thread(Where where) {
    Thread thread = me();
    me() = Thread{};
    while (thread.count > 0) {
      const Known& known = thread.listed[--thread.count];
      if (known.entry != thread.at_work.entry) end_owner(known, false, where);
    }
    if (thread.at_work.entry != nullptr) end_owner(thread.at_work, true, where);
  }

  // The kernel's handle_futex_death(), whose barriers are full. Where the thread owns the word it
  // is known what the kernel finds.
  static void end_owner(const Known& known, bool at_work, Where where) {
    Word& word = known.entry->word;
    std::uint32_t seen = owns(known) ? known.word : look(word);
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
