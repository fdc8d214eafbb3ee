/* SPDX-License-Identifier: Apache-2.0 */
/* Tells Heddle's lock-order analyzer about locks that it cannot see by itself: spinlocks, futex
 * locks, locks of other languages. Plain C. Where the analyzer is neither linked in nor preloaded,
 * every call here is a test of a null pointer and nothing else.
 *
 * A lock is named by its address. For each acquisition:
 *
 *   heddle_lock_acquiring(lock, flags);     before it may wait (not for a try)
 *   ...
 *   heddle_lock_acquired(lock, flags);      it is held now; or
 *   heddle_lock_not_acquired(lock, flags);  it gave up (timed) after acquiring
 *   ...
 *   heddle_lock_released(lock);             before it is released
 *
 * Nothing else is obligatory. heddle_lock_create() names the lock's class, heddle_lock_set_level()
 * places it in a hierarchy (a lock may be acquired only while locks of smaller levels are held),
 * and heddle_lock_destroy() says that the address may be used for another lock.
 */
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_HEDDLE_LOCK_ORDER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_HEDDLE_LOCK_ORDER_H_

#ifdef __cplusplus
extern "C" {
#endif

/* How an acquisition is made. */
enum {
  HEDDLE_LOCK_EXCLUSIVE = 0,
  HEDDLE_LOCK_SHARED = 1,   /* read mode */
  HEDDLE_LOCK_TRY = 2,      /* never waits */
  HEDDLE_LOCK_TIMED = 4,    /* waits, but gives up */
  HEDDLE_LOCK_REACQUIRE = 8 /* on return from a condition wait */
};

/* What a lock is; for heddle_lock_create(). */
enum {
  HEDDLE_LOCK_PLAIN = 0,
  HEDDLE_LOCK_READER_WRITER = 1,
  HEDDLE_LOCK_RECURSIVE = 2,
  HEDDLE_LOCK_BY_ADDRESS = 4 /* with any: locks of its class nest in the order of addresses */
};

#if defined(__GNUC__)
#define HEDDLE_LOCK_ORDER_WEAK_ __attribute__((weak))
#define HEDDLE_LOCK_ORDER_INLINE_ static inline __attribute__((always_inline, unused))
#else
#define HEDDLE_LOCK_ORDER_WEAK_
#define HEDDLE_LOCK_ORDER_INLINE_ static inline
#endif

/* The analyzer's side. Call the functions below instead. */
extern void heddle_lockorder_create(const void* lock, const char* name,
                                    unsigned kind) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_set_level(const void* lock, unsigned level) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_destroy(const void* lock) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_acquiring(const void* lock, unsigned flags) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_acquired(const void* lock, unsigned flags) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_not_acquired(const void* lock, unsigned flags) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_released(const void* lock) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_assert_held(const void* lock) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_assert_not_held(const void* lock) HEDDLE_LOCK_ORDER_WEAK_;
extern void heddle_lockorder_assert_none_held(const char* what) HEDDLE_LOCK_ORDER_WEAK_;

/* Whether anybody listens. */
HEDDLE_LOCK_ORDER_INLINE_ int heddle_lock_order_active(void) {
  return heddle_lockorder_acquired ? 1 : 0;
}

/* A lock begins its life. `name`: its class, a string that lasts; locks of one name are of one
 * class. NULL: its creation site is its class. */
HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_create(const void* lock, const char* name,
                                                  unsigned kind) {
  if (heddle_lockorder_create) heddle_lockorder_create(lock, name, kind);
}

/* 0 to 65535, outermost lowest. Works for pthread locks that were used before, too. */
HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_set_level(const void* lock, unsigned level) {
  if (heddle_lockorder_set_level) heddle_lockorder_set_level(lock, level);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_destroy(const void* lock) {
  if (heddle_lockorder_destroy) heddle_lockorder_destroy(lock);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_acquiring(const void* lock, unsigned flags) {
  if (heddle_lockorder_acquiring) heddle_lockorder_acquiring(lock, flags);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_acquired(const void* lock, unsigned flags) {
  if (heddle_lockorder_acquired) heddle_lockorder_acquired(lock, flags);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_not_acquired(const void* lock, unsigned flags) {
  if (heddle_lockorder_not_acquired) heddle_lockorder_not_acquired(lock, flags);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_lock_released(const void* lock) {
  if (heddle_lockorder_released) heddle_lockorder_released(lock);
}

/* Assertions about the calling thread. `lock` may be a pthread lock (or std::mutex) as well; those
 * that fail are findings. */
HEDDLE_LOCK_ORDER_INLINE_ void heddle_assert_held(const void* lock) {
  if (heddle_lockorder_assert_held) heddle_lockorder_assert_held(lock);
}

HEDDLE_LOCK_ORDER_INLINE_ void heddle_assert_not_held(const void* lock) {
  if (heddle_lockorder_assert_not_held) heddle_lockorder_assert_not_held(lock);
}

/* Before a call that blocks, named `what`. */
HEDDLE_LOCK_ORDER_INLINE_ void heddle_assert_none_held(const char* what) {
  if (heddle_lockorder_assert_none_held) heddle_lockorder_assert_none_held(what);
}

#define HEDDLE_ASSERT_HELD(lock) heddle_assert_held(&(lock))
#define HEDDLE_ASSERT_NOT_HELD(lock) heddle_assert_not_held(&(lock))
#define HEDDLE_ASSERT_NO_LOCK_HELD(what) heddle_assert_none_held(what)

#ifdef __cplusplus
}
#endif

#endif /* HEDDLE_CHECKERS_LOCK_ORDER_HEDDLE_LOCK_ORDER_H_ */
