// SPDX-License-Identifier: Apache-2.0
//
// Which node is this lock? Where a lock has bytes that its implementation never uses and that a
// fresh one has zero, the number stands there: finding it costs a load from the lock's own cache
// line, and a new lock made at the old address is seen as new, although nobody told.
//
//   pthread_mutex_t, mtx_t   __data.__list, used by glibc only for robust mutexes: 16 bytes, the
//                            second half remembers the chain of this lock taken alone
//   pthread_rwlock_t         __data.__pad2, 8 bytes
//
// A tag is the node's number and, above it, a check: the address and a secret of this process, so
// that copied bytes, stale bytes and a parent process's tags are nobody's.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_NODE_TAG_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_NODE_TAG_H_

#include <pthread.h>

#include "checkers/lock_order/runtime/base.h"
#include "checkers/lock_order/runtime/thread_state.h"

namespace heddle::lock_order {

using TagWord = uint64_t __attribute__((may_alias));

extern uint32_t g_tag_secret __attribute__((visibility("hidden")));

HEDDLE_INLINE uint32_t tag_check(const void* lock) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(lock) >> 3) ^ g_tag_secret;
}
HEDDLE_INLINE uint64_t make_tag(const void* lock, uint32_t node) {
  return (uint64_t{tag_check(lock)} << 32) | node;
}
HEDDLE_INLINE bool is_tag(uint64_t tag, const void* lock) {
  return static_cast<uint32_t>(tag >> 32) == tag_check(lock);
}
// The node, or 0.
HEDDLE_INLINE uint32_t node_of_tag(uint64_t tag, const void* lock) {
  return static_cast<uint32_t>(tag >> 32) == tag_check(lock) ? static_cast<uint32_t>(tag) : 0;
}

// A tag that the fast path takes for none: this lock's next acquisition outside of signal handlers
// is looked at.
inline uint64_t make_watched_tag(const void* lock, uint32_t node) {
  return make_tag(lock, node) ^ (1ULL << 63);
}
inline uint32_t node_of_watched_tag(uint64_t tag, const void* lock) {
  return node_of_tag(tag ^ (1ULL << 63), lock);
}

// A tag that the fast path takes for none, too: a ghost of this thread's (ghosts.h).
inline uint64_t make_ghost_tag(const void* lock, uint32_t thread) {
  return make_tag(lock, thread) ^ (1ULL << 62);
}
inline uint32_t thread_of_ghost_tag(uint64_t tag, const void* lock) {
  return node_of_tag(tag ^ (1ULL << 62), lock);
}

#if defined(__x86_64__)
HEDDLE_INLINE TagWord* tag_word(pthread_mutex_t* mutex) {
  return reinterpret_cast<TagWord*>(&mutex->__data.__list.__prev);
}
HEDDLE_INLINE TagWord* chain_word(pthread_mutex_t* mutex) {
  return reinterpret_cast<TagWord*>(&mutex->__data.__list.__next);
}
HEDDLE_INLINE TagWord* tag_word(pthread_rwlock_t* lock) {
  return reinterpret_cast<TagWord*>(&lock->__data.__pad2);
}
// Robust, priority-inheriting, -protecting and process-shared mutexes: their list is in use, or
// their bytes belong to other processes as well.
HEDDLE_INLINE bool taggable(const pthread_mutex_t* mutex) {
  return (static_cast<unsigned>(mutex->__data.__kind) & (16U | 32U | 64U | 128U)) == 0;
}
HEDDLE_INLINE bool taggable(const pthread_rwlock_t* lock) { return lock->__data.__shared == 0; }
static_assert(sizeof(pthread_mutex_t) == 40 && sizeof(pthread_rwlock_t) == 56);
#else
#error "the lock layouts of this architecture are not described yet"
#endif

HEDDLE_INLINE ChainWord unpack_chain(uint64_t word) {
  return {static_cast<uint32_t>(word), static_cast<uint32_t>(word >> 32)};
}
HEDDLE_INLINE uint64_t pack_chain(ChainWord word) {
  return word.chain | (uint64_t{word.check} << 32);
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_NODE_TAG_H_
