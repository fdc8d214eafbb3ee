// SPDX-License-Identifier: Apache-2.0
// What happens to ghosts under the recorder's lock.
#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

GhostTable* Recorder::ghosts_of(uint32_t thread) const {
  GhostTable* table = ghost_tables_;
  while (table != nullptr && table->thread != thread) table = table->next;
  return table;
}

bool Recorder::own_ghosts(ThreadState& t) {
  if (t.ghosts != nullptr) return true;
  GhostTable* table = free_ghost_tables_;
  if (table != nullptr) {
    free_ghost_tables_ = table->next;
  } else {
    table = static_cast<GhostTable*>(map_pages(sizeof(GhostTable)));
    if (table == nullptr) return false;
  }
  table->thread = t.id;
  table->next = ghost_tables_;
  ghost_tables_ = table;
  t.ghosts = table;
  return true;
}

// The place for a ghost of `lock`, as free as if none had been there; or nullptr.
Ghost* Recorder::place_for_ghost(ThreadState& t, const void* lock) {
  constexpr uint32_t kRefusals = 3;
  if (!own_ghosts(t)) return nullptr;
  Ghost& ghost = t.ghosts->at(lock);
  if (ghost.address == 0) return &ghost;
  if (t.held_ghost == &ghost) return nullptr;
  if (ghost.node != 0 && ++ghost.refused <= kRefusals) return nullptr;
  // What had this place may still be about, unless it was at this very address.
  if (ghost.address == reinterpret_cast<uint64_t>(lock)) store_word(ghost.live, 0U);
  evict_ghost(t.id, ghost);
  return &ghost;
}

void Recorder::evict_ghost(uint32_t thread, Ghost& ghost) {
  if (ghost.node != 0) {
    Node& record = node(ghost.node);
    const bool referenced = (load_word(record.flags) & kNodeReferenced) != 0;
    uint32_t late = 0;
    if (load_word(ghost.live) != 0) {
      if (ghost.own != 0) {
        late = referenced ? ghost.node : 0;
      } else if (ghost.steps != 0) {
        late = node_like(ghost.node);
        if (late != 0) record_steps(thread, ghost, late);
      }
    }
    const auto* lock = reinterpret_cast<const void*>(ghost.address);
    late_ghosts_.set(make_ghost_tag(lock, thread), late);
    __atomic_fetch_and(&record.flags, ~kNodePrivate, __ATOMIC_RELAXED);
    if (!referenced) {
      free_node(ghost.node);
    } else if (late != ghost.node) {
      __atomic_fetch_or(&record.flags, kNodeDestroyed, __ATOMIC_RELAXED);
    }
  }
  ghost = Ghost();
}

void Recorder::end_ghosts(ThreadState& t) {
  GhostTable* table = t.ghosts;
  t.held_ghost = nullptr;
  if (table == nullptr) return;
  t.ghosts = nullptr;
  const FutexLocker locker(lock_);
  for (Ghost& ghost : table->ghosts) {
    if (ghost.address != 0) evict_ghost(t.id, ghost);
  }
  GhostTable** at = &ghost_tables_;
  while (*at != table) at = &(*at)->next;
  *at = table->next;
  table->next = free_ghost_tables_;
  free_ghost_tables_ = table;
}

uint32_t Recorder::node_like(uint32_t index) {
  const Node old = node(index);
  const uint32_t made =
      add_node(old.address, static_cast<LockKind>(old.kind), old.first_site, old.first_stack);
  if (made != 0) node(made).identity = old.identity;
  return made;
}

// The node of a mutex whose tag may be that of a ghost. Under the lock.
uint32_t Recorder::node_behind(pthread_mutex_t* mutex) {
  for (;;) {
    const uint64_t tag = __atomic_load_n(tag_word(mutex), __ATOMIC_ACQUIRE);
    uint32_t found = node_of_tag(tag, mutex);
    if (found == 0) found = node_of_watched_tag(tag, mutex);
    const uint32_t owner = thread_of_ghost_tag(tag, mutex);
    if (found != 0 || owner == 0) return found;
    GhostTable* table = ghosts_of(owner);
    Ghost* ghost = table == nullptr ? nullptr : &table->at(mutex);
    if (ghost != nullptr && (!of_this_mutex(*ghost, mutex) || load_word(ghost->live) == 0)) {
      ghost = nullptr;
    }
    if (ghost == nullptr) {
      found = static_cast<uint32_t>(late_ghosts_.find(tag));
    } else {
      found = ghost->own != 0 ? ghost->node : node_like(ghost->node);
    }
    if (found == 0) return 0;
    *chain_word(mutex) = 0;
    const uint32_t passed_for = ghost == nullptr ? found : ghost->node;
    // Before the tag changes, so that an unlock finds its lock; and after, for a hold begun since.
    if (passed_for != found) rename_held(owner, passed_for, found);
    if (!exchange_tag(mutex, tag, make_tag(mutex, found))) continue;
    if (ghost == nullptr) {
      late_ghosts_.set(tag, 0);
    } else if (ghost->own != 0) {
      __atomic_fetch_and(&node(found).flags, ~kNodePrivate, __ATOMIC_RELAXED);
      store_word(ghost->node, 0U);
      store_word(ghost->live, 0U);
    } else {
      record_steps(owner, *ghost, found);
      rename_held(owner, passed_for, found);
      store_word(ghost->live, 0U);
    }
    return found;
  }
}

