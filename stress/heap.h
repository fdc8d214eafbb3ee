// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_HEAP_H_
#define HEDDLE_STRESS_HEAP_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

#include "primitives/platform.h"
#include "primitives/std_platform.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_ASAN 1
#endif
#endif

namespace heddle::stress {

enum class HeapError : std::uint8_t { kNone, kNotAlive, kLeak, kWrittenAfterFree };

#if defined(HEDDLE_TSAN) || defined(HEDDLE_ASAN)

// What P::create() made in one instance of a scenario. The sanitizer's own allocator sees every use
// after free; what is left to do is counting, without ordering the threads that do it.
class Heap {
 public:
  void Reset(bool /*recycle*/) {
    for (auto& slot : slots_) slot.store(nullptr, std::memory_order_relaxed);
    uncounted_.store(false, std::memory_order_relaxed);
  }
  void* Allocate(std::size_t size, std::size_t alignment, const std::type_info& type);
  HeapError CheckLive(const void* object) const;
  HeapError Release(void* object, std::size_t alignment);
  bool IsFreed(const void* /*address*/) const { return false; }
  HeapError AtEnd(std::string& type) const;

 private:
  std::array<std::atomic<void*>, 256> slots_{};
  std::atomic<const std::type_info*> type_{nullptr};
  std::atomic<bool> uncounted_{false};
};

#else

// What P::create() made in one instance of a scenario. Blocks lie in one region of memory, so that
// every access can ask cheaply whether its object is freed. A freed block is filled with a pattern
// and, in half of the instances, handed out again as soon as possible: ABA needs that, whereas
// finding a use after free needs the memory not to be reused.
class Heap {
 public:
  static constexpr std::size_t kBytes = std::size_t{1} << 20;

  Heap();
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  void Reset(bool recycle);
  // Null when the region is full.
  void* Allocate(std::size_t size, std::size_t alignment, const std::type_info& type);
  HeapError CheckLive(const void* object);
  HeapError Release(void* object, std::size_t alignment);
  bool IsFreed(const void* address) const {
    const std::size_t offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(memory_);
    return offset < kBytes && freed_[offset / kCacheLine].load(std::memory_order_relaxed);
  }
  // Once all threads are done: what is wrong with what is left, and the type that it is about.
  HeapError AtEnd(std::string& type) const;

 private:
  struct Block {
    std::size_t offset;
    std::size_t size;
    const std::type_info* type;
    bool live;
  };

  class Hold;

  Block* Find(const void* object);
  void Mark(const Block& block, bool freed);

  std::byte* memory_ = nullptr;
  std::unique_ptr<std::atomic<bool>[]> freed_;  // for each line of the region
  std::vector<Block> blocks_;
  std::size_t used_ = 0;
  bool recycle_ = false;
  std::atomic<bool> busy_{false};
};

#endif

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_HEAP_H_
