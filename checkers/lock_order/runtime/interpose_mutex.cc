// SPDX-License-Identifier: Apache-2.0
// pthread_mutex_*.
#include <errno.h>

#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/mutex_node.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/plain_mutex.h"
#include "checkers/lock_order/runtime/real.h"

using heddle::lock_order::Call;
using heddle::lock_order::ChainWord;
using heddle::lock_order::g_real;
using heddle::lock_order::t_self;
using heddle::lock_order::ThreadState;
using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

// Somebody has it: what the wait costs is noted, next to which a look at the clock is nothing.
HEDDLE_COLD int lock_contended(pthread_mutex_t* mutex, uint32_t node, Call call) {
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, node, 0, call, unpack_chain(*chain_word(mutex)), &wait);
  const uint64_t from = monotonic_now();
  store_word(t.record->wanted_since, from);
  const int result = g_real.pthread_mutex_lock(mutex);
  g_recorder.add_wait(node, monotonic_now() - from);
  store_word(t.record->wanted_since, uint64_t{0});
  finish_mutex(t_self, result, wait);
  return result;
}

// Not by itself: that is recursion, or a deadlock that has no end to measure.
bool held_by_another(const pthread_mutex_t* mutex) {
  return __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) != 0 &&
         t_self.record != nullptr &&
         __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED) !=
             static_cast<int>(t_self.record->tid);
}

template <class Real>
HEDDLE_INLINE int acquire(pthread_mutex_t* mutex, const Waiting& wait, Real real) {
  const uint64_t from = wait.node != 0 && held_by_another(mutex) ? monotonic_now() : 0;
  const int result = real();
  if (from != 0) g_recorder.add_wait(wait.node, monotonic_now() - from);
  finish_mutex(t_self, result, wait);
  return result;
}

HEDDLE_COLD int lock_slowly(pthread_mutex_t* mutex, Call call) {
  ThreadState& t = t_self;
  if (lock_ghost(t, mutex, call)) return 0;
  Waiting wait;
  const uint32_t node = mutex_node(t, mutex, kMutexNormal, call, false);
  begin(t, node, 0, call, unpack_chain(mutex_chain(mutex)), &wait);
  return acquire(mutex, wait, [mutex] { return g_real.pthread_mutex_lock(mutex); });
}

// Keeps a constant result from the compiler, so that calls of the functions below are jumps.
HEDDLE_INLINE int success() {
  int zero = 0;
  asm("" : "+r"(zero));
  return zero;
}

// Acquired already, nested in a way that this thread did not see before.
HEDDLE_COLD int push_new(uint32_t node, Call call) {
  ThreadState& t = t_self;
  const uint32_t depth = t.record->depth;
  if (in_handler(t, call)) g_recorder.note_handler(t, node);
  const ChainWord word = depth == 0 ? ChainWord{} : next_chain(t, depth, node, t.flags, call);
  write_entry(t, depth, node, t.flags, call, word);
  count_entry(t.record, depth);
  return success();
}

// The same, but seen before: only not lately.
__attribute__((noinline)) int push_seen(Thread* record, uint32_t node, Call call, uint32_t depth) {
  const Held& top = record->held[depth - 1];
  const ChainWord parent = t_self.words[depth - 1];
  if (HEDDLE_UNLIKELY(t_self.flags != 0 || parent.chain == 0 || top.node == 0 ||
                      t_self.chains.empty() || parent.check != site_check(top.site, top.flags))) {
    return push_new(node, call);
  }
  const uint32_t check = site_check(call.site, 0);
  const ChainEntry* entry = t_self.chains.peek(parent.chain, node, check);
  if (HEDDLE_UNLIKELY(entry == nullptr || entry->segment < t_self.segment)) {
    return push_new(node, call);
  }
  RecentStep& recent = t_self.recent[node % kRecentSteps];
  recent.key = (uint64_t{node} << 32) | parent.chain;
  recent.check = check;
  recent.segment = t_self.segment;
  recent.child = entry->child;
  write_inline_entry(record, depth, node, 0, call, {entry->child, check});
  count_entry(record, depth);
  return success();
}

