// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/held_stack.h"

#include <string.h>

#include "checkers/lock_order/runtime/ghosts.h"

namespace heddle::lock_order {

bool grow_overflow(ThreadState& t, uint32_t depth) {
  HeldOverflow& overflow = t.overflow;
  if (depth - kHeldInline < overflow.capacity) return true;
  const KeepErrno keep;
  const uint32_t capacity = overflow.capacity == 0 ? 128 : overflow.capacity * 2;
  auto* held = static_cast<Held*>(map_pages(capacity * sizeof(Held)));
  auto* words = static_cast<ChainWord*>(map_pages(capacity * sizeof(ChainWord)));
  if (held == nullptr || words == nullptr) {
    unmap_pages(held, capacity * sizeof(Held));
    unmap_pages(words, capacity * sizeof(ChainWord));
    return false;
  }
  if (overflow.capacity != 0) {
    memcpy(held, overflow.held, overflow.capacity * sizeof(Held));
    memcpy(words, overflow.words, overflow.capacity * sizeof(ChainWord));
  }
  const HeldOverflow old = overflow;
  overflow = {capacity, held, words};
  if (old.capacity != 0) {
    unmap_pages(old.held, old.capacity * sizeof(Held));
    unmap_pages(old.words, old.capacity * sizeof(ChainWord));
  }
  return true;
}

uint32_t seen_chain(ThreadState& t, uint32_t depth) {
  if (holds_ghost(t)) return 0;
  uint32_t parent = 0;
  for (uint32_t i = 0; i < depth; ++i) {
    const Held& held = held_at(t, i);
    if (held.node == 0) continue;  // taken away by another thread
    ChainWord& word = word_at(t, i);
    const uint32_t check = site_check(held.site, held.flags);
    if (word.chain == 0 || word.check != check) {
      const ChainEntry* entry = t.chains.find(parent, held.node, check);
      if (entry == nullptr) return 0;
      word = {entry->child, check};
    }
    parent = word.chain;
  }
  return parent;
}

namespace {

// Moves what is above holes down over them.
void compact(ThreadState& t) {
  const uint32_t depth = t.record->depth;
  uint32_t to = 0;
  for (uint32_t from = 0; from < depth; ++from) {
    if (held_at(t, from).node == 0) continue;
    if (to != from) {
      held_at(t, to) = held_at(t, from);
      word_at(t, to) = word_at(t, from);
    }
    ++to;
  }
  store_word(t.record->depth, to);
  t.holes.count = 0;
  t.holes.first_live = 0;
}

// Where `node` is held, `depth`: nowhere. Of several places the innermost; among thousands of locks
// the nearest to either end, for those who release in the order in which they acquired.
uint32_t position_of(ThreadState& t, uint32_t node, uint32_t first, uint32_t depth) {
  const bool deep = depth > 2 * kHeldInline;
  for (uint32_t low = first, high = depth; low < high;) {
    if (held_at(t, --high).node == node) return high;
    if (deep && held_at(t, low++).node == node) return low - 1;
  }
  return depth;
}

// Leaves a hole. The chains of those above contained the lock that goes.
void punch(ThreadState& t, uint32_t at) {
  HeldHoles& holes = t.holes;
  const uint32_t depth = t.record->depth;
  const bool known = holes.sequence == t.record->sequence;
  const uint32_t cleared_from = known ? holes.cleared_from : depth;
  for (uint32_t i = at; i < cleared_from; ++i) word_at(t, i) = {0, 0};
  if (!known) holes.first_live = 0;
  holes.cleared_from = at < cleared_from ? at : cleared_from;
  holes.sequence = t.record->sequence;
  held_at(t, at).node = 0;
  ++holes.count;
  if (at == holes.first_live) ++holes.first_live;
  if (holes.count * 2 > depth) compact(t);
}

}  // namespace

void drop_holes(ThreadState& t) {
  uint32_t depth = t.record->depth;
  while (depth > 0 && held_at(t, depth - 1).node == 0 && t.holes.count != 0) {
    --depth;
    --t.holes.count;
  }
  store_word(t.record->depth, depth);
  if (t.holes.count != 0 && depth <= kHeldInline) compact(t);
}

bool release_below(ThreadState& t, uint32_t node) {
  Thread* record = t.record;
  const uint32_t depth = record->depth;
  const bool known = t.holes.count != 0 && t.holes.sequence == record->sequence;
  const uint32_t at = position_of(t, node, known ? t.holes.first_live : 0, depth);
  if (at == depth) return false;
  if (depth > 2 * kHeldInline && depth - at > kHeldInline) {
    punch(t, at);
    return true;
  }
  // Those above move down; their chains contained the lock that goes.
  for (uint32_t i = at; i + 1 < depth; ++i) {
    held_at(t, i) = held_at(t, i + 1);
    word_at(t, i) = {0, 0};
  }
  store_word(record->depth, depth - 1);
  if (t.holes.count != 0) drop_holes(t);
  return true;
}

void release_foreign(ThreadState& t, uint32_t node, Call call) {
  if (node == 0 || t.record == nullptr) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  // Freed while it was held, which has been said.
  if ((load_word(g_recorder.node(node).flags) & kNodeDestroyed) != 0) return;
  if (release(t, node)) return;  // a ghost that another thread just gave its node
  const uint32_t holder = g_recorder.release_elsewhere(t, node);
  __atomic_fetch_or(&g_recorder.node(node).flags, kNodeForeignUnlock, __ATOMIC_RELAXED);
  Event event{};
  event.kind = kEventUnlockNotHeld;
  event.node = node;
  event.other = holder;
  g_recorder.add_event(t, event, &call);
}

void post_foreign(ThreadState& t, uint32_t node) {
  if (node == 0 || t.record == nullptr) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  __atomic_fetch_or(&g_recorder.node(node).flags, kNodeForeignPost, __ATOMIC_RELAXED);
  g_recorder.release_elsewhere(t, node);
}

}  // namespace heddle::lock_order
