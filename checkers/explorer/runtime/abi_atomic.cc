// SPDX-License-Identifier: Apache-2.0
//
// What the entry points for atomic operations (fiber.S) do when nothing is explored: the real
// thing, in the strongest order.
#include <atomic>

#include "checkers/explorer/runtime/code_scan.h"
#include "checkers/explorer/runtime/operations.h"

using Byte = unsigned char;
using Word16 = unsigned short;
using Word32 = unsigned int;
using Word64 = unsigned long;
using Word128 = unsigned __int128;

#define NATIVE extern "C" __attribute__((visibility("hidden"))) HEDDLE_UNSCANNED

#define RMW(bits, T, name, builtin)                                                          \
  NATIVE T heddle_explorer_native_atomic##bits##_##name(volatile T* address, T value, int) { \
    return builtin(address, value, __ATOMIC_SEQ_CST);                                        \
  }

#define OPERATIONS(bits, T)                                                                    \
  NATIVE T heddle_explorer_native_atomic##bits##_load(const volatile T* address, int) {        \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                         \
  }                                                                                            \
  NATIVE void heddle_explorer_native_atomic##bits##_store(volatile T* address, T value, int) { \
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                        \
  }                                                                                            \
  RMW(bits, T, exchange, __atomic_exchange_n)                                                  \
  RMW(bits, T, fetch_add, __atomic_fetch_add)                                                  \
  RMW(bits, T, fetch_sub, __atomic_fetch_sub)                                                  \
  RMW(bits, T, fetch_and, __atomic_fetch_and)                                                  \
  RMW(bits, T, fetch_or, __atomic_fetch_or)                                                    \
  RMW(bits, T, fetch_xor, __atomic_fetch_xor)                                                  \
  RMW(bits, T, fetch_nand, __atomic_fetch_nand)                                                \
  NATIVE T heddle_explorer_native_atomic##bits##_compare_exchange_val(                         \
      volatile T* address, T expected, T desired, int, int) {                                  \
    __atomic_compare_exchange_n(address, &expected, desired, false, __ATOMIC_SEQ_CST,          \
                                __ATOMIC_SEQ_CST);                                             \
    return expected;                                                                           \
  }                                                                                            \
  NATIVE int heddle_explorer_native_atomic##bits##_compare_exchange_strong(                    \
      volatile T* address, T* expected, T desired, int, int) {                                 \
    return __atomic_compare_exchange_n(address, expected, desired, false, __ATOMIC_SEQ_CST,    \
                                       __ATOMIC_SEQ_CST);                                      \
  }                                                                                            \
  NATIVE int heddle_explorer_native_atomic##bits##_compare_exchange_weak(                      \
      volatile T* address, T* expected, T desired, int, int) {                                 \
    return __atomic_compare_exchange_n(address, expected, desired, false, __ATOMIC_SEQ_CST,    \
                                       __ATOMIC_SEQ_CST);                                      \
  }

OPERATIONS(8, Byte)
OPERATIONS(16, Word16)
OPERATIONS(32, Word32)
OPERATIONS(64, Word64)
OPERATIONS(128, Word128)

NATIVE void heddle_explorer_native_fence(int) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

HEDDLE_INTERPOSE void __tsan_atomic_signal_fence(int) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}
