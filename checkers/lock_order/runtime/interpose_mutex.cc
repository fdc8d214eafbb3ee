// SPDX-License-Identifier: Apache-2.0
// pthread_mutex_*.
#include <errno.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/mutex_node.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/real.h"

using heddle::lock_order::Call;
using heddle::lock_order::ChainWord;
using heddle::lock_order::g_real;
using heddle::lock_order::t_self;
using heddle::lock_order::ThreadState;
using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

HEDDLE_COLD int lock_slowly(pthread_mutex_t* mutex, const Call& call) {
  ThreadState& t = t_self;
  const bool recorded = begin_waiting(t, mutex_node(t, mutex, kMutexNormal, call, false), 0, call,
                                      unpack_chain(mutex_chain(mutex)));
  const int result = g_real.pthread_mutex_lock(mutex);
  if (recorded) finish_mutex(t, result);
  return result;
}

HEDDLE_COLD int unlock_slowly(pthread_mutex_t* mutex, const Call& call) {
  release_mutex(t_self, mutex, call);
  return g_real.pthread_mutex_unlock(mutex);
}

}  // namespace

HEDDLE_EXPORT int pthread_mutex_lock(pthread_mutex_t* mutex) {
  ThreadState& t = t_self;
  const Call call = HEDDLE_CALL;
  Thread* record = t.record;
  const uint32_t node = node_of_tag(*tag_word(mutex), mutex);
  if (HEDDLE_UNLIKELY(node == 0 || record == nullptr)) return lock_slowly(mutex, call);
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth >= kHeldInline)) return lock_slowly(mutex, call);
  const uint8_t flags = t.flags;
  const ChainWord word = depth == 0 ? unpack_chain(*chain_word(mutex))
                                    : next_chain(t, depth, node, flags, call);
  write_entry(t, depth, node, flags, call, word);
  set_wanted(record, node, flags, call);
  std::atomic_signal_fence(std::memory_order_release);
  const int result = g_real.pthread_mutex_lock(mutex);
  if (HEDDLE_UNLIKELY(result != 0)) {
    finish_mutex(t_self, result);
    return result;
  }
  finish(t_self);
  return 0;
}

HEDDLE_EXPORT int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  ThreadState& t = t_self;
  Thread* record = t.record;
  const uint32_t node = node_of_tag(*tag_word(mutex), mutex);
  if (HEDDLE_UNLIKELY(node == 0 || record == nullptr)) return unlock_slowly(mutex, HEDDLE_CALL);
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth - 1 >= kHeldInline || record->held[depth - 1].node != node)) {
    return unlock_slowly(mutex, HEDDLE_CALL);
  }
  // Taken alone, its chain is the same each time: the lock itself remembers it.
  if (depth == 1) *chain_word(mutex) = pack_chain(t.words[0]);
  store_word(record->depth, depth - 1);
  store_word(record->sequence, record->sequence + 1);
  return g_real.pthread_mutex_unlock(mutex);
}

HEDDLE_EXPORT int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  const Call call = HEDDLE_CALL;
  const int result = g_real.pthread_mutex_trylock(mutex);
  if (result == 0 || result == EOWNERDEAD) {
    ThreadState& t = t_self;
    push_tried(t, mutex_node(t, mutex, kMutexNormal, call, false), 0, call);
  }
  return result;
}

HEDDLE_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const bool recorded = begin_waiting(t, mutex_node(t, mutex, kMutexNormal, call, false), kTimed,
                                      call, unpack_chain(0));
  const int result = HEDDLE_REAL(pthread_mutex_timedlock)(mutex, until);
  if (recorded) finish_mutex(t, result);
  return result;
}

HEDDLE_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                          const timespec* until) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const bool recorded = begin_waiting(t, mutex_node(t, mutex, kMutexNormal, call, false), kTimed,
                                      call, unpack_chain(0));
  const int result = HEDDLE_REAL(pthread_mutex_clocklock)(mutex, clock, until);
  if (recorded) finish_mutex(t, result);
  return result;
}

HEDDLE_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  end_mutex(t, mutex, call, true);
  const int result = g_real.pthread_mutex_init(mutex, attributes);
  if (result == 0) {
    // glibc's init zeroes only what it uses on some versions.
    forget_mutex(mutex);
    mutex_node(t, mutex, kMutexNormal, call, true);
  }
  return result;
}

HEDDLE_EXPORT int pthread_mutex_destroy(pthread_mutex_t* mutex) {
  const Call call = HEDDLE_CALL;
  const uint32_t node = known_mutex_node(mutex);
  const bool held = mutex->__data.__owner != 0;
  const int result = g_real.pthread_mutex_destroy(mutex);
  if (node != 0) mutex_destroyed(t_self, mutex, node, held, result == 0, call);
  return result;
}
