// SPDX-License-Identifier: Apache-2.0
// pthread_rwlock_* and pthread_spin_*.
#include <errno.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/shared_lock.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

LockKind kind_of(const pthread_rwlock_t* lock) {
  switch (lock->__data.__flags) {
    case PTHREAD_RWLOCK_PREFER_WRITER_NP:
      return kRwPreferWriter;
    case PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP:
      return kRwPreferWriterNonrecursive;
    default:
      return kRwPreferReader;
  }
}

HEDDLE_COLD uint32_t new_node(ThreadState& t, pthread_rwlock_t* lock, Call call, bool created) {
  if (t.life == kThreadExited) return 0;
  if (taggable(lock)) {
    return g_recorder.tagged_node(t, lock, kind_of(lock), tag_word(lock), nullptr, call, created);
  }
  return shared_node(t, lock, kind_of(lock), call);
}

HEDDLE_INLINE uint32_t rwlock_node(ThreadState& t, pthread_rwlock_t* lock, Call call) {
  const uint32_t node = node_of_tag(*tag_word(lock), lock);
  if (HEDDLE_LIKELY(node != 0 && t.record != nullptr)) return node;
  return new_node(t, lock, call, false);
}

uint32_t known_rwlock_node(pthread_rwlock_t* lock) {
  const uint32_t node = node_of_tag(*tag_word(lock), lock);
  if (HEDDLE_LIKELY(node != 0)) return node;
  g_recorder.take_over_holds(t_self);
  if (taggable(lock)) return node_of_tag(*tag_word(lock), lock);
  return g_recorder.known_node(reinterpret_cast<uint64_t>(lock));
}

// A writer that waits stops the readers of such a lock, also one that holds nothing else.
HEDDLE_INLINE bool stops_readers(const pthread_rwlock_t* lock, uint8_t flags) {
  return (flags & kShared) == 0 &&
         lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

// The word's lowest bits: write phase, held or wanted to write; from the fourth on: readers.
HEDDLE_INLINE bool must_wait(const pthread_rwlock_t* lock, uint8_t flags) {
  const unsigned word = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);
  return (flags & kShared) != 0 ? (word & 3) == 3 : (word & 2) != 0 || (word >> 3) != 0;
}

template <class Real>
HEDDLE_INLINE int wait_for(pthread_rwlock_t* lock, uint8_t flags, Call call, Real real) {
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, rwlock_node(t, lock, call), flags, call, ChainWord{}, &wait);
  if (HEDDLE_UNLIKELY(stops_readers(lock, flags)) && wait.node != 0 && t.record->depth == 0) {
    g_recorder.visit_alone(t, wait.node, wait.flags, call);
  }
  const bool waits = HEDDLE_UNLIKELY(must_wait(lock, flags)) && wait.node != 0;
  const uint64_t from = waits ? monotonic_now() : 0;
  const int result = real();
  if (HEDDLE_UNLIKELY(waits)) g_recorder.add_wait(wait.node, monotonic_now() - from);
  if (HEDDLE_LIKELY(result == 0)) {
    finish(t_self, wait);
  } else {
    give_up(t_self, wait);
  }
  return result;
}

HEDDLE_INLINE int tried(pthread_rwlock_t* lock, uint8_t flags, Call call, int result) {
  if (result == 0) push_tried(t_self, rwlock_node(t_self, lock, call), flags, call);
  return result;
}

}  // namespace

HEDDLE_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  return wait_for(lock, kShared, HEDDLE_CALL, [&] { return g_real.pthread_rwlock_rdlock(lock); });
}
HEDDLE_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  return wait_for(lock, 0, HEDDLE_CALL, [&] { return g_real.pthread_rwlock_wrlock(lock); });
}
HEDDLE_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* until) {
  return wait_for(lock, kShared | kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(pthread_rwlock_timedrdlock)(lock, until); });
}
HEDDLE_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* until) {
  return wait_for(lock, kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(pthread_rwlock_timedwrlock)(lock, until); });
}
HEDDLE_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                                             const timespec* until) {
  return wait_for(lock, kShared | kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(pthread_rwlock_clockrdlock)(lock, clock, until); });
}
HEDDLE_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                                             const timespec* until) {
  return wait_for(lock, kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(pthread_rwlock_clockwrlock)(lock, clock, until); });
}
HEDDLE_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) {
  return tried(lock, kShared, HEDDLE_CALL, g_real.pthread_rwlock_tryrdlock(lock));
}
HEDDLE_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) {
  return tried(lock, 0, HEDDLE_CALL, g_real.pthread_rwlock_trywrlock(lock));
}

