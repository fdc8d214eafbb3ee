// SPDX-License-Identifier: Apache-2.0
//
// The steps that every interposed function is made of.
//
//   Waiting wait; begin(t, node, ..., &wait)   the edge is recorded, and what the thread wants
//   ... the real call ...
//   finish(t, wait) or give_up(t, wait)        it holds the lock, or does not
//   release(t, node)                           before the real unlock
//
// An entry is written before it is counted; a signal handler in between saves and restores it
// (interpose_signal.cc), because its own acquisitions use the same place.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_HELD_STACK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_HELD_STACK_H_

#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

// Room for an entry at `depth` beyond the inline ones. False: no memory.
HEDDLE_COLD bool grow_overflow(ThreadState& t, uint32_t depth);

// The chain of what is held, where this thread has seen it grow: below a lock that was taken by a
// try or at two places in turn it is not at hand. 0: not seen, or a ghost has to hear of it.
HEDDLE_COLD uint32_t seen_chain(ThreadState& t, uint32_t depth);

HEDDLE_INLINE uint64_t node_and_flags(uint32_t node, uint8_t flags) {
  return node | (uint64_t{flags} << 32);
}

HEDDLE_INLINE ChainWord next_chain(ThreadState& t, uint32_t depth, uint32_t node, uint8_t flags,
                                   Call call) {
  const Held& top = held_at(t, depth - 1);
  const ChainWord word = word_at(t, depth - 1);
  uint32_t parent = word.chain;
  if (HEDDLE_UNLIKELY(parent == 0 || top.node == 0 ||
                      word.check != site_check(top.site, top.flags))) {
    parent = seen_chain(t, depth);
  }
  if (HEDDLE_LIKELY(parent != 0)) {
    const uint32_t check = site_check(call.site, flags);
    const ChainEntry* entry = t.chains.find(parent, node, check);
    if (HEDDLE_LIKELY(entry != nullptr && entry->segment >= t.segment)) {
      return {entry->child, check};
    }
  }
  return g_recorder.extend(t, node, flags, call);
}

// The same for an entry that is known to be inline.
HEDDLE_INLINE void write_inline_entry(Thread* record, uint32_t depth, uint32_t node, uint8_t flags,
                                      Call call, ChainWord word) {
  Held& held = record->held[depth];
  using Packed = uint64_t __attribute__((may_alias));
  __atomic_store_n(reinterpret_cast<Packed*>(&held), node_and_flags(node, flags), __ATOMIC_RELAXED);
  held.site = call.site;
  held.stack_pointer = call.stack_pointer;
  held.sequence = record->sequence + 1;
  t_self.words[depth] = word;
}

// Writes the entry at `depth`, not yet counted.
HEDDLE_INLINE void write_entry(ThreadState& t, uint32_t depth, uint32_t node, uint8_t flags,
                               Call call, ChainWord word) {
  Held& held = held_at(t, depth);
  using Packed = uint64_t __attribute__((may_alias));
  __atomic_store_n(reinterpret_cast<Packed*>(&held), node_and_flags(node, flags), __ATOMIC_RELAXED);
  held.site = call.site;
  held.stack_pointer = call.stack_pointer;
  held.sequence = t.record->sequence + 1;
  word_at(t, depth) = word;
}

HEDDLE_INLINE void set_wanted(Thread* record, uint32_t node, uint8_t flags, Call call) {
  using Packed = uint64_t __attribute__((may_alias));
  record->wanted_site = call.site;
  __atomic_store_n(reinterpret_cast<Packed*>(&record->wanted), node_and_flags(node, flags),
                   __ATOMIC_RELAXED);
}
static_assert(offsetof(Thread, wanted) % 8 == 0 && offsetof(Held, node) == 0);

// Counts the entry that write_entry() wrote.
HEDDLE_INLINE void count_entry(Thread* record, uint32_t depth) {
  std::atomic_signal_fence(std::memory_order_release);
  store_word(record->depth, depth + 1);
  store_word(record->sequence, record->sequence + 1);
}

// An acquisition between its beginning and its end.
struct Waiting {
  uint32_t node;  // 0: it goes unrecorded
  uint8_t flags;
  Call call;
  ChainWord word;
};

