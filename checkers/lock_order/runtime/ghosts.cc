// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/ghosts.h"

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/plain_mutex.h"

namespace heddle::lock_order {
namespace {

// A signal handler that comes in between records nothing.
class Busy {
 public:
  explicit Busy(ThreadState& t) : t_(t) {
    ++t_.busy;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Busy() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    --t_.busy;
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  ThreadState& t_;
};

// Whether a mutex first seen at `site` may pass for the one that the ghost's node was made for.
HEDDLE_INLINE bool passes_for(const Ghost& ghost, uint64_t site) {
  const Node& record = *ghost.record;
  return record.first_site == site && record.name == 0 &&
         (load_word(record.flags) & ~(kNodeReferenced | kNodePrivate)) == 0 &&
         !g_recorder.level_expected(record.address);
}

HEDDLE_INLINE bool note(Ghost& ghost, uint32_t chain, uint32_t segment) {
  const uint32_t steps = ghost.steps;
  for (uint32_t i = 0; i < steps; ++i) {
    if (ghost.log[i].chain == chain && ghost.log[i].segment == segment) return true;
  }
  if (steps == kGhostSteps) return false;
  ghost.log[steps] = {chain, segment};
  GhostWords<RuntimePlatform>::lengthen(log_length(ghost), steps + 1);
  return true;
}

// This thread's entry for acquiring `node` under `parent`, if it is recorded in this segment.
HEDDLE_INLINE const ChainEntry* seen_step(ThreadState& t, uint32_t parent, uint32_t node,
                                          uint32_t check) {
  const ChainEntry* entry = t.chains.find(parent, node, check);
  return entry != nullptr && entry->segment >= t.segment ? entry : nullptr;
}

const ChainEntry* seen_here(ThreadState& t, uint32_t depth, uint32_t node, uint32_t check) {
  const Held& top = held_at(t, depth - 1);
  const ChainWord parent = word_at(t, depth - 1);
  if (parent.chain == 0 || top.node == 0 || parent.check != site_check(top.site, top.flags)) {
    return nullptr;
  }
  return seen_step(t, parent.chain, node, check);
}

bool no_ghost_held(ThreadState& t) {
  if (t.held_ghost != nullptr && (load_word(t.held_ghost->live) == 0 || t.record->depth == 0)) {
    t.held_ghost = nullptr;
  }
  return t.held_ghost == nullptr;
}

}  // namespace

bool lock_ghost(ThreadState& t, pthread_mutex_t* mutex, Call call) {
  Thread* record = t.record;
  if (t.ghosts == nullptr || record == nullptr || (t.flags | t.busy) != 0 || !plain_mutex(mutex)) {
    return false;
  }
  Ghost& ghost = t.ghosts->at(mutex);
  if (!of_this_mutex(ghost, mutex) || !no_ghost_held(t)) return false;
  const uint32_t depth = record->depth;
  if (depth >= kHeldInline) return false;
  const uint32_t node = ghost.node;
  const uint64_t tag = *tag_word(mutex);
  const uint64_t ghost_tag = make_ghost_tag(mutex, t.id);
  if (tag == ghost_tag) {
    if (load_word(ghost.live) == 0 || ghost.uses >= kGhostUses) return false;
  } else {
    // A mutex whose bytes say nothing is new: what was here has ended.
    if (tag != 0) return false;
    store_word(ghost.live, 0U);
    if (!passes_for(ghost, call.site)) return false;
    begin_steps(ghost);
  }
  const uint32_t check = site_check(call.site, 0);
  ChainWord word{};
  if (depth != 0) {
    const ChainEntry* entry = seen_here(t, depth, node, check);
    if (HEDDLE_UNLIKELY(entry == nullptr)) {
      g_recorder.extend(t, node, 0, call);
      entry = seen_here(t, depth, node, check);
      if (entry == nullptr) return false;
    }
    if (ghost.own != 0) {
      word = {entry->child, check};
    } else if (!note(ghost, entry->child, t.segment)) {
      return false;
    }
  }
  const Busy busy(t);
  if (!take_plain_mutex(mutex, record->tid)) return false;
  ++ghost.uses;
  write_inline_entry(record, depth, node, 0, call, word);
  count_entry(record, depth);
  t.held_ghost = &ghost;
  store_word(ghost.live, 1U);
  if (HEDDLE_UNLIKELY(!exchange_tag(mutex, tag, ghost_tag))) {
    g_recorder.correct_ghost(t, mutex, ghost, node);
  }
  return true;
}

bool unlock_ghost(ThreadState& t, pthread_mutex_t* mutex) {
  Thread* record = t.record;
  if (t.ghosts == nullptr || record == nullptr || (t.flags | t.busy) != 0 ||
      *tag_word(mutex) != make_ghost_tag(mutex, t.id)) {
    return false;
  }
  Ghost& ghost = t.held_ghost != nullptr ? *t.held_ghost : t.ghosts->at(mutex);
  const uint32_t depth = record->depth;
  if (!of_this_mutex(ghost, mutex) || depth - 1 >= kHeldInline) return false;
  if (record->held[depth - 1].node == ghost.node) {
    store_word(record->depth, depth - 1);
  } else if (!release_below(t, ghost.node)) {
    return false;
  }
  t.held_ghost = nullptr;
  return true;
}

bool end_ghost(ThreadState& t, pthread_mutex_t* mutex) {
  if (t.ghosts == nullptr || t.record == nullptr || (t.flags | t.busy) != 0 ||
      *tag_word(mutex) != make_ghost_tag(mutex, t.id) || mutex->__data.__lock != 0) {
    return false;
  }
  Ghost& ghost = t.ghosts->at(mutex);
  if (!of_this_mutex(ghost, mutex) || load_word(ghost.live) == 0) return false;
  if (t.held_ghost == &ghost) t.held_ghost = nullptr;
  store_word(ghost.live, 0U);
  *chain_word(mutex) = 0;
  *tag_word(mutex) = 0;
  return true;
}

bool begin_ghost(ThreadState& t, pthread_mutex_t* mutex, Call call) {
  if (t.ghosts == nullptr || t.record == nullptr || t.busy != 0 || *tag_word(mutex) != 0) {
    return false;
  }
  Ghost& ghost = t.ghosts->at(mutex);
  if (!of_this_mutex(ghost, mutex) || !passes_for(ghost, call.site) || t.held_ghost == &ghost) {
    return false;
  }
  const Busy busy(t);
  if (g_recorder.capture_stack(t, call) != g_recorder.node(ghost.node).first_stack) return false;
  begin_steps(ghost);
  store_word(ghost.live, 1U);
  return exchange_tag(mutex, 0, make_ghost_tag(mutex, t.id));
}

bool holds_ghost(ThreadState& t) { return !no_ghost_held(t) && t.held_ghost->own == 0; }

bool step_under_ghost(ThreadState& t, uint32_t node, uint8_t flags, Call call) {
  if (!holds_ghost(t)) return false;
  Ghost& ghost = *t.held_ghost;
  const uint32_t depth = t.record->depth;
  if (t.busy != 0 || depth >= kHeldInline) return false;
  uint32_t parent = 0;
  for (uint32_t i = 0; i < depth; ++i) {
    const Held& held = t.record->held[i];
    const ChainWord word = t.words[i];
    const uint32_t check = site_check(held.site, held.flags);
    if (word.chain != 0 && word.check == check) {
      parent = word.chain;
      continue;
    }
    const ChainEntry* entry = t.chains.find(parent, held.node, check);
    if (held.node == 0 || entry == nullptr) return false;
    parent = entry->child;
  }
  const ChainEntry* entry = seen_step(t, parent, node, site_check(call.site, flags));
  if (entry == nullptr || !note(ghost, entry->child, t.segment)) return false;
  auto* mutex = reinterpret_cast<pthread_mutex_t*>(ghost.address);
  const uint64_t tag = make_ghost_tag(mutex, t.id);
  return exchange_tag(mutex, tag, tag);
}

}  // namespace heddle::lock_order
