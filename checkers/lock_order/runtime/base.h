// SPDX-License-Identifier: Apache-2.0
//
// What every part of the runtime stands on: system calls without libc's locks, and small words.
// The runtime lives inside somebody else's process: it uses no malloc, no lock of the host, no
// libstdc++ symbol, no exceptions.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_BASE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_BASE_H_

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#define HEDDLE_LIKELY(x) __builtin_expect(!!(x), 1)
#define HEDDLE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define HEDDLE_INLINE inline __attribute__((always_inline))
#define HEDDLE_COLD __attribute__((noinline, cold))

#if defined(HEDDLE_MS_EXTENSIONS)
extern "C" void* _AddressOfReturnAddress(void);
#endif

namespace heddle::lock_order {

// Interposed calls leave errno as the host's libc set it.
class KeepErrno {
 public:
  KeepErrno() : saved_(errno) {}
  ~KeepErrno() { errno = saved_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int saved_;
};

inline constexpr size_t kHugePage = size_t{2} << 20;

#if defined(__clang__)
#if __has_feature(thread_sanitizer)
#define HEDDLE_BUILT_WITH_TSAN 1
#endif
#endif

// Raw system calls: mmap itself may be interposed. But ThreadSanitizer, with which only tests are
// built, must see what is mapped anew.
inline long map_call(size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#if defined(HEDDLE_BUILT_WITH_TSAN)
  return reinterpret_cast<long>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0));
#else
  return syscall(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
#endif
}
inline void unmap_call(uintptr_t address, size_t bytes) {
#if defined(HEDDLE_BUILT_WITH_TSAN)
  munmap(reinterpret_cast<void*>(address), bytes);
#else
  syscall(SYS_munmap, address, bytes);
#endif
}

// Zeroed private pages, or nullptr. Great tables are looked up at random, so they get huge pages
// where the kernel gives them.
inline void* map_pages(size_t bytes) {
  const bool huge = bytes >= kHugePage && bytes % kHugePage == 0;
  const size_t asked = huge ? bytes + kHugePage : bytes;
  const long mapped = map_call(asked);
  if (mapped == -1) return nullptr;
  auto address = static_cast<uintptr_t>(mapped);
  if (huge) {
    const uintptr_t aligned = (address + kHugePage - 1) & ~(kHugePage - 1);
    if (aligned != address) unmap_call(address, aligned - address);
    const uintptr_t end = address + asked;
    if (aligned + bytes != end) unmap_call(aligned + bytes, end - aligned - bytes);
    address = aligned;
    syscall(SYS_madvise, address, bytes, MADV_HUGEPAGE);
  }
  return reinterpret_cast<void*>(address);
}

inline void unmap_pages(void* address, size_t bytes) {
  if (address != nullptr) unmap_call(reinterpret_cast<uintptr_t>(address), bytes);
}

// Fields of mapped records that change after publication are whole, aligned words.
template <class T>
HEDDLE_INLINE void store_word(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}
template <class T>
HEDDLE_INLINE T load_word(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

HEDDLE_INLINE uint64_t mix(uint64_t value) {
  value *= 0x9E3779B97F4A7C15;
  return value ^ (value >> 32);
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_BASE_H_
