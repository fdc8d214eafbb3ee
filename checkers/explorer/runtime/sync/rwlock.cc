// SPDX-License-Identifier: Apache-2.0
//
// pthread rwlocks and spin locks. A rwlock is one word:
//
//   bit 31       held by a writer
//   bits 20-30   writers that wait, where the lock's kind lets them keep readers out
//   bits 0-19    readers that hold it
//
// Invariant: with bit 31 set no reader holds it. A reader adds 1 where no writer keeps it out, a
// writer sets bit 31 where nobody holds it; each is one read-modify-write that waits until it may.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <cstdint>

#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

using Word = std::uint32_t;
constexpr Word kWriter = 1U << 31;
constexpr Word kWaiting = 1U << 20;
constexpr Word kReaders = kWaiting - 1;

Word* WordOf(pthread_rwlock_t* lock) { return &lock->__data.__readers; }
bool WritersFirst(const pthread_rwlock_t* lock) {
  return lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

constexpr char kRead[] = "rwlock for reading";
constexpr char kWrite[] = "rwlock for writing";

bool IsFor(const Held& held, const char* what) { return held.what == what; }

bool ReaderMay(Word word, bool writers_first) {
  return (writers_first ? word & ~kReaders : word & kWriter) == 0;
}

int ReadLock(pthread_rwlock_t* lock, bool expires, Site site) {
  Call call("pthread_rwlock_rdlock", site, "rwlock");
  Held* const held = FindHeld(call.fiber(), lock);
  if (held != nullptr && IsFor(*held, kWrite)) return EDEADLK;
  const bool writers_first = WritersFirst(lock);
  const auto may = [=](Value value) { return ReaderMay(static_cast<Word>(value), writers_first); };
  if (expires && GivesUp(call, WordOf(lock), may)) return ETIMEDOUT;
  call.SetExpires(expires);
  AdmitsIf free(may);
  call.Modify(WordOf(lock), Rmw::kAdd, Word{1}, Order::kAcquire, &free);
  if (held != nullptr) {
    ++held->count;
    CountEffect();
  } else {
    AddHeld(call, lock, kRead);
  }
  return 0;
}

int TryReadLock(pthread_rwlock_t* lock, Site site) {
  Call call = Call::ThatPolls("pthread_rwlock_tryrdlock", site);
  Word word = call.Load(WordOf(lock), Order::kRelaxed);
  while (ReaderMay(word, WritersFirst(lock))) {
    if (!call.CompareExchange(WordOf(lock), word, word + 1, Order::kAcquire, Order::kRelaxed)) {
      continue;
    }
    if (Held* const held = FindHeld(call.fiber(), lock)) {
      ++held->count;
      CountEffect();
    } else {
      AddHeld(call, lock, kRead);
    }
    return 0;
  }
  return EBUSY;
}

int WriteLock(pthread_rwlock_t* lock, bool expires, Site site) {
  Call call("pthread_rwlock_wrlock", site, "rwlock");
  const Held* const held = FindHeld(call.fiber(), lock);
  if (held != nullptr && IsFor(*held, kWrite)) return EDEADLK;
  Word* const word = WordOf(lock);
  const auto may = [](Value value) {
    return (static_cast<Word>(value) & (kWriter | kReaders)) == 0;
  };
  if (expires && GivesUp(call, word, may)) return ETIMEDOUT;
  call.SetExpires(expires);
  AdmitsIf free(may);
  if (WritersFirst(lock)) {
    call.Modify(word, Rmw::kAdd, kWaiting, Order::kRelaxed);
    call.Modify(word, Rmw::kAdd, kWriter - kWaiting, Order::kAcquire, &free);
  } else {
    call.Modify(word, Rmw::kOr, kWriter, Order::kAcquire, &free);
  }
  AddHeld(call, lock, kWrite);
  return 0;
}

int TryWriteLock(pthread_rwlock_t* lock, Site site) {
  Call call = Call::ThatPolls("pthread_rwlock_trywrlock", site);
  Word word = call.Load(WordOf(lock), Order::kRelaxed);
  while ((word & (kWriter | kReaders)) == 0) {
    if (call.CompareExchange(WordOf(lock), word, word | kWriter, Order::kAcquire,
                             Order::kRelaxed)) {
      AddHeld(call, lock, kWrite);
      return 0;
    }
  }
  return EBUSY;
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_rwlock_init(pthread_rwlock_t* lock,
                                         const pthread_rwlockattr_t* attributes) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_init)(lock, attributes);
  Call("pthread_rwlock_init", HEDDLE_CALLER).Writes(lock, sizeof *lock);
  int kind = PTHREAD_RWLOCK_DEFAULT_NP;
  if (attributes != nullptr) pthread_rwlockattr_getkind_np(attributes, &kind);
  *lock = PTHREAD_RWLOCK_INITIALIZER;
  lock->__data.__flags = static_cast<unsigned>(kind);
  return 0;
}

