// SPDX-License-Identifier: Apache-2.0
// Memory that is given back with a lock in it that this thread holds.
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/real.h"

// Sanitizers' own allocators must stay the program's.
#if !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer) && \
    !__has_feature(hwaddress_sanitizer) && !__has_feature(thread_sanitizer)

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

// Weak: an allocator that is linked in comes first.
#define HEDDLE_MEMORY HEDDLE_EXPORT __attribute__((weak))

namespace {

using FreeFunction = void (*)(void*);
using SizeFunction = size_t (*)(void*);

constinit std::atomic<FreeFunction> g_free{nullptr};
constinit std::atomic<SizeFunction> g_size{nullptr};
__thread bool t_looks_up __attribute__((tls_model("initial-exec")));

// A size is known only from the allocator that frees.
bool of_one_library(void* first, void* second) {
  dl_find_object one{};
  dl_find_object other{};
  return first != nullptr && second != nullptr && _dl_find_object(first, &one) == 0 &&
         _dl_find_object(second, &other) == 0 && one.dlfo_link_map == other.dlfo_link_map;
}

// The loader's own look-up may free something: that little is left alone.
HEDDLE_COLD FreeFunction find_free() {
  if (t_looks_up) return nullptr;
  t_looks_up = true;
  void* const free = dlsym(RTLD_NEXT, "free");
  void* const size = dlsym(RTLD_NEXT, "malloc_usable_size");
  if (of_one_library(free, size)) {
    g_size.store(reinterpret_cast<SizeFunction>(size), std::memory_order_relaxed);
  }
  g_free.store(reinterpret_cast<FreeFunction>(free), std::memory_order_release);
  t_looks_up = false;
  return reinterpret_cast<FreeFunction>(free);
}

// Before there are threads: later the look-up may have to wait for one that loads a library.
__attribute__((constructor(101))) void find_free_early() {
  if (g_free.load(std::memory_order_relaxed) == nullptr) find_free();
}

HEDDLE_COLD void gone(ThreadState& t, uint64_t from, uint64_t bytes, Call call) {
  for (uint32_t i = t.record->depth; i-- > 0;) {
    if (held_at(t, i).node == 0) continue;
    const uint64_t address = g_recorder.node(held_at(t, i).node).address;
    if (address < from || address - from >= bytes) continue;
    if (t.held_ghost != nullptr) const SlowPath settles_it(t);
    const uint32_t index = held_at(t, i).node;
    Node& node = g_recorder.node(index);
    // A semaphore that was waited for and not posted is held by nobody.
    if (node.kind != kSemaphore) g_recorder.report(t, kEventFreeHeld, index, call);
    __atomic_fetch_or(&node.flags, kNodeDestroyed, __ATOMIC_RELAXED);
    release(t, index);
  }
}

// Most blocks end long before the next held lock: their size need not be known.
bool may_contain_held(ThreadState& t, uint64_t from) {
  constexpr uint64_t kGreatest = 1ULL << 32;
  for (uint32_t i = t.record->depth; i-- > 0;) {
    const uint32_t index = held_at(t, i).node;
    if (index != 0 && g_recorder.node(index).address - from < kGreatest) return true;
  }
  return false;
}

HEDDLE_COLD void freed(ThreadState& t, void* memory, Call call) {
  const auto from = reinterpret_cast<uint64_t>(memory);
  if (memory == nullptr || t.busy != 0 || !may_contain_held(t, from)) return;
  if (g_free.load(std::memory_order_acquire) == nullptr) find_free();
  const SizeFunction size = g_size.load(std::memory_order_relaxed);
  if (size != nullptr) gone(t, from, size(memory), call);
}

HEDDLE_INLINE bool holding(const ThreadState& t) {
  return HEDDLE_UNLIKELY(t.record != nullptr && t.record->depth != 0);
}

}  // namespace

HEDDLE_MEMORY void free(void* memory) {
  if (holding(t_self)) freed(t_self, memory, HEDDLE_CALL);
  FreeFunction real = g_free.load(std::memory_order_acquire);
  if (HEDDLE_UNLIKELY(real == nullptr)) real = find_free();
  if (HEDDLE_LIKELY(real != nullptr)) real(memory);
}

HEDDLE_MEMORY int munmap(void* memory, size_t bytes) {
  const Call call = HEDDLE_CALL;
  const bool held = holding(t_self) && t_self.busy == 0;
  const int result = HEDDLE_REAL(munmap)(memory, bytes);
  if (held && result == 0) gone(t_self, reinterpret_cast<uint64_t>(memory), bytes, call);
  return result;
}

#endif