// Acquired already, with others held: it has waited for nobody, so its edge is early enough here.
__attribute__((noinline)) int push_nested(Thread* record, uint32_t node, Call call,
                                          uint32_t depth) {
  const RecentStep& recent = t_self.recent[node % kRecentSteps];
  const Held& top = record->held[depth - 1];
  const ChainWord parent = t_self.words[depth - 1];
  const uint32_t check = site_check(call.site, 0);
  // Only the outermost lock's chain may be another's: it is what the lock itself remembered.
  if (HEDDLE_UNLIKELY(recent.key != ((uint64_t{node} << 32) | parent.chain) ||
                      recent.check != check || recent.segment != t_self.segment ||
                      t_self.flags != 0 || top.node == 0 ||
                      (depth == 1 && parent.check != site_check(top.site, top.flags)))) {
    return push_seen(record, node, call, depth);
  }
  write_inline_entry(record, depth, node, 0, call, {recent.child, check});
  count_entry(record, depth);
  return success();
}

HEDDLE_COLD int unlock_slowly(pthread_mutex_t* mutex, Call call) {
  if (unlock_ghost(t_self, mutex)) return free_plain_mutex(mutex);
  release_mutex(t_self, mutex, call);
  return g_real.pthread_mutex_unlock(mutex);
}

}  // namespace

HEDDLE_EXPORT int pthread_mutex_lock(pthread_mutex_t* mutex) {
  const Call call = HEDDLE_CALL;
  Thread* record = t_self.record;
  const uint64_t tag = *tag_word(mutex);
  if (HEDDLE_UNLIKELY(!is_tag(tag, mutex) || record == nullptr || !plain_mutex(mutex))) {
    return lock_slowly(mutex, call);
  }
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth >= kHeldInline)) return lock_slowly(mutex, call);
  const auto node = static_cast<uint32_t>(tag);
  if (HEDDLE_UNLIKELY(!take_plain_mutex(mutex, record->tid))) {
    return lock_contended(mutex, node, call);
  }
  const uint8_t flags = t_self.flags;
  if (depth != 0) return push_nested(record, node, call, depth);
  if (HEDDLE_UNLIKELY(flags != 0)) return push_new(node, call);
  write_inline_entry(record, 0, node, 0, call, unpack_chain(*chain_word(mutex)));
  count_entry(record, 0);
  return 0;
}

HEDDLE_EXPORT int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  Thread* record = t_self.record;
  const uint64_t tag = *tag_word(mutex);
  if (HEDDLE_UNLIKELY(!is_tag(tag, mutex) || record == nullptr || !plain_mutex(mutex))) {
    return unlock_slowly(mutex, HEDDLE_CALL);
  }
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth - 1 >= kHeldInline ||
                      record->held[depth - 1].node != static_cast<uint32_t>(tag))) {
    return unlock_slowly(mutex, HEDDLE_CALL);
  }
  // Taken alone, its chain is the same each time: the lock itself remembers it.
  if (depth == 1) *chain_word(mutex) = pack_chain(t_self.words[0]);
  store_word(record->depth, depth - 1);
  return free_plain_mutex(mutex);
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
  Waiting wait;
  begin(t, mutex_node(t, mutex, kMutexNormal, call, false), kTimed, call, ChainWord{}, &wait);
  return acquire(mutex, wait, [&] { return HEDDLE_REAL(pthread_mutex_timedlock)(mutex, until); });
}

HEDDLE_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                          const timespec* until) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, mutex_node(t, mutex, kMutexNormal, call, false), kTimed, call, ChainWord{}, &wait);
  return acquire(mutex, wait,
                 [&] { return HEDDLE_REAL(pthread_mutex_clocklock)(mutex, clock, until); });
}

HEDDLE_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex,
                                     const pthread_mutexattr_t* attributes) {
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
  if (end_ghost(t_self, mutex)) return g_real.pthread_mutex_destroy(mutex);
  const uint32_t node = known_mutex_node(mutex);
  const bool held = mutex->__data.__owner != 0;
  const int result = g_real.pthread_mutex_destroy(mutex);
  if (node != 0) mutex_destroyed(t_self, mutex, node, held, result == 0, call);
  return result;
}
