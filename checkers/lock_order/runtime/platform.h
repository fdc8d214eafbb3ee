// SPDX-License-Identifier: Apache-2.0
//
// What the lock-free parts of the runtime are templates over: this platform in production, an
// engine's in the models (models/lock_order). Asked for by shape alone, so that the runtime depends
// on nothing else of the repository.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLATFORM_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLATFORM_H_

#include <linux/futex.h>

#include <string_view>

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

struct RuntimePlatform {
  template <class T>
  using Atomic = std::atomic<T>;

  // A plain variable; the models check it for races.
  template <class T>
  class Var {
   public:
    T get() const { return value_; }
    void set(T value) { value_ = value; }

   private:
    T value_;
  };

  // Where tables live: zeroed pages, never given back (a reader may still be there).
  struct Memory {
    // A `Table` followed by `count` of its Slots; nullptr: no memory.
    template <class Table>
    Table* make(uint64_t count) {
      return static_cast<Table*>(map_pages(sizeof(Table) + count * sizeof(typename Table::Slot)));
    }
  };
  static constexpr uint64_t kSmallestMap = 512;

  // Sleeps while *word is `value`, or for no reason at all.
  static void park(std::atomic<uint32_t>* word, uint32_t value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
  }
  static void unpark(std::atomic<uint32_t>* word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
  }
};

// Mutation sites, for the models: true in the mutant of that name, where P is one.
template <class P>
HEDDLE_INLINE constexpr bool mutant(std::string_view name) {
  if constexpr (requires { P::kMutant; }) {
    if (P::kMutant != name) return false;
    if constexpr (requires { P::note_site(P::reached); }) {
      P::note_site(P::reached);  // under an engine for which a store would be the program's
    } else {
      P::reached.store(true, std::memory_order_relaxed);
    }
    return true;
  } else {
    (void)name;
    return false;
  }
}

// `shipped`, and in the mutant of that name relaxed.
template <class P>
HEDDLE_INLINE constexpr std::memory_order order(std::string_view name, std::memory_order shipped) {
  return mutant<P>(name) ? std::memory_order_relaxed : shipped;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLATFORM_H_