HEDDLE_INTERPOSE int pthread_rwlock_destroy(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_destroy)(lock);
  Call call("pthread_rwlock_destroy", HEDDLE_CALLER);
  if (call.Load(WordOf(lock), Order::kRelaxed) != 0) {
    call.Found(verdict::kDestroyedInUse, "thread %d destroys the rwlock %p, which is held",
               call.thread(), static_cast<void*>(lock));
  }
  call.Destroys(lock, sizeof *lock, "rwlock");
  return 0;
}

HEDDLE_INTERPOSE int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_rdlock)(lock);
  return ReadLock(lock, false, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock,
                                                const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_timedrdlock)(lock, deadline);
  return Timed(ReadLock(lock, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                                                const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_clockrdlock)(lock, clock, deadline);
  if (!IsClock(clock)) return EINVAL;
  return Timed(ReadLock(lock, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_tryrdlock)(lock);
  return TryReadLock(lock, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_wrlock)(lock);
  return WriteLock(lock, false, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock,
                                                const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_timedwrlock)(lock, deadline);
  return Timed(WriteLock(lock, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                                                const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_clockwrlock)(lock, clock, deadline);
  if (!IsClock(clock)) return EINVAL;
  return Timed(WriteLock(lock, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_trywrlock)(lock);
  return TryWriteLock(lock, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_rwlock_unlock)(lock);
  Call call("pthread_rwlock_unlock", HEDDLE_CALLER);
  Held* const held = FindHeld(call.fiber(), lock);
  if (held == nullptr) {
    call.Found(verdict::kBadUnlock, "thread %d unlocks the rwlock %p, which it does not hold",
               call.thread(), static_cast<void*>(lock));
  }
  const bool writes = IsFor(*held, kWrite);
  if (held->count == 1) {
    RemoveHeld(call.fiber(), held);
  } else {
    --held->count;
    CountEffect();
  }
  call.Modify(WordOf(lock), Rmw::kSub, writes ? kWriter : Word{1}, Order::kRelease);
  return 0;
}

HEDDLE_INTERPOSE int pthread_spin_init(pthread_spinlock_t* lock, int shared) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_spin_init)(lock, shared);
  Call("pthread_spin_init", HEDDLE_CALLER).Writes(const_cast<int*>(lock), sizeof *lock);
  *lock = 0;
  return 0;
}

HEDDLE_INTERPOSE int pthread_spin_destroy(pthread_spinlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_spin_destroy)(lock);
  Call call("pthread_spin_destroy", HEDDLE_CALLER);
  if (call.Load(const_cast<int*>(lock), Order::kRelaxed) != 0) {
    call.Found(verdict::kDestroyedInUse, "thread %d destroys the spin lock %p, which is held",
               call.thread(), const_cast<int*>(lock));
  }
  return 0;
}

HEDDLE_INTERPOSE int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_spin_lock)(lock);
  Call call("pthread_spin_lock", HEDDLE_CALLER, "mutex");
  auto* const word = const_cast<int*>(lock);
  LockWord(call, word);
  AddHeld(call, word, "mutex");
  return 0;
}

HEDDLE_INTERPOSE int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_spin_trylock)(lock);
  Call call = Call::ThatPolls("pthread_spin_trylock", HEDDLE_CALLER);
  auto* const word = const_cast<int*>(lock);
  if (!TryLockWord(call, word)) return EBUSY;
  AddHeld(call, word, "mutex");
  return 0;
}

HEDDLE_INTERPOSE int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_spin_unlock)(lock);
  Call call("pthread_spin_unlock", HEDDLE_CALLER);
  auto* const word = const_cast<int*>(lock);
  Held* const held = FindHeld(call.fiber(), word);
  if (held == nullptr) {
    call.Found(verdict::kBadUnlock, "thread %d unlocks the spin lock %p, which it does not hold",
               call.thread(), static_cast<void*>(word));
  }
  RemoveHeld(call.fiber(), held);
  UnlockWord(call, word);
  return 0;
}
