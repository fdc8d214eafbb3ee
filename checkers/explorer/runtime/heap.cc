// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/heap.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <vector>

#include "checkers/explorer/graph/poison.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {
namespace {

// The same in every process where it is free, so that a program that looks at its pointers' bits
// does the same.
constexpr std::uintptr_t kPreferredLow = 0x600000000000;

void* Map(std::uintptr_t preferred, std::size_t size) {
  void* const mapped =
      mmap(reinterpret_cast<void*>(preferred), size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (preferred != 0 ? MAP_FIXED_NOREPLACE : 0),
           -1, 0);
  if (mapped == MAP_FAILED) {
    if (preferred != 0) return Map(0, size);
    Fatal("out of address space for the program's heap");
  }
  return mapped;
}

// Bytes behind what is in use that are guarded. All would take long.
constexpr std::size_t kGuarded = 1024;

constexpr std::size_t RoundUp(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) & -alignment;
}

}  // namespace

void Heap::Reserve() {
  low = reinterpret_cast<std::uintptr_t>(Map(kPreferredLow, kArena * kMaxThreads));
  granules = static_cast<unsigned char*>(Map(0, kArena / kGranule * kMaxThreads));
  for (Arena& arena : arenas) {
    arena = {};
    arena.blocks = static_cast<Block*>(Map(0, kMaxBlocks * sizeof(Block)));
  }
  live = 0;
}

void Heap::Release() {
  munmap(reinterpret_cast<void*>(low), kArena * kMaxThreads);
  munmap(granules, kArena / kGranule * kMaxThreads);
  for (const Arena& arena : arenas) munmap(arena.blocks, kMaxBlocks * sizeof(Block));
}

void* Heap::ArenaOf(ThreadId thread) const {
  return reinterpret_cast<void*>(low + kArena * static_cast<std::size_t>(thread));
}

void Heap::Guard(ThreadId thread) const {
  if constexpr (!kPoisons) return;
  const Arena& arena = arenas[thread];
  Poison(ArenaOf(thread), std::min(arena.used + kGuarded, kArena));
  for (std::size_t i = 0; i < arena.count; ++i) {
    const Block& block = arena.blocks[i];
    if (block.freed_by != kNoThread) continue;
    Unpoison(reinterpret_cast<const void*>(block.address), block.size);
  }
  if (arena.count < kMaxBlocks) Poison(arena.blocks + arena.count, sizeof(Block));
}

void Heap::Expose(ThreadId thread) const {
  const Arena& arena = arenas[thread];
  Unpoison(ArenaOf(thread), arena.used);
  Unpoison(arena.blocks, arena.count * sizeof(Block));
}

void Heap::Reset() {
  unsigned char* marks = granules;
  for (Arena& arena : arenas) {
    if (arena.used != 0) {
      Poison(ArenaOf(static_cast<ThreadId>(&arena - arenas)), arena.used);
      Poison(arena.blocks, arena.count * sizeof(Block));
      memset(marks, 0, RoundUp(arena.used, kGranule) / kGranule);
      arena.used = 0;
      arena.count = 0;
    }
    marks += kArena / kGranule;
  }
  live = 0;
}

void* Heap::Allocate(ThreadId thread, std::size_t size, std::size_t alignment, Allocator allocator,
                     bool zeroed, Site site) {
  Arena& arena = arenas[thread];
  // A granule before and at least one byte behind each block stays inaccessible.
  const std::size_t start = RoundUp(arena.used + kGranule, std::max(alignment, kGranule));
  if (size > kArena || start + size + kGranule > kArena || arena.count == kMaxBlocks) {
    return nullptr;
  }
  const std::size_t arena_offset = kArena * static_cast<std::size_t>(thread);
  const std::uintptr_t address = low + arena_offset + start;
  void* const block = reinterpret_cast<void*>(address);
  Poison(static_cast<char*>(ArenaOf(thread)) + arena.used,
         std::min(start + size + kGuarded, kArena) - arena.used);
  Unpoison(block, size);
  Unpoison(arena.blocks + arena.count, sizeof(Block));
  arena.used = start + size;
  arena.blocks[arena.count++] = {.address = address,
                                 .size = size,
                                 .site = site,
                                 .free_site = 0,
                                 .thread = thread,
                                 .freed_by = kNoThread,
                                 .free_position = 0,
                                 .allocator = allocator,
                                 .zeroed = zeroed,
                                 .reached = false};
  if (arena.count < kMaxBlocks) Poison(arena.blocks + arena.count, sizeof(Block));
  ++live;
  unsigned char* const marks = granules + (arena_offset + start) / kGranule;
  memset(marks, kGranule, size / kGranule);
  if (size % kGranule != 0) {
    marks[size / kGranule] = static_cast<unsigned char>(size % kGranule);
  }
  memset(block, zeroed ? 0 : kPattern, size);
  return block;
}

