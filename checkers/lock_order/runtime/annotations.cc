// SPDX-License-Identifier: Apache-2.0
// The analyzer's side of heddle_lock_order.h.
#include <pthread.h>
#include <stddef.h>
#include <sys/uio.h>

#include "checkers/lock_order/runtime/annotated_lock.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

// heddle_lock_order.h's constants.
constexpr unsigned kReaderWriter = 1;
constexpr unsigned kReentrant = 2;
constexpr unsigned kByAddress = 4;
constexpr uint8_t kModes = kShared | kTry | kTimed | kCondWait;

uint64_t address_of(const void* lock) { return reinterpret_cast<uint64_t>(lock); }

// Whether the calling thread holds the lock at this address, of whatever kind.
uint32_t held_node(ThreadState& t, const void* lock, bool* held) {
  *held = false;
  const uint32_t depth = t.record == nullptr ? 0 : t.record->depth;
  for (uint32_t i = depth; i-- > 0;) {
    const uint32_t node = held_at(t, i).node;
    if (node != 0 && g_recorder.node(node).address == address_of(lock)) {
      *held = true;
      return node;
    }
  }
  return g_recorder.known_node(annotated_key(lock));
}

// A word at `offset` of what may be a smaller object than is thought.
uint64_t word_at_offset(const void* lock, size_t offset) {
  uint64_t word = 0;
  iovec here{&word, sizeof(word)};
  iovec there{const_cast<char*>(static_cast<const char*>(lock)) + offset, sizeof(word)};
  const KeepErrno keep;
  const long size = syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL);
  return size == sizeof(word) ? word : 0;
}

// The node of a pthread lock at this address that was used before, or 0.
uint32_t pthread_node(const void* lock) {
  const uint32_t known = g_recorder.known_node(address_of(lock));
  if (known != 0) return known;
  constexpr size_t kTags[] = {offsetof(pthread_mutex_t, __data.__list.__prev),
                              offsetof(pthread_rwlock_t, __data.__pad2)};
  for (const size_t offset : kTags) {
    const uint64_t word = word_at_offset(lock, offset);
    uint32_t node = node_of_tag(word, lock);
    if (node == 0) node = node_of_watched_tag(word, lock);
    if (node == 0 && thread_of_ghost_tag(word, lock) != 0) {
      node = g_recorder.ghost_node(t_self, static_cast<pthread_mutex_t*>(const_cast<void*>(lock)));
    }
    if (node != 0 && g_recorder.node(node).address == address_of(lock)) return node;
  }
  return 0;
}

}  // namespace

HEDDLE_EXPORT void heddle_lockorder_create(const void* lock, const char* name, unsigned kind) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  g_recorder.end_address(t, annotated_key(lock), call);
  const unsigned plain = kind & ~kByAddress;
  const LockKind of = plain == kReaderWriter ? kAnnotatedRw
                      : plain == kReentrant  ? kAnnotatedRecursive
                                             : kAnnotated;
  const uint32_t node = annotated_node(t, lock, of, call);
  if (node == 0 || name == nullptr) return;
  if ((kind & kByAddress) != 0) {
    __atomic_fetch_or(&g_recorder.node(node).flags, kNodeByAddress, __ATOMIC_RELEASE);
  }
  const SlowPath slow(t);
  if (slow.entered()) g_recorder.set_name(node, name);
}
HEDDLE_EXPORT void heddle_lockorder_set_level(const void* lock, unsigned level) {
  ThreadState& t = t_self;
  if (t.held_ghost != nullptr) const SlowPath settles_it(t);
  bool held = false;
  uint32_t node = held_node(t, lock, &held);
  if (node == 0) node = pthread_node(lock);
  if (node != 0) {
    g_recorder.set_level(node, static_cast<uint16_t>(level));
  } else {
    // Not seen so far: of what kind it is will show.
    g_recorder.expect_level(t, address_of(lock), static_cast<uint16_t>(level));
  }
}
HEDDLE_EXPORT void heddle_lockorder_destroy(const void* lock) {
  g_recorder.end_address(t_self, annotated_key(lock), HEDDLE_CALL);
}
HEDDLE_EXPORT void heddle_lockorder_acquiring(const void* lock, unsigned flags) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const LockKind kind = (flags & kShared) != 0 ? kAnnotatedRw : kAnnotated;
  annotated_acquiring(t, annotated_node(t, lock, kind, call), static_cast<uint8_t>(flags & kModes),
                      call);
}
HEDDLE_EXPORT void heddle_lockorder_acquired(const void* lock, unsigned flags) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const LockKind kind = (flags & kShared) != 0 ? kAnnotatedRw : kAnnotated;
  annotated_acquired(t, annotated_node(t, lock, kind, call), static_cast<uint8_t>(flags & kModes),
                     call);
}
HEDDLE_EXPORT void heddle_lockorder_not_acquired(const void* lock, unsigned flags) {
  (void)flags;
  annotated_given_up(t_self, g_recorder.known_node(annotated_key(lock)));
}
HEDDLE_EXPORT void heddle_lockorder_released(const void* lock) {
  ThreadState& t = t_self;
  const uint32_t node = g_recorder.known_node(annotated_key(lock));
  if (HEDDLE_UNLIKELY(!release(t, node))) release_foreign(t, node, HEDDLE_CALL);
}
HEDDLE_EXPORT void heddle_lockorder_assert_held(const void* lock) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  bool held = false;
  uint32_t node = held_node(t, lock, &held);
  if (node == 0) node = pthread_node(lock);
  if (!held) g_recorder.report(t, kEventAssertHeld, node, call);
}
HEDDLE_EXPORT void heddle_lockorder_assert_not_held(const void* lock) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  bool held = false;
  const uint32_t node = held_node(t, lock, &held);
  if (held) g_recorder.report(t, kEventAssertNotHeld, node, call);
}
HEDDLE_EXPORT void heddle_lockorder_assert_none_held(const char* what) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  for (uint32_t i = t.record == nullptr ? 0 : t.record->depth; i-- > 0;) {
    const uint32_t node = held_at(t, i).node;
    if (node == 0) continue;
    g_recorder.report(t, kEventBlockingCall, node, call, 0, what == nullptr ? "" : what);
    return;
  }
}
