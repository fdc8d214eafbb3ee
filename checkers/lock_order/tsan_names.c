/* SPDX-License-Identifier: Apache-2.0 */
/* For programs with code that calls ThreadSanitizer's mutex annotations without being built with
 * it: Abseil compiled with -D__SANITIZE_THREAD__, above all. Passes them on to the analyzer if it
 * is there, preloaded or linked in; else they do nothing. Weak: in a program that is built with
 * ThreadSanitizer its own functions stand.
 */

/* The analyzer wants its caller's caller to be who calls here. */
#if defined(__clang__)
#define HEDDLE_TAIL __attribute__((musttail)) return
#else
#define HEDDLE_TAIL return
#endif
#define HEDDLE_WEAK __attribute__((weak, visibility("default")))

extern void heddle_tsan_mutex_create(void*, unsigned) __attribute__((weak));
extern void heddle_tsan_mutex_destroy(void*, unsigned) __attribute__((weak));
extern void heddle_tsan_mutex_pre_lock(void*, unsigned) __attribute__((weak));
extern void heddle_tsan_mutex_post_lock(void*, unsigned, int) __attribute__((weak));
extern int heddle_tsan_mutex_pre_unlock(void*, unsigned) __attribute__((weak));

HEDDLE_WEAK void __tsan_mutex_create(void* lock, unsigned flags) {
  if (heddle_tsan_mutex_create) HEDDLE_TAIL heddle_tsan_mutex_create(lock, flags);
}
HEDDLE_WEAK void __tsan_mutex_destroy(void* lock, unsigned flags) {
  if (heddle_tsan_mutex_destroy) HEDDLE_TAIL heddle_tsan_mutex_destroy(lock, flags);
}
HEDDLE_WEAK void __tsan_mutex_pre_lock(void* lock, unsigned flags) {
  if (heddle_tsan_mutex_pre_lock) HEDDLE_TAIL heddle_tsan_mutex_pre_lock(lock, flags);
}
HEDDLE_WEAK void __tsan_mutex_post_lock(void* lock, unsigned flags, int recursion) {
  if (heddle_tsan_mutex_post_lock) HEDDLE_TAIL heddle_tsan_mutex_post_lock(lock, flags, recursion);
}
HEDDLE_WEAK int __tsan_mutex_pre_unlock(void* lock, unsigned flags) {
  if (heddle_tsan_mutex_pre_unlock) HEDDLE_TAIL heddle_tsan_mutex_pre_unlock(lock, flags);
  return 0;
}

/* Nothing to tell the analyzer. */
#define HEDDLE_NOTHING(name)                                   \
  HEDDLE_WEAK void __tsan_##name(void* lock, unsigned flags) { \
    (void)lock;                                                \
    (void)flags;                                               \
  }
HEDDLE_NOTHING(mutex_post_unlock)
HEDDLE_NOTHING(mutex_pre_signal)
HEDDLE_NOTHING(mutex_post_signal)
HEDDLE_NOTHING(mutex_pre_divert)
HEDDLE_NOTHING(mutex_post_divert)
HEDDLE_WEAK void __tsan_read1(void* address) { (void)address; }

/* Older annotations, which such code calls too. */
#define HEDDLE_IGNORE(name)                                     \
  HEDDLE_WEAK void Annotate##name(const char* file, int line) { \
    (void)file;                                                 \
    (void)line;                                                 \
  }
HEDDLE_IGNORE(IgnoreReadsBegin)
HEDDLE_IGNORE(IgnoreReadsEnd)
HEDDLE_IGNORE(IgnoreWritesBegin)
HEDDLE_IGNORE(IgnoreWritesEnd)
HEDDLE_WEAK void AnnotateThreadName(const char* file, int line, const char* name) {
  (void)file;
  (void)line;
  (void)name;
}
HEDDLE_WEAK void AnnotateBenignRaceSized(const char* file, int line, const volatile void* address,
                                         unsigned long size, const char* description) {
  (void)file;
  (void)line;
  (void)address;
  (void)size;
  (void)description;
}