uint32_t Recorder::ghost_node(ThreadState& t, pthread_mutex_t* mutex) {
  const SlowPath slow(t);
  if (!slow.entered()) return 0;
  const FutexLocker locker(lock_);
  return node_behind(mutex);
}

void Recorder::settle_ghost(ThreadState& t) {
  Ghost& ghost = *t.held_ghost;
  const FutexLocker locker(lock_);
  if (load_word(ghost.live) == 0) {
    t.held_ghost = nullptr;
    return;
  }
  if (ghost.own != 0) return;
  const uint32_t old = ghost.node;
  const uint32_t made = node_like(old);
  if (made == 0) return;
  record_steps(t.id, ghost, made);
  rename_held(t.id, old, made);
  __atomic_fetch_and(&node(old).flags, ~kNodePrivate, __ATOMIC_RELAXED);
  __atomic_fetch_or(&node(old).flags, kNodeDestroyed, __ATOMIC_RELAXED);
  __atomic_fetch_or(&node(made).flags, kNodePrivate, __ATOMIC_RELAXED);
  begin_steps(ghost);
  ghost.own = 1;
  ghost.record = &node(made);
  store_word(ghost.node, made);
}

void Recorder::correct_ghost(ThreadState& t, pthread_mutex_t* mutex, Ghost& ghost,
                             uint32_t passed_for) {
  const FutexLocker locker(lock_);
  const uint32_t made = node_behind(mutex);
  const bool own = ghost.own != 0;
  t.held_ghost = nullptr;
  store_word(ghost.live, 0U);
  if (made == passed_for) return;
  // What the other thread recorded of this ghost's log is recorded twice: once is as good.
  if (!own && made != 0) record_steps(t.id, ghost, made);
  Thread* record = t.record;
  const uint32_t top = record->depth - 1;
  store_word(record->held[top].node, made);
  t.words[top] = {0, 0};
}

void Recorder::rename_held(uint32_t thread, uint32_t from, uint32_t to) {
  Thread& record = threads_.at(thread);
  const uint32_t depth = load_word(record.depth);
  for (uint32_t i = 0; i < depth && i < kHeldInline; ++i) {
    uint32_t expected = from;
    __atomic_compare_exchange_n(&record.held[i].node, &expected, to, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
  }
}

void Recorder::record_steps(uint32_t thread, Ghost& ghost, uint32_t to) {
  const uint32_t steps = GhostWords<RuntimePlatform>::length(log_length(ghost));
  for (uint32_t i = 0; i < steps; ++i) {
    const uint32_t chain = renamed_chain(ghost.log[i].chain, ghost.node, to);
    Visit* visit = chain != 0 && recording() ? visits_.append() : nullptr;
    if (visit == nullptr) return;
    visit->chain = chain;
    visit->thread = thread;
    visit->segment = ghost.log[i].segment;
    visit->segment_end = ghost.log[i].segment;
    visits_.publish();
  }
}

uint32_t Recorder::renamed_chain(uint32_t chain, uint32_t from, uint32_t to) {
  uint32_t path[kHeldInline + 1];
  uint32_t length = 0;
  for (uint32_t at = chain; at != 0; at = chains_.at(at).parent) {
    if (length == sizeof(path) / sizeof(path[0])) return 0;
    path[length++] = at;
  }
  uint32_t made = 0;
  bool renamed = false;
  while (length-- > 0) {
    const Chain step = chains_.at(path[length]);
    renamed = renamed || step.node == from;
    if (!renamed) {
      made = path[length];
      continue;
    }
    const uint32_t next = step.node == from ? to : step.node;
    const uint32_t found = find_chain(made, next, step.site, step.flags);
    made = found != 0 ? found : add_chain(made, next, step.site, step.flags, step.stack);
    if (made == 0) return 0;
  }
  return made;
}

}  // namespace heddle::lock_order
