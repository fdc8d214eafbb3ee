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

// Zeroed private pages, or nullptr. A raw system call: mmap itself may be interposed. Great tables
// are looked up at random, so they get huge pages where the kernel gives them.
inline void* map_pages(size_t bytes) {
  const bool huge = bytes >= kHugePage && bytes % kHugePage == 0;
  const size_t asked = huge ? bytes + kHugePage : bytes;
  const long mapped = syscall(SYS_mmap, nullptr, asked, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == -1) return nullptr;
  auto address = static_cast<uintptr_t>(mapped);
  if (huge) {
    const uintptr_t aligned = (address + kHugePage - 1) & ~(kHugePage - 1);
    if (aligned != address) syscall(SYS_munmap, address, aligned - address);
    const uintptr_t end = address + asked;
    if (aligned + bytes != end) syscall(SYS_munmap, aligned + bytes, end - aligned - bytes);
    address = aligned;
    syscall(SYS_madvise, address, bytes, MADV_HUGEPAGE);
  }
  return reinterpret_cast<void*>(address);
}

inline void unmap_pages(void* address, size_t bytes) {
  if (address != nullptr) syscall(SYS_munmap, address, bytes);
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
