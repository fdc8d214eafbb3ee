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

#include <linux/futex.h>
#include <pthread.h>

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

// The __kind of mutexes that may be handled here: that of PTHREAD_MUTEX_INITIALIZER, or one that no
// mutex has.
extern int g_plain_kind __attribute__((visibility("hidden")));

void find_plain_kind();

HEDDLE_INLINE bool plain_mutex(const pthread_mutex_t* mutex) {
  return mutex->__data.__kind == g_plain_kind;
}

HEDDLE_INLINE bool take_plain_mutex(pthread_mutex_t* mutex, uint32_t tid) {
  int expected = 0;
  if (HEDDLE_UNLIKELY(!__atomic_compare_exchange_n(&mutex->__data.__lock, &expected, 1, false,
                                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))) {
    return false;
  }
  mutex->__data.__owner = static_cast<int>(tid);
  ++mutex->__data.__nusers;
  return true;
}

HEDDLE_COLD inline int wake_plain_mutex(int* word) {
  const KeepErrno keep;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  return 0;
}

// 0, as the unlock function's result.
HEDDLE_INLINE int free_plain_mutex(pthread_mutex_t* mutex) {
  mutex->__data.__owner = 0;
  --mutex->__data.__nusers;
  int* word = &mutex->__data.__lock;
  // From here on the mutex may be gone; a wake-up at its address is harmless, as in libc.
  if (HEDDLE_UNLIKELY(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) > 1)) {
    return wake_plain_mutex(word);
  }
  return 0;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_PLAIN_MUTEX_H_
