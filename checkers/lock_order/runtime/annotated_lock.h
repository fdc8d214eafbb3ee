// SPDX-License-Identifier: Apache-2.0
//
// Locks that tell the runtime themselves what happens to them.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ANNOTATED_LOCK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ANNOTATED_LOCK_H_

#include "checkers/lock_order/runtime/held_stack.h"

namespace heddle::lock_order {

// A key apart from those of pthread locks, which may be at the same address (as a wrapper's first
// member).
inline uint64_t annotated_key(const void* lock) {
  return reinterpret_cast<uint64_t>(lock) | kAnnotatedKey;
}

inline uint32_t annotated_node(ThreadState& t, const void* lock, LockKind kind, Call call) {
  if (t.life == kThreadExited) return 0;
  const uint32_t node = g_recorder.address_node(t, annotated_key(lock), kind, call);
  if (node == 0 || t.record != nullptr) return node;
  const SlowPath slow(t);  // registers the thread
  return slow.entered() ? node : 0;
}

inline void annotated_acquiring(ThreadState& t, uint32_t node, uint8_t flags, Call call) {
  Waiting wait;
  begin(t, node, flags, call, ChainWord{}, &wait);
  t.pending = wait.node;
  t.pending_flags = wait.flags;
  t.pending_site = wait.call.site;
  t.pending_stack_pointer = wait.call.stack_pointer;
  t.pending_word = wait.word;
}

inline void annotated_acquired(ThreadState& t, uint32_t node, uint8_t flags, Call call) {
  if (node == 0 || t.record == nullptr) return;
  if (t.pending == node && (flags & kTry) == 0) {
    const Waiting wait{
        node, t.pending_flags, {t.pending_site, t.pending_stack_pointer}, t.pending_word};
    t.pending = 0;
    finish(t, wait);
    return;
  }
  push_tried(t, node, flags, call);
}

inline void annotated_given_up(ThreadState& t, uint32_t node) {
  if (node == 0 || t.record == nullptr || t.pending != node) return;
  t.pending = 0;
  store_word(t.record->sequence, t.record->sequence + 1);
  store_word(t.record->wanted, 0U);
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ANNOTATED_LOCK_H_
