// SPDX-License-Identifier: Apache-2.0
#include "stress/heap.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <typeinfo>

#include "stress/demangle.h"

namespace heddle::stress {

#if defined(HEDDLE_TSAN) || defined(HEDDLE_ASAN)

// Relaxed everywhere: threads that allocate must not look ordered by it.
void* Heap::Allocate(std::size_t size, std::size_t alignment, const std::type_info& type) {
  void* object = ::operator new(size, std::align_val_t(alignment));
  type_.store(&type, std::memory_order_relaxed);
  for (auto& slot : slots_) {
    void* none = nullptr;
    if (slot.load(std::memory_order_relaxed) == nullptr &&
        slot.compare_exchange_strong(none, object, std::memory_order_relaxed)) {
      return object;
    }
  }
  uncounted_.store(true, std::memory_order_relaxed);
  return object;
}

HeapError Heap::CheckLive(const void* object) const {
  if (uncounted_.load(std::memory_order_relaxed)) return HeapError::kNone;
  const bool live = std::any_of(slots_.begin(), slots_.end(), [&](const auto& slot) {
    return slot.load(std::memory_order_relaxed) == object;
  });
  return live ? HeapError::kNone : HeapError::kNotAlive;
}

HeapError Heap::Release(void* object, std::size_t alignment) {
  bool found = false;
  for (auto& slot : slots_) {
    void* there = object;
    if (slot.load(std::memory_order_relaxed) == object &&
        slot.compare_exchange_strong(there, nullptr, std::memory_order_relaxed)) {
      found = true;
      break;
    }
  }
  if (!found && !uncounted_.load(std::memory_order_relaxed)) return HeapError::kNotAlive;
  ::operator delete(object, std::align_val_t(alignment));
  return HeapError::kNone;
}

HeapError Heap::AtEnd(std::string& type) const {
  if (uncounted_.load(std::memory_order_relaxed)) return HeapError::kNone;
  for (const auto& slot : slots_) {
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    type = Demangled(type_.load(std::memory_order_relaxed)->name());
    return HeapError::kLeak;
  }
  return HeapError::kNone;
}

#else

namespace {

constexpr std::byte kFreedPattern{0xdb};
constexpr std::byte kFreshPattern{0xcd};

}  // namespace

class Heap::Hold {
 public:
  explicit Hold(Heap& heap) : heap_(heap) {
    while (heap_.busy_.exchange(true, std::memory_order_acquire)) sched_yield();
  }
  ~Hold() { heap_.busy_.store(false, std::memory_order_release); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Heap& heap_;
};

Heap::Heap() : freed_(new std::atomic<bool>[kBytes / kCacheLine] {}) {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
}

Heap::~Heap() { munmap(memory_, kBytes); }

void Heap::Reset(bool recycle) {
  recycle_ = recycle;
  for (const Block& block : blocks_) Mark(block, false);
  blocks_.clear();
  used_ = 0;
}

void* Heap::Allocate(std::size_t size, std::size_t alignment, const std::type_info& type) {
  const Hold hold(*this);
  Block* block = nullptr;
  if (recycle_ && alignment <= kCacheLine) {
    for (Block& old : blocks_) {
      if (!old.live && old.size == size) block = &old;
    }
  }
  if (block != nullptr) {
    block->live = true;
    block->type = &type;
    Mark(*block, false);
  } else {
    const std::size_t step = std::max(alignment, kCacheLine);
    const std::size_t offset = (used_ + step - 1) / step * step;
    if (offset + size > kBytes || alignment > 4096) return nullptr;
    used_ = offset + (size + kCacheLine - 1) / kCacheLine * kCacheLine;
    blocks_.push_back({offset, size, &type, true});
    block = &blocks_.back();
  }
  std::byte* object = memory_ + block->offset;
  std::fill_n(object, size, kFreshPattern);
  return object;
}

HeapError Heap::CheckLive(const void* object) {
  const Hold hold(*this);
  const Block* block = Find(object);
  return block != nullptr && block->live ? HeapError::kNone : HeapError::kNotAlive;
}

HeapError Heap::Release(void* object, std::size_t /*alignment*/) {
  const Hold hold(*this);
  Block* block = Find(object);
  if (block == nullptr || !block->live) return HeapError::kNotAlive;
  block->live = false;
  Mark(*block, true);
  std::fill_n(memory_ + block->offset, block->size, kFreedPattern);
  return HeapError::kNone;
}

HeapError Heap::AtEnd(std::string& type) const {
  for (const Block& block : blocks_) {
    const std::byte* start = memory_ + block.offset;
    const bool intact = std::all_of(start, start + block.size,
                                    [](std::byte byte) { return byte == kFreedPattern; });
    if (!block.live && intact) continue;
    type = Demangled(block.type->name());
    return block.live ? HeapError::kLeak : HeapError::kWrittenAfterFree;
  }
  return HeapError::kNone;
}

Heap::Block* Heap::Find(const void* object) {
  for (Block& block : blocks_) {
    if (memory_ + block.offset == object) return &block;
  }
  return nullptr;
}

void Heap::Mark(const Block& block, bool freed) {
  const std::size_t lines = (block.size + kCacheLine - 1) / kCacheLine;
  for (std::size_t i = 0; i < lines; ++i) {
    freed_[block.offset / kCacheLine + i].store(freed, std::memory_order_relaxed);
  }
}

#endif

}  // namespace heddle::stress
