// SPDX-License-Identifier: Apache-2.0
//
// Taking and freeing an uncontended, normal pthread mutex without calling libc: the same words in
// the same states (__lock 0 free, 1 held, 2 held with waiters; __owner; __nusers), so libc's own
// functions, condition variables included, work on it as ever. A shim that only passes the call on
// costs half of an uncontended pair by itself; this costs nothing, and it tells for free which
// acquisitions have to wait.
//
// Whether this libc does keep those words so is tried out on a mutex when the runtime starts; if
// not, plain_mutex() is never true and everything goes through libc.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLAIN_MUTEX_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLAIN_MUTEX_H_

#include <pthread.h>

#include "checkers/lock_order/runtime/platform.h"

namespace heddle::lock_order {

// The __kind of mutexes that may be handled here: that of PTHREAD_MUTEX_INITIALIZER, or one that no
// mutex has.
extern int g_plain_kind __attribute__((visibility("hidden")));

void find_plain_kind();

HEDDLE_INLINE bool plain_mutex(const pthread_mutex_t* mutex) {
  return mutex->__data.__kind == g_plain_kind;
}

// The lock word's part of it.
template <class P>
struct PlainWord {
  using Word = typename P::template Atomic<uint32_t>;

  static HEDDLE_INLINE bool take(Word& word) {
    uint32_t expected = 0;
    return word.compare_exchange_strong(expected, 1,
                                        order<P>("take_relaxed", std::memory_order_acquire),
                                        std::memory_order_relaxed);
  }
  // True: somebody sleeps and is to be woken.
  static HEDDLE_INLINE bool free(Word& word) {
    return word.exchange(0, order<P>("free_relaxed", std::memory_order_release)) > 1 &&
           !mutant<P>("no_wake");
  }
};

HEDDLE_INLINE std::atomic<uint32_t>& lock_word(pthread_mutex_t* mutex) {
  return reinterpret_cast<std::atomic<uint32_t>&>(mutex->__data.__lock);
}

HEDDLE_INLINE bool take_plain_mutex(pthread_mutex_t* mutex, uint32_t tid) {
  if (HEDDLE_UNLIKELY(!PlainWord<RuntimePlatform>::take(lock_word(mutex)))) return false;
  mutex->__data.__owner = static_cast<int>(tid);
  ++mutex->__data.__nusers;
  return true;
}

HEDDLE_COLD inline int wake_plain_mutex(std::atomic<uint32_t>* word) {
  const KeepErrno keep;
  RuntimePlatform::unpark(word, 1);
  return 0;
}

// 0, as the unlock function's result.
HEDDLE_INLINE int free_plain_mutex(pthread_mutex_t* mutex) {
  mutex->__data.__owner = 0;
  --mutex->__data.__nusers;
  std::atomic<uint32_t>& word = lock_word(mutex);
  // From here on the mutex may be gone; a wake-up at its address is harmless, as in libc.
  if (HEDDLE_UNLIKELY(PlainWord<RuntimePlatform>::free(word))) return wake_plain_mutex(&word);
  return 0;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLAIN_MUTEX_H_
