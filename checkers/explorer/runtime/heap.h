// SPDX-License-Identifier: Apache-2.0
//
// The heap of an explored program: an arena for each thread, so that the addresses that a thread
// gets depend on its own allocations only, and no address is given twice in one execution.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_HEAP_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_HEAP_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

enum class Allocator : std::uint8_t { kMalloc, kNew, kNewArray, kMap };

struct Block {
  std::uintptr_t address;
  std::size_t size;
  Site site;
  Site free_site;
  ThreadId thread;
  ThreadId freed_by;  // kNoThread: nobody
  std::uint32_t free_position;
  Allocator allocator;
  bool zeroed;   // its bytes have a value from the start
  bool reached;  // by the search for leaks
};

struct MemoryRange {
  std::uintptr_t low, high;
};

// Of the program's blocks from before main() (malloc.cc).
MemoryRange MemoryFromBeforeMain();

struct Heap {
  static constexpr std::size_t kArena = std::size_t{64} << 20;
  static constexpr std::size_t kGranule = 16;
  static constexpr unsigned char kFreed = 0x80;
  static constexpr unsigned char kPattern = 0xbe;  // of memory that has not been written to

  // Reserves address space.
  void Reserve();
  void Release();
  // Starts an execution.
  void Reset();

  // Null: no room.
  void* Allocate(ThreadId thread, std::size_t size, std::size_t alignment, Allocator allocator,
                 bool zeroed, Site site);
  bool Contains(std::uintptr_t address) const { return address - low < kArena * kMaxThreads; }
  // Of a block's first byte, freed or not.
  Block* Find(std::uintptr_t address);
  // That the address is in, or just before or behind; null: of none.
  Block* Near(std::uintptr_t address);
  void MarkFreed(Block& block);

  // The bytes can be accessed: they lie in one block that is not freed.
  bool Accessible(std::uintptr_t address, std::size_t size) const;

  // A block that nobody has freed and that no pointer leads to, neither from the program's globals
  // and what it has mapped nor from these words.
  const Block* FindLeak(std::span<void* const> words);

  struct Arena {
    std::size_t used;  // bytes
    std::size_t count;
    Block* blocks;
  };
  std::uintptr_t low;
  unsigned char* granules;  // how many bytes of each can be accessed
  Arena arenas[kMaxThreads];
  std::size_t live;  // blocks that are not freed

  // With ASan: that nothing of an arena can be accessed but blocks that are not freed, and of its
  // table what is in use; and that all can be, to copy it.
  void Guard(ThreadId thread) const;
  void Expose(ThreadId thread) const;

 private:
  static constexpr std::size_t kMaxBlocks = kArena / 64;

  void* ArenaOf(ThreadId thread) const;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_HEAP_H_
