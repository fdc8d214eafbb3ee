// SPDX-License-Identifier: Apache-2.0
//
// The node of a pthread_mutex_t or mtx_t: by tag where it may be tagged, else by address.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_MUTEX_NODE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_MUTEX_NODE_H_

#include <pthread.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/node_tag.h"

namespace heddle::lock_order {

HEDDLE_COLD uint32_t new_mutex_node(ThreadState& t, pthread_mutex_t* mutex, LockKind kind,
                                    Call call, bool created);

// The node if the mutex has one.
inline uint32_t known_mutex_node(pthread_mutex_t* mutex) {
  uint32_t node = node_of_tag(*tag_word(mutex), mutex);
  if (HEDDLE_LIKELY(node != 0)) return node;
  g_recorder.take_over_holds(t_self);
  if (taggable(mutex)) {
    node = node_of_tag(*tag_word(mutex), mutex);
    if (node != 0) return node;
    const uint64_t tag = *tag_word(mutex);
    const uint32_t watched = node_of_watched_tag(tag, mutex);
    if (watched != 0 || thread_of_ghost_tag(tag, mutex) == 0) return watched;
    return g_recorder.ghost_node(t_self, mutex);
  }
  return g_recorder.known_node(reinterpret_cast<uint64_t>(mutex));
}

// The node, made when this is the first that is seen of the mutex. `kind` is kMutexC11 or any other
// for a pthread mutex, whose kind the mutex tells itself. `created`: by its init function.
HEDDLE_INLINE uint32_t mutex_node(ThreadState& t, pthread_mutex_t* mutex, LockKind kind, Call call,
                                  bool created) {
  const uint32_t node = node_of_tag(*tag_word(mutex), mutex);
  // A thread that is not recorded yet is registered on the way.
  if (HEDDLE_LIKELY(node != 0 && t.record != nullptr)) return node;
  return new_mutex_node(t, mutex, kind, call, created);
}

inline uint64_t mutex_chain(pthread_mutex_t* mutex) {
  return node_of_tag(*tag_word(mutex), mutex) != 0 ? *chain_word(mutex) : 0;
}

inline void forget_mutex(pthread_mutex_t* mutex) {
  if (!taggable(mutex)) return;
  *chain_word(mutex) = 0;
  __atomic_store_n(tag_word(mutex), 0, __ATOMIC_RELAXED);
}

// After an acquisition that began, with the real call's result.
HEDDLE_INLINE void finish_mutex(ThreadState& t, int result, const Waiting& wait) {
  // The owner of a robust mutex died: it is locked all the same.
  if (result == 0 || result == EOWNERDEAD) {
    finish(t, wait);
  } else {
    give_up(t, wait);
  }
}

// Before the real unlock.
inline void release_mutex(ThreadState& t, pthread_mutex_t* mutex, Call call) {
  const uint32_t node = known_mutex_node(mutex);
  if (!release(t, node)) release_foreign(t, node, call);
}

// A new life begins at this address (init): what was there has ended.
HEDDLE_COLD void end_mutex(ThreadState& t, pthread_mutex_t* mutex, Call call, bool trust_bytes);

// After the real destroy of `node`'s mutex.
HEDDLE_COLD void mutex_destroyed(ThreadState& t, pthread_mutex_t* mutex, uint32_t node, bool held,
                                 bool done, Call call);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_MUTEX_NODE_H_