HEDDLE_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
  ThreadState& t = t_self;
  const uint32_t node = known_rwlock_node(lock);
  if (HEDDLE_UNLIKELY(!release(t, node))) release_foreign(t, node, HEDDLE_CALL);
  return g_real.pthread_rwlock_unlock(lock);
}

HEDDLE_EXPORT int pthread_rwlock_init(pthread_rwlock_t* lock,
                                      const pthread_rwlockattr_t* attributes) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  uint32_t node = node_of_tag(*tag_word(lock), lock);
  if (node != 0) {
    g_recorder.end_node(t, node, call);
  } else {
    g_recorder.end_address(t, reinterpret_cast<uint64_t>(lock), call);
  }
  const int result = g_real.pthread_rwlock_init(lock, attributes);
  if (result == 0) {
    if (taggable(lock)) *tag_word(lock) = 0;
    new_node(t, lock, call, true);
  }
  return result;
}

HEDDLE_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t* lock) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const uint32_t node = known_rwlock_node(lock);
  // glibc destroys a held rwlock without a word; who holds it is in its words.
  const bool held = lock->__data.__cur_writer != 0 || (lock->__data.__readers >> 3) != 0;
  const int result = g_real.pthread_rwlock_destroy(lock);
  if (node == 0 || result != 0) return result;
  if (held && !holds(t, node)) g_recorder.report(t, kEventDestroyHeld, node, call);
  if (node_of_tag(*tag_word(lock), lock) == node) {
    g_recorder.end_node(t, node, call);
    *tag_word(lock) = 0;
  } else {
    g_recorder.end_address(t, reinterpret_cast<uint64_t>(lock), call);
  }
  return result;
}

namespace {

uint64_t spin_key(pthread_spinlock_t* lock) {
  return reinterpret_cast<uint64_t>(const_cast<int*>(lock));
}

}  // namespace

HEDDLE_EXPORT int pthread_spin_lock(pthread_spinlock_t* lock) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, g_recorder.address_node(t, spin_key(lock), kSpin, call), 0, call, ChainWord{}, &wait);
  const int result = HEDDLE_REAL(pthread_spin_lock)(lock);
  finish(t_self, wait);
  return result;
}
HEDDLE_EXPORT int pthread_spin_trylock(pthread_spinlock_t* lock) {
  const Call call = HEDDLE_CALL;
  const int result = HEDDLE_REAL(pthread_spin_trylock)(lock);
  if (result == 0) {
    ThreadState& t = t_self;
    push_tried(t, g_recorder.address_node(t, spin_key(lock), kSpin, call), 0, call);
  }
  return result;
}
HEDDLE_EXPORT int pthread_spin_unlock(pthread_spinlock_t* lock) {
  ThreadState& t = t_self;
  const uint32_t node = g_recorder.known_node(spin_key(lock));
  if (HEDDLE_UNLIKELY(!release(t, node))) release_foreign(t, node, HEDDLE_CALL);
  return HEDDLE_REAL(pthread_spin_unlock)(lock);
}
HEDDLE_EXPORT int pthread_spin_init(pthread_spinlock_t* lock, int shared) {
  g_recorder.end_address(t_self, spin_key(lock), HEDDLE_CALL);
  return HEDDLE_REAL(pthread_spin_init)(lock, shared);
}
HEDDLE_EXPORT int pthread_spin_destroy(pthread_spinlock_t* lock) {
  g_recorder.end_address(t_self, spin_key(lock), HEDDLE_CALL);
  return HEDDLE_REAL(pthread_spin_destroy)(lock);
}
