// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/mutex_node.h"

#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/plain_mutex.h"
#include "checkers/lock_order/runtime/shared_lock.h"

namespace heddle::lock_order {
namespace {

LockKind kind_of(const pthread_mutex_t* mutex, LockKind kind) {
  if (kind == kMutexC11) return kind;
  const auto bits = static_cast<unsigned>(mutex->__data.__kind);
  if ((bits & 16U) != 0) return kMutexRobust;
  switch (bits & 3U) {
    case PTHREAD_MUTEX_RECURSIVE:
      return kMutexRecursive;
    case PTHREAD_MUTEX_ERRORCHECK:
      return kMutexErrorcheck;
    default:
      return kMutexNormal;
  }
}

// After destroy, which overwrites the kind.
bool taggable_bytes(pthread_mutex_t* mutex, uint32_t node) {
  return node_of_tag(*tag_word(mutex), mutex) == node ||
         node_of_watched_tag(*tag_word(mutex), mutex) == node;
}

}  // namespace

uint32_t new_mutex_node(ThreadState& t, pthread_mutex_t* mutex, LockKind kind, Call call,
                        bool created) {
  if (mutex->__data.__kind == -1) return 0;  // destroyed
  if (t.life == kThreadExited) return 0;
  kind = kind_of(mutex, kind);
  if (taggable(mutex)) {
    const uint32_t watched = node_of_watched_tag(*tag_word(mutex), mutex);
    if (watched != 0 && t.record != nullptr) {
      g_recorder.note_watched(t, watched, tag_word(mutex));
      return watched;
    }
    const bool plain = kind == kMutexNormal && plain_mutex(mutex) && t.flags == 0;
    if (plain && created && begin_ghost(t, mutex, call)) return t.ghosts->at(mutex).node;
    return g_recorder.tagged_node(t, mutex, kind, tag_word(mutex), chain_word(mutex), call, created,
                                  plain && made_again(t, mutex));
  }
  constexpr unsigned kSharedBit = 128;
  if ((static_cast<unsigned>(mutex->__data.__kind) & kSharedBit) != 0) {
    return shared_node(t, mutex, kind, call);
  }
  return g_recorder.address_node(t, reinterpret_cast<uint64_t>(mutex), kind, call);
}

void end_mutex(ThreadState& t, pthread_mutex_t* mutex, Call call, bool trust_bytes) {
  g_recorder.take_over_holds(t);
  // The bytes may be uninitialized memory: they count only when they are a tag.
  uint32_t node = trust_bytes ? node_of_tag(*tag_word(mutex), mutex) : 0;
  if (node == 0 && trust_bytes) node = node_of_watched_tag(*tag_word(mutex), mutex);
  if (node == 0 && trust_bytes && thread_of_ghost_tag(*tag_word(mutex), mutex) != 0) {
    if (end_ghost(t, mutex)) return;
    node = g_recorder.ghost_node(t, mutex);
  }
  if (node != 0) {
    g_recorder.end_node(t, node, call);
    return;
  }
  node = g_recorder.known_node(reinterpret_cast<uint64_t>(mutex));
  if (node != 0) g_recorder.end_address(t, reinterpret_cast<uint64_t>(mutex), call);
}

void mutex_destroyed(ThreadState& t, pthread_mutex_t* mutex, uint32_t node, bool held, bool done,
                     Call call) {
  if (!done) {
    // Refused because somebody holds it: a finding, and the lock lives on.
    if (!held) return;
    const SlowPath slow(t);
    if (!slow.entered()) return;
    Event event{};
    event.kind = kEventDestroyHeld;
    event.node = node;
    g_recorder.add_event(t, event, &call);
    return;
  }
  if (taggable_bytes(mutex, node)) {
    g_recorder.end_node(t, node, call);
    *chain_word(mutex) = 0;
    *tag_word(mutex) = 0;
  } else {
    g_recorder.end_address(t, reinterpret_cast<uint64_t>(mutex), call);
  }
}

}  // namespace heddle::lock_order