Block* Heap::Near(std::uintptr_t address) {
  if (!Contains(address)) return nullptr;
  Arena& arena = arenas[(address - low) / kArena];
  Block* const end = arena.blocks + arena.count;
  Block* next = std::upper_bound(
      arena.blocks, end, address,
      [](std::uintptr_t sought, const Block& block) { return sought < block.address; });
  if (next == arena.blocks) return next == end ? nullptr : next;
  Block* const before = next - 1;
  // Between two: the nearer one.
  if (next != end && address >= before->address + before->size &&
      next->address - address < address - (before->address + before->size)) {
    return next;
  }
  return before;
}

Block* Heap::Find(std::uintptr_t address) {
  Block* const near = Near(address);
  return near != nullptr && near->address == address ? near : nullptr;
}

void Heap::MarkFreed(Block& block) {
  --live;
  unsigned char* const marks = granules + (block.address - low) / kGranule;
  for (std::size_t i = 0; i < RoundUp(block.size, kGranule) / kGranule; ++i) marks[i] |= kFreed;
  Poison(reinterpret_cast<const void*>(block.address), block.size);
}

bool Heap::Accessible(std::uintptr_t address, std::size_t size) const {
  const std::uintptr_t end = address + size;
  std::size_t granule = (address - low) / kGranule;
  for (std::uintptr_t at = address; at < end; ++granule) {
    const std::uintptr_t granule_low = low + granule * kGranule;
    const std::uintptr_t part_end = std::min(end, granule_low + kGranule);
    const unsigned char mark = granules[granule];
    if ((mark & kFreed) != 0 || part_end - granule_low > mark) return false;
    at = part_end;
  }
  return true;
}

const Block* Heap::FindLeak(std::span<void* const> words) {
  if (live == 0) return nullptr;
  std::vector<Block*> reached;
  const auto scan = [&](const char* from, std::size_t bytes) {
    for (std::size_t i = 0; i + sizeof(std::uintptr_t) <= bytes; i += sizeof(std::uintptr_t)) {
      std::uintptr_t word;
      memcpy(&word, from + i, sizeof word);
      if (!Contains(word)) continue;
      Block* const block = Near(word);
      if (block == nullptr || block->reached || block->freed_by != kNoThread) continue;
      if (word < block->address || word > block->address + block->size) continue;
      block->reached = true;
      reached.push_back(block);
    }
  };
  // Pages that were never written to hold no address of this heap.
  state().globals->ForEachDirtyPage([&](const char* page) { scan(page, kPage); });
  scan(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  for (const Arena& arena : arenas) {
    for (std::size_t i = 0; i < arena.count; ++i) {
      Block& block = arena.blocks[i];
      if (block.allocator != Allocator::kMap || block.freed_by != kNoThread) continue;
      block.reached = true;
      reached.push_back(&block);
    }
  }
  while (!reached.empty()) {
    const Block* const block = reached.back();
    reached.pop_back();
    scan(reinterpret_cast<const char*>(block->address), block->size);
  }
  for (const Arena& arena : arenas) {
    for (std::size_t i = 0; i < arena.count; ++i) {
      const Block& block = arena.blocks[i];
      if (block.freed_by == kNoThread && !block.reached) return &block;
    }
  }
  return nullptr;
}

}  // namespace heddle::explorer
