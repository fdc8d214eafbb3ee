// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/recorder.h"
#include "checkers/lock_order/runtime/signal_frame.h"

namespace heddle::lock_order {

void Recorder::refer_to(uint32_t index) {
  uint32_t& flags = node(index).flags;
  if ((load_word(flags) & kNodeReferenced) == 0) {
    __atomic_fetch_or(&flags, kNodeReferenced, __ATOMIC_RELAXED);
  }
}

// A record that no other record names. The lock that is seen at `address` for the first time has
// replaced the one that was there.
Node* Recorder::reusable_node(uint64_t address, uint32_t* index) {
  const uint32_t recent = recent_nodes_[mix(address) % kFreeNodes];
  if (recent != 0) {
    Node& record = node(recent);
    if (record.address == address &&
        (load_word(record.flags) & (kNodeReferenced | kNodeDestroyed | kNodePrivate)) == 0 &&
        !holds(t_self, recent)) {
      *index = recent;
      return &record;
    }
  }
  if (free_count_ == 0) return nullptr;
  *index = free_nodes_[--free_count_];
  return &node(*index);
}

uint32_t Recorder::add_node(uint64_t address, LockKind kind, uint64_t site, uint32_t stack) {
  uint32_t index = 0;
  Node* record = recording() ? reusable_node(address, &index) : nullptr;
  if (record != nullptr) {
    *record = Node();
  } else {
    record = recording() ? nodes_.append() : nullptr;
    if (record == nullptr) {
      stop();
      return 0;
    }
  }
  record->address = address;
  record->kind = kind;
  record->first_site = site;
  record->first_stack = stack;
  if (HEDDLE_UNLIKELY(any_levels_.load(std::memory_order_relaxed))) {
    const uint64_t level = levels_.find(address);
    if (level != 0) {
      record->level = static_cast<uint16_t>(level - 1);
      record->flags = kNodeHasLevel;
      levels_.set(address, 0);
    }
  }
  // For locks of this process alone: the signals with a handler that could have interrupted the
  // first acquisition.
  const uint64_t handled = g_handled_signals.load(std::memory_order_relaxed);
  if (HEDDLE_UNLIKELY(handled != 0) && (t_self.flags & kHandler) == 0) {
    record->identity = handled & ~blocked_signals();
  }
  if (index == 0) index = nodes_.publish();
  recent_nodes_[mix(address) % kFreeNodes] = index;
  return index;
}

uint32_t Recorder::tagged_node(ThreadState& t, const void* lock, LockKind kind, uint64_t* tag,
                               uint64_t* chain, Call call, bool created, bool again) {
  const SlowPath slow(t);
  if (!slow.entered()) return 0;
  auto* word = static_cast<TagWord*>(tag);
  const uint32_t stack = created ? capture_stack(t, call) : 0;
  const FutexLocker locker(lock_);
  // Mutexes have a second word, and may be ghosts; a ghost's thread takes no lock to make one.
  auto* mutex = chain == nullptr
                    ? nullptr
                    : const_cast<pthread_mutex_t*>(static_cast<const pthread_mutex_t*>(lock));
  uint64_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
  uint32_t known = mutex == nullptr ? node_of_tag(seen, lock) : node_behind(mutex);
  if (known != 0) return known;
  Ghost* ghost = again ? place_for_ghost(t, lock) : nullptr;
  const uint32_t index = add_node(reinterpret_cast<uint64_t>(lock), kind, call.site, stack);
  if (index == 0) return 0;
  if (mutex != nullptr) *chain_word(mutex) = 0;
  const uint64_t made = ghost != nullptr ? make_ghost_tag(lock, t.id) : make_tag(lock, index);
  if (ghost != nullptr) {
    __atomic_fetch_or(&node(index).flags, kNodePrivate, __ATOMIC_RELAXED);
    ghost->address = reinterpret_cast<uint64_t>(lock);
    ghost->own = 1;
    ghost->record = &node(index);
    store_word(ghost->node, index);
    store_word(ghost->live, 1U);
  }
  if (__atomic_compare_exchange_n(word, &seen, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return index;
  }
  if (ghost != nullptr) {
    store_word(ghost->live, 0U);
    evict_ghost(t.id, *ghost);
  } else {
    free_node(index);
  }
  return mutex == nullptr ? node_of_tag(seen, lock) : node_behind(mutex);
}

uint32_t Recorder::address_node(ThreadState& t, uint64_t key, LockKind kind, Call call) {
  const uint32_t known = known_node(key);
  if (HEDDLE_LIKELY(known != 0)) return known;
  const SlowPath slow(t);
  if (!slow.entered()) return 0;
  const FutexLocker locker(lock_);
  const uint32_t again = known_node(key);
  if (again != 0) return again;
  const uint32_t index = add_node(key & ~kAnnotatedKey, kind, call.site, 0);
  if (index != 0 && !addresses_.set(key, index)) {
    stop();
    return 0;
  }
  return index;
}

void Recorder::end_node(ThreadState& t, uint32_t index, Call call) {
  if (index == 0 || t.record == nullptr) return;
  for (uint32_t i = t.record->depth; i-- > 0;) {
    if (held_at(t, i).node != index) continue;
    // Taken before the fork that made this process: making it anew is how a child gets rid of it.
    if (held_at(t, i).sequence == kBeforeFork) {
      release(t, index);
      break;
    }
    const SlowPath slow(t);
    if (!slow.entered()) break;
    Event event{};
    event.kind = kEventDestroyHeld;
    event.node = index;
    event.other = t.id;
    add_event(t, event, &call);
    break;
  }
  const uint32_t flags = __atomic_fetch_or(&node(index).flags, kNodeDestroyed, __ATOMIC_RELAXED);
  if ((flags & (kNodeReferenced | kNodeDestroyed)) != 0) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  free_node(index);
}

void Recorder::free_node(uint32_t index) {
  __atomic_fetch_or(&node(index).flags, kNodeDestroyed, __ATOMIC_RELAXED);
  if (free_count_ < kFreeNodes) free_nodes_[free_count_++] = index;
}

void Recorder::end_address(ThreadState& t, uint64_t key, Call call) {
  const uint32_t index = known_node(key);
  if (index == 0) return;
  end_node(t, index, call);
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  addresses_.set(key, 0);
}

uint32_t Recorder::intern_string(const char* text) {
  const size_t size = strlen(text);
  const auto hash = [](const char* bytes, size_t count) {
    uint64_t value = count;
    for (size_t i = 0; i < count; ++i) value = mix(value + static_cast<unsigned char>(bytes[i]));
    return static_cast<uint32_t>(value);
  };
  const auto part_size = sizeof(StringPart::text);
  const auto parts = static_cast<uint32_t>(size / part_size + 1);
  if (parts > 64) return 0;
  char copy[64 * sizeof(StringPart::text)];
  const auto load = [&](uint32_t index) {
    size_t at = 0;
    for (;; ++index) {
      const StringPart& part = strings_.at(index);
      const size_t bytes = part.bytes > part_size ? part_size : part.bytes;
      if (at + bytes > sizeof(copy)) break;
      memcpy(copy + at, part.text, bytes);
      at += bytes;
      if (part.bytes <= part_size) break;
    }
    return at;
  };
  const uint32_t code = hash(text, size);
  const uint32_t found = string_set_.find(
      code, [&](uint32_t index) { return load(index) == size && memcmp(copy, text, size) == 0; });
  if (found != 0) return found;
  StringPart* first = nullptr;
  const uint32_t index = recording() ? strings_.append_run(parts, &first) : 0;
  if (index == 0) {
    stop();
    return 0;
  }
  size_t left = size;
  for (uint32_t i = 0; i < parts; ++i) {
    first[i].bytes = static_cast<uint32_t>(left);
    const size_t bytes = left > part_size ? part_size : left;
    memcpy(first[i].text, text + (size - left), bytes);
    left -= bytes;
  }
  strings_.publish_run(index, parts);
  string_set_.insert(code, index, [&](uint32_t member) {
    const size_t bytes = load(member);
    return hash(copy, bytes);
  });
  return index;
}

void Recorder::set_name(uint32_t index, const char* name) {
  if (index == 0 || name == nullptr) return;
  const FutexLocker locker(lock_);
  const uint32_t string = intern_string(name);
  store_word(node(index).name, string);
}

void Recorder::set_level(uint32_t index, uint16_t level) {
  if (index == 0) return;
  store_word(node(index).level, level);
  __atomic_fetch_or(&node(index).flags, kNodeHasLevel, __ATOMIC_RELEASE);
}

void Recorder::expect_level(ThreadState& t, uint64_t address, uint16_t level) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  if (levels_.set(address, uint64_t{level} + 1)) any_levels_.store(true, std::memory_order_relaxed);
}

uint32_t Recorder::release_elsewhere(ThreadState& t, uint32_t index) {
  const FutexLocker locker(lock_);
  const auto count = threads();
  for (uint32_t other = 1; other < count; ++other) {
    Thread& thread = threads_.at(other);
    if (other == t.id || load_word(thread.alive) != 1) continue;
    const uint32_t depth = load_word(thread.depth);
    for (uint32_t i = 0; i < depth && i < kHeldInline; ++i) {
      if (load_word(thread.held[i].node) == index) {
        store_word(thread.held[i].node, 0U);
        return other;
      }
    }
  }
  return 0;
}

void Recorder::name_file(uint32_t index, uint64_t identity, const char* path) {
  const FutexLocker locker(lock_);
  Node& record = node(index);
  record.address = 0;
  record.identity = identity;
  record.name = intern_string(path);
}

void Recorder::share(uint32_t index, uint64_t identity) {
  const FutexLocker locker(lock_);
  Node& record = node(index);
  record.identity = identity;
  if (identity != 0) __atomic_fetch_or(&record.flags, kNodeShared, __ATOMIC_RELEASE);
}

void Recorder::note_handler(ThreadState& t, uint32_t index) {
  if (index == 0 || t.record == nullptr) return;
  Node& record = node(index);
  const uint32_t flags = load_word(record.flags);
  if ((flags & kNodeInHandler) != 0) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  store_word(record.signal, t.handler_signal);
  __atomic_fetch_or(&record.flags, kNodeInHandler, __ATOMIC_RELEASE);
  if (is_shared(record)) return;
  const uint64_t bit = t.handler_signal == 0 ? 0 : 1ULL << (t.handler_signal - 1);
  if ((record.identity & bit) != 0) {
    __atomic_fetch_or(&record.flags, kNodeWithSignal, __ATOMIC_RELEASE);
  } else if (record.kind <= kMutexErrorcheck || record.kind == kMutexC11) {
    auto* mutex = reinterpret_cast<pthread_mutex_t*>(record.address);
    // Held by this thread now, so its words can be changed.
    if (node_of_tag(*tag_word(mutex), mutex) == index) {
      __atomic_store_n(tag_word(mutex), make_watched_tag(mutex, index), __ATOMIC_RELAXED);
    }
  }
}

void Recorder::note_watched(ThreadState& t, uint32_t index, uint64_t* tag) {
  if ((t.flags & kHandler) != 0) return;
  Node& record = node(index);
  const uint64_t bit = record.signal == 0 ? 0 : 1ULL << (record.signal - 1);
  const KeepErrno keep;
  if ((blocked_signals() & bit) != 0) return;
  __atomic_fetch_or(&record.flags, kNodeWithSignal, __ATOMIC_RELEASE);
  const auto* mutex = reinterpret_cast<const void*>(record.address);
  uint64_t watched = make_watched_tag(mutex, index);
  __atomic_compare_exchange_n(tag, &watched, make_tag(mutex, index), false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
}

}  // namespace heddle::lock_order
