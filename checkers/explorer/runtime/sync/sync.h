// SPDX-License-Identifier: Apache-2.0
//
// What the modelled primitives share. A thread's wait for another is always one read (or
// read-modify-write) that admits only what ends the wait; a critical section of a model's own is
// under a lock of that kind, so what it keeps beside the search's locations is ordered as the lock
// is.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_SYNC_SYNC_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_SYNC_SYNC_H_

#include <pthread.h>
#include <time.h>

#include "checkers/explorer/runtime/operations.h"

// The C library's own function of that name.
#define HEDDLE_REAL(name) \
  (reinterpret_cast<decltype(&::name)>(::heddle::explorer::RealFunction(#name)))

namespace heddle::explorer {

// What the current thread holds, for reports and for misuse.
Held* FindHeld(Fiber& fiber, const void* lock);
void AddHeld(Call& call, const void* lock, const char* what);
void RemoveHeld(Fiber& fiber, Held* held);

// Of a wait with a time limit: whether it ends there. That it does only where it has found that it
// has to wait: `may` says with which of the word's values it need not. Where somebody comes between
// such a look and the wait, the look could as well have been later.
template <typename T, typename Predicate>
bool GivesUp(Call& call, const T* word, Predicate may) {
  return !may(call.Load(word, Order::kRelaxed)) && call.Expires();
}

// Of a wait until `limit` that has ended with `result`, for its caller: where that is ETIMEDOUT the
// thread's clock has reached the limit, or that is none.
int Timed(int result, const timespec* limit);
// What a wait can have a limit by, and be told as its limit; with others it fails (EINVAL).
bool IsClock(clockid_t clock);
bool IsTimespec(const timespec* time);

// A lock word holds 0, or one more than its owner's id.
void LockWord(Call& call, int* word);
bool TryLockWord(Call& call, int* word);
void UnlockWord(Call& call, int* word);

// Mutexes; the result is errno's.
int DoLockMutex(pthread_mutex_t* mutex, Site site);
int DoTryLockMutex(pthread_mutex_t* mutex, Site site);
int DoTimedLockMutex(pthread_mutex_t* mutex, Site site);
int DoUnlockMutex(pthread_mutex_t* mutex, Site site);
int DoInitMutex(pthread_mutex_t* mutex, int kind, Site site);
int DoDestroyMutex(pthread_mutex_t* mutex, Site site);
// Of a kind that tells who does not hold it so (EPERM).
bool ChecksHolder(const pthread_mutex_t* mutex);
// Without regard to recursion; the caller knows that the thread does or does not hold it.
void LockMutex(Call& call, pthread_mutex_t* mutex);
void UnlockMutex(Call& call, pthread_mutex_t* mutex);

int DoWait(pthread_cond_t* condition, pthread_mutex_t* mutex, bool expires, Site site);
int DoSignal(pthread_cond_t* condition, bool all, Site site);

// Who waits at addresses: of condition variables, and of futexes in order of arrival. A thread that
// waits has entered, and sleeps until somebody takes that back. Addresses with one hash share a
// queue, as in the kernel: where a queue is must not depend on the order in which addresses are
// waited at.
class WaitQueue {
 public:
  // Enters the lock of the address's queue, which Unlock() leaves.
  static WaitQueue& Lock(Call& call, const void* address);
  void Unlock(Call& call);

  // Under the lock. `in_order`: behind those that have entered.
  void Enter(Call& call, const void* address, bool in_order);
  int CountAt(const void* address) const;
  // Wakes the `place`-th of those that wait at the address: in their order, or that of their ids.
  void Wake(Call& call, const void* address, int place);
  // Takes back Enter(), of the current thread. False: it has been woken.
  bool Leave(Call& call);

  // Not under the lock: until it is woken.
  void Sleep(Call& call);

 private:
  struct Waiter {
    const void* address;  // null: it does not wait
    int arrival;
  };

  int lock_;
  // By thread, so that who leaves has put back what it has changed, whoever came in between.
  Waiter waiters_[kMaxThreads];
  int woken_[kMaxThreads];
  bool used_[kMaxThreads];  // the thread's wake-up has been used
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_SYNC_SYNC_H_
