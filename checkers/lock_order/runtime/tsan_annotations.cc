// SPDX-License-Identifier: Apache-2.0
// ThreadSanitizer's mutex annotations, served in programs that carry them but are not built with
// it: absl::Mutex and others are seen so. In a program built with ThreadSanitizer its own functions
// come first; then these are never called.
#include "checkers/lock_order/runtime/annotated_lock.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

// Weak: where ThreadSanitizer is linked in, its own stand.
#define HEDDLE_SERVED HEDDLE_EXPORT __attribute__((weak))

namespace {

// sanitizer/tsan_interface.h's flags.
constexpr unsigned kLinkerInit = 1 << 0;
constexpr unsigned kWriteReentrant = 1 << 1;
constexpr unsigned kReadLock = 1 << 3;
constexpr unsigned kTryLock = 1 << 4;
constexpr unsigned kTryLockFailed = 1 << 5;

LockKind kind_of(unsigned flags) {
  return (flags & kWriteReentrant) != 0 ? kAnnotatedRecursive : kAnnotatedRw;
}
uint8_t modes_of(unsigned flags) {
  return static_cast<uint8_t>(((flags & kReadLock) != 0 ? kShared : 0) |
                              ((flags & kTryLock) != 0 ? kTry : 0));
}

}  // namespace

// The same under names that nobody else has, for tsan_names.c.
#define HEDDLE_ALIAS(result, name, parameters)      \
  extern "C" result __tsan_mutex_##name parameters; \
  extern "C"                                        \
      __attribute__((visibility("default"), used,   \
                     alias("__tsan_mutex_" #name))) result heddle_tsan_mutex_##name parameters;
HEDDLE_ALIAS(void, create, (void*, unsigned))
HEDDLE_ALIAS(void, destroy, (void*, unsigned))
HEDDLE_ALIAS(void, pre_lock, (void*, unsigned))
HEDDLE_ALIAS(void, post_lock, (void*, unsigned, int))
HEDDLE_ALIAS(int, pre_unlock, (void*, unsigned))

HEDDLE_SERVED void __tsan_mutex_create(void* lock, unsigned flags) {
  const Call call = HEDDLE_CALL;
  g_recorder.end_address(t_self, annotated_key(lock), call);
  annotated_node(t_self, lock, kind_of(flags), call);
}
HEDDLE_SERVED void __tsan_mutex_destroy(void* lock, unsigned flags) {
  if ((flags & kLinkerInit) != 0) return;
  g_recorder.end_address(t_self, annotated_key(lock), HEDDLE_CALL);
}
HEDDLE_SERVED void __tsan_mutex_pre_lock(void* lock, unsigned flags) {
  const Call call = HEDDLE_CALL;
  if ((flags & kTryLock) != 0) return;
  ThreadState& t = t_self;
  annotated_acquiring(t, annotated_node(t, lock, kind_of(flags), call), modes_of(flags), call);
}
HEDDLE_SERVED void __tsan_mutex_post_lock(void* lock, unsigned flags, int recursion) {
  const Call call = HEDDLE_CALL;
  (void)recursion;
  if ((flags & kTryLockFailed) != 0) return;
  ThreadState& t = t_self;
  annotated_acquired(t, annotated_node(t, lock, kind_of(flags), call), modes_of(flags), call);
}
HEDDLE_SERVED int __tsan_mutex_pre_unlock(void* lock, unsigned flags) {
  (void)flags;
  ThreadState& t = t_self;
  const uint32_t node = g_recorder.known_node(annotated_key(lock));
  if (HEDDLE_UNLIKELY(!release(t, node))) release_foreign(t, node, HEDDLE_CALL);
  return 0;
}
HEDDLE_SERVED void __tsan_mutex_post_unlock(void* lock, unsigned flags) {
  (void)lock;
  (void)flags;
}
HEDDLE_SERVED void __tsan_mutex_pre_signal(void* lock, unsigned flags) {
  (void)lock;
  (void)flags;
}
HEDDLE_SERVED void __tsan_mutex_post_signal(void* lock, unsigned flags) {
  (void)lock;
  (void)flags;
}
HEDDLE_SERVED void __tsan_mutex_pre_divert(void* lock, unsigned flags) {
  (void)lock;
  (void)flags;
}
HEDDLE_SERVED void __tsan_mutex_post_divert(void* lock, unsigned flags) {
  (void)lock;
  (void)flags;
}