// Whether `call` is made inside a signal handler. Handlers are also left by longjmp; those frames
// are then gone, and what is called is not below them.
HEDDLE_INLINE bool in_handler(ThreadState& t, Call call) {
  if (HEDDLE_LIKELY((t.flags & kHandler) == 0)) return false;
  constexpr uint64_t kDeepestHandler = 1U << 23;
  if (t.handler_stack_pointer - call.stack_pointer < kDeepestHandler) return true;
  t.flags &= static_cast<uint8_t>(~kHandler);
  return false;
}

// Before an acquisition that may wait. `alone`: the chain of this lock when it is the outermost, as
// far as the lock remembers it.
HEDDLE_INLINE void begin(ThreadState& t, uint32_t node, uint8_t flags, Call call, ChainWord alone,
                         Waiting* wait) {
  Thread* record = t.record;
  wait->node = 0;
  if (HEDDLE_UNLIKELY(node == 0 || record == nullptr)) return;
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth >= kHeldInline) && !grow_overflow(t, depth)) return;
  if (HEDDLE_UNLIKELY(in_handler(t, call))) g_recorder.note_handler(t, node);
  flags |= t.flags;
  wait->word = depth == 0 ? alone : next_chain(t, depth, node, flags, call);
  wait->node = node;
  wait->flags = flags;
  wait->call = call;
  set_wanted(record, node, flags, call);
}

HEDDLE_INLINE void finish(ThreadState& t, const Waiting& wait) {
  Thread* record = t.record;
  if (HEDDLE_UNLIKELY(wait.node == 0 || record == nullptr)) return;
  const uint32_t depth = record->depth;
  if (HEDDLE_LIKELY(depth < kHeldInline) || grow_overflow(t, depth)) {
    write_entry(t, depth, wait.node, wait.flags, wait.call, wait.word);
    count_entry(record, depth);
  }
  store_word(record->wanted, 0U);
}

HEDDLE_INLINE void give_up(ThreadState& t, const Waiting& wait) {
  if (wait.node == 0 || t.record == nullptr) return;
  store_word(t.record->sequence, t.record->sequence + 1);
  store_word(t.record->wanted, 0U);
}

// After a try that succeeded: it waited for nobody, so not for what a signal handler interrupted
// either.
HEDDLE_INLINE void push_tried(ThreadState& t, uint32_t node, uint8_t flags, Call call) {
  Thread* record = t.record;
  if (HEDDLE_UNLIKELY(node == 0 || record == nullptr)) return;
  const uint32_t depth = record->depth;
  if (HEDDLE_UNLIKELY(depth >= kHeldInline) && !grow_overflow(t, depth)) return;
  (void)in_handler(t, call);
  write_entry(t, depth, node, flags | kTry | t.flags, call, {0, 0});
  count_entry(record, depth);
}

// Takes `node`'s entry out from under others.
HEDDLE_COLD bool release_below(ThreadState& t, uint32_t node);
// After the top entry went: those holes that are the top now, and all when few entries are left.
HEDDLE_COLD void drop_holes(ThreadState& t);

// Before the real unlock. False: this thread does not hold it.
HEDDLE_INLINE bool release(ThreadState& t, uint32_t node) {
  Thread* record = t.record;
  if (HEDDLE_UNLIKELY(node == 0 || record == nullptr)) return true;
  const uint32_t depth = record->depth;
  if (HEDDLE_LIKELY(depth != 0 && held_at(t, depth - 1).node == node)) {
    store_word(record->depth, depth - 1);
    if (HEDDLE_UNLIKELY(t.holes.count != 0)) drop_holes(t);
    return true;
  }
  return release_below(t, node);
}

// An unlock of a lock that this thread does not hold: says so and takes the hold from whoever has
// it.
HEDDLE_COLD void release_foreign(ThreadState& t, uint32_t node, Call call);
// A semaphore posted by who does not hold it: it is no lock.
HEDDLE_COLD void post_foreign(ThreadState& t, uint32_t node);

HEDDLE_INLINE bool holds(ThreadState& t, uint32_t node) {
  for (uint32_t i = t.record == nullptr ? 0 : t.record->depth; i-- > 0;) {
    if (held_at(t, i).node == node) return true;
  }
  return false;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_HELD_STACK_H_
