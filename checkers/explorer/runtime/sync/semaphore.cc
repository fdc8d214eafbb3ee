// SPDX-License-Identifier: Apache-2.0
//
// POSIX semaphores (unnamed) and pthread barriers.
//
// A semaphore is its value: a wait is one read-modify-write that takes 1 from a value above 0. A
// barrier counts arrivals, without end: the last of every `needed` says that their round is full,
// and the others wait for that. They read nothing of the next round, for which some may be there by
// then.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <cstdint>

#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

int* ValueOf(sem_t* semaphore) { return reinterpret_cast<int*>(semaphore); }

bool IsPositive(Value value) { return static_cast<int>(value) > 0; }

int Wait(sem_t* semaphore, const timespec* limit, Site site) {
  Call call("sem_wait", site, "semaphore");
  if (limit != nullptr && !IsTimespec(limit)) {
    errno = EINVAL;
    return -1;
  }
  if (limit != nullptr && GivesUp(call, ValueOf(semaphore), IsPositive)) {
    errno = Timed(ETIMEDOUT, limit);
    return -1;
  }
  call.SetExpires(limit != nullptr);
  AdmitsIf positive(IsPositive);
  call.Modify(ValueOf(semaphore), Rmw::kSub, 1, Order::kAcquire, &positive);
  return 0;
}

// In the places of glibc's in, current_round and count: one from before the exploration is one.
struct Barrier {
  std::uint32_t arrived;
  std::uint32_t rounds;  // that are full
  std::uint32_t needed;
};
static_assert(sizeof(Barrier) <= sizeof(pthread_barrier_t));

Barrier* Of(pthread_barrier_t* barrier) { return reinterpret_cast<Barrier*>(barrier); }

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  if (!Exploring()) return HEDDLE_REAL(sem_init)(semaphore, shared, value);
  if (value > SEM_VALUE_MAX) {
    errno = EINVAL;
    return -1;
  }
  Call("sem_init", HEDDLE_CALLER).Writes(semaphore, sizeof *semaphore);
  *ValueOf(semaphore) = static_cast<int>(value);
  return 0;
}

HEDDLE_INTERPOSE int sem_destroy(sem_t* semaphore) noexcept {
  if (!Exploring()) return HEDDLE_REAL(sem_destroy)(semaphore);
  Call("sem_destroy", HEDDLE_CALLER).Destroys(semaphore, sizeof *semaphore, "semaphore");
  return 0;
}

HEDDLE_INTERPOSE int sem_wait(sem_t* semaphore) {
  if (!Exploring()) return HEDDLE_REAL(sem_wait)(semaphore);
  return Wait(semaphore, nullptr, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(sem_timedwait)(semaphore, deadline);
  return Wait(semaphore, deadline, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(sem_clockwait)(semaphore, clock, deadline);
  if (!IsClock(clock)) {
    errno = EINVAL;
    return -1;
  }
  return Wait(semaphore, deadline, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int sem_trywait(sem_t* semaphore) noexcept {
  if (!Exploring()) return HEDDLE_REAL(sem_trywait)(semaphore);
  Call call = Call::ThatPolls("sem_trywait", HEDDLE_CALLER);
  int value = call.Load(ValueOf(semaphore), Order::kRelaxed);
  while (value > 0) {
    if (call.CompareExchange(ValueOf(semaphore), value, value - 1, Order::kAcquire,
                             Order::kRelaxed)) {
      return 0;
    }
  }
  errno = EAGAIN;
  return -1;
}

HEDDLE_INTERPOSE int sem_post(sem_t* semaphore) noexcept {
  if (!Exploring()) return HEDDLE_REAL(sem_post)(semaphore);
  Call call("sem_post", HEDDLE_CALLER);
  const int before = call.Modify(ValueOf(semaphore), Rmw::kAdd, 1, Order::kRelease);
  // Below 0 another one is about to take back what was too much.
  if (before >= 0 && before != SEM_VALUE_MAX) return 0;
  call.Modify(ValueOf(semaphore), Rmw::kSub, 1, Order::kRelaxed);
  errno = EOVERFLOW;
  return -1;
}

HEDDLE_INTERPOSE int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  if (!Exploring()) return HEDDLE_REAL(sem_getvalue)(semaphore, value);
  Call call = Call::ThatPolls("sem_getvalue", HEDDLE_CALLER);
  *value = call.Load(ValueOf(semaphore), Order::kRelaxed);
  return 0;
}

HEDDLE_INTERPOSE int pthread_barrier_init(pthread_barrier_t* barrier,
                                          const pthread_barrierattr_t* attributes,
                                          unsigned needed) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_barrier_init)(barrier, attributes, needed);
  if (needed == 0) return EINVAL;
  Call("pthread_barrier_init", HEDDLE_CALLER).Writes(barrier, sizeof *barrier);
  *Of(barrier) = {.arrived = 0, .rounds = 0, .needed = needed};
  return 0;
}

HEDDLE_INTERPOSE int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_barrier_destroy)(barrier);
  Call call("pthread_barrier_destroy", HEDDLE_CALLER);
  // libc's waits here until all have left.
  const std::uint32_t needed = Of(barrier)->needed;
  if (needed == 0) return 0;
  if (call.Load(&Of(barrier)->arrived, Order::kAcquire) % needed != 0) {
    call.Found(verdict::kDestroyedInUse, "thread %d destroys the barrier %p, at which threads wait",
               call.thread(), static_cast<void*>(barrier));
  }
  return 0;
}

HEDDLE_INTERPOSE int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_barrier_wait)(barrier);
  Call call("pthread_barrier_wait", HEDDLE_CALLER, "barrier");
  const std::uint32_t needed = Of(barrier)->needed;
  if (needed == 0) {
    call.Found(verdict::kCrash, "thread %d waits at the barrier %p, which is not initialized",
               call.thread(), static_cast<void*>(barrier));
  }
  const std::uint32_t before =
      call.Modify(&Of(barrier)->arrived, Rmw::kAdd, std::uint32_t{1}, Order::kAcqRel);
  const std::uint32_t round = before / needed + 1;
  if (before % needed == needed - 1) {
    // Where more threads come than a round takes, another one's last may be here first: it has seen
    // all of this one arrive.
    call.Modify(&Of(barrier)->rounds, Rmw::kAdd, std::uint32_t{1}, Order::kRelease);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  AdmitsIf full([=](Value value) { return static_cast<std::uint32_t>(value) >= round; });
  call.Load(&Of(barrier)->rounds, Order::kAcquire, &full);
  return 0;
}
