// SPDX-License-Identifier: Apache-2.0
//
// Included before a program that is explored with weak_cas=on and compiled by clang, whose
// instrumentation has one call for strong and weak compare-exchanges, and one by which a weak one
// could not fail with the value that it expects. g++ has a call for each.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_HEDDLE_WEAK_COMPARE_EXCHANGE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_HEDDLE_WEAK_COMPARE_EXCHANGE_H_

#if defined(__clang__)

#if defined(__cplusplus)
extern "C" {
#endif
int __tsan_atomic8_compare_exchange_weak(volatile void*, void*, unsigned char, int, int);
int __tsan_atomic16_compare_exchange_weak(volatile void*, void*, unsigned short, int, int);
int __tsan_atomic32_compare_exchange_weak(volatile void*, void*, unsigned, int, int);
int __tsan_atomic64_compare_exchange_weak(volatile void*, void*, unsigned long, int, int);
int __tsan_atomic128_compare_exchange_weak(volatile void*, void*, unsigned __int128, int, int);
#if defined(__cplusplus)
}
#endif

static inline __attribute__((always_inline, unused)) int __heddle_compare_exchange_weak(
    volatile void* address, void* expected, const void* desired, unsigned long size, int success,
    int failure) {
  unsigned __int128 value = 0;
  __builtin_memcpy(&value, desired, size);
  switch (size) {
    case 1:
      return __tsan_atomic8_compare_exchange_weak(address, expected, (unsigned char)value, success,
                                                  failure);
    case 2:
      return __tsan_atomic16_compare_exchange_weak(address, expected, (unsigned short)value,
                                                   success, failure);
    case 4:
      return __tsan_atomic32_compare_exchange_weak(address, expected, (unsigned)value, success,
                                                   failure);
    case 8:
      return __tsan_atomic64_compare_exchange_weak(address, expected, (unsigned long)value, success,
                                                   failure);
    default:
      return __tsan_atomic128_compare_exchange_weak(address, expected, value, success, failure);
  }
}

#define __HEDDLE_WEAK(address, expected, desired, success, failure)                         \
  (__extension__({                                                                          \
    __typeof__(*(expected)) __heddle_desired = (desired);                                   \
    __heddle_compare_exchange_weak((volatile void*)(address), (void*)(expected),            \
                                   (const void*)&__heddle_desired, sizeof __heddle_desired, \
                                   (int)(success), (int)(failure)) != 0;                    \
  }))

#define __c11_atomic_compare_exchange_weak(address, expected, desired, success, failure) \
  __HEDDLE_WEAK(address, expected, desired, success, failure)
#define __atomic_compare_exchange_n(address, expected, desired, weak, success, failure) \
  ((weak) ? __HEDDLE_WEAK(address, expected, desired, success, failure)                 \
          : __atomic_compare_exchange_n(address, expected, desired, weak, success, failure))
#define __atomic_compare_exchange(address, expected, desired, weak, success, failure) \
  ((weak) ? __HEDDLE_WEAK(address, expected, *(desired), success, failure)            \
          : __atomic_compare_exchange(address, expected, desired, weak, success, failure))

#endif

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_HEDDLE_WEAK_COMPARE_EXCHANGE_H_
