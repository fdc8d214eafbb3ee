// SPDX-License-Identifier: Apache-2.0
//
// malloc and its family, operator new and delete: the explored program gets its memory from Heap.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "checkers/explorer/runtime/describe.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/shadow.h"
#include "checkers/explorer/runtime/thread_local_storage.h"
#include "checkers/explorer/runtime/tracer.h"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace heddle::explorer {
namespace {

// libc's own: the scheduler's memory, and the program's where nothing is explored.
void* NativeAllocate(std::size_t size, std::size_t alignment) {
  if (state().mode == Mode::kNative) {
    return alignment == 0 ? __libc_malloc(size) : __libc_memalign(alignment, size);
  }
  const OwnThreadPointer own;
  return alignment == 0 ? __libc_malloc(size) : __libc_memalign(alignment, size);
}

void* NativeAllocateZeroed(std::size_t count, std::size_t size) {
  if (state().mode == Mode::kNative) return __libc_calloc(count, size);
  const OwnThreadPointer own;
  return __libc_calloc(count, size);
}

void* NativeReallocate(void* block, std::size_t size) {
  if (state().mode == Mode::kNative) return __libc_realloc(block, size);
  const OwnThreadPointer own;
  return __libc_realloc(block, size);
}

void NativeFree(void* block) {
  if (state().mode == Mode::kNative) return __libc_free(block);
  const OwnThreadPointer own;
  __libc_free(block);
}

void* Allocate(std::size_t size, std::size_t alignment, Allocator allocator, bool zeroed,
               const char* name, Site site) {
  CountEffect();
  void* const block =
      state().heap->Allocate(state().current->id, size, alignment, allocator, zeroed, site);
  if (block == nullptr) {
    Call(name, site)
        .Unsupported("%s: thread %d allocates more than %zu bytes in one execution", name,
                     state().current->id, Heap::kArena);
  }
  if (Tracer* const tracer = state().tracer; tracer != nullptr) {
    tracer->Allocated(reinterpret_cast<std::uintptr_t>(block), site);
  }
  return block;
}

// Whoever has accessed the block must have done so before.
void CheckUnused(Call& call, const Block& block) {
  Shadow& shadow = *state().shadow;
  const ThreadId thread = call.thread();
  for (std::uintptr_t at = block.address; at < block.address + block.size; at += Shadow::kGranule) {
    const ShadowCell* const cell = shadow.Look(at);
    if (cell == nullptr) continue;
    const ShadowAccess* const other = shadow.Unordered(*cell, 0xff, thread, *state().clock);
    if (other == nullptr) continue;
    ShadowAccess own{.site = call.site(),
                     .position = state().position,
                     .thread = static_cast<std::uint8_t>(thread),
                     .mask = other->mask,
                     .write = true,
                     .atomic = false};
    Fault fault;
    DescribeRace(at, own, *other, fault);
    fault.verdict = verdict::kUseAfterFree;
    fault.block = block.address;
    fault.access[0].address = block.address;
    fault.access[0].size = 0;
    snprintf(fault.message, sizeof fault.message,
             "thread %d frees a block of %zu bytes that thread %d accesses, unordered", thread,
             block.size, other->thread);
    call.Report(fault);
  }
}

void Free(void* pointer, const char* name, Site site) {
  if (pointer == nullptr) return;
  if (!Exploring()) {
    NativeFree(pointer);
    return;
  }
  State& shared = state();
  Heap& heap = *shared.heap;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  Call call(name, site);
  CountEffect();
  // Memory from before the exploration: the next execution needs it again.
  if (!heap.Contains(address)) return;
  Block* const block = heap.Find(address);
  if (block == nullptr) {
    call.Found(verdict::kCrash, "%s of %p, which is no block's address", name, pointer);
  }
  if (block->freed_by != kNoThread) {
    Fault fault;
    DescribeBadAccess(heap, address, 0, true, false, call.thread(), site,
                      static_cast<int>(shared.position), fault);
    fault.verdict = verdict::kDoubleFree;
    snprintf(fault.message, sizeof fault.message,
             "thread %d frees a block of %zu bytes that thread %d has freed", call.thread(),
             block->size, block->freed_by);
    call.Report(fault);
  }
  CheckUnused(call, *block);
  block->freed_by = call.thread();
  block->free_site = site;
  block->free_position = shared.position;
  heap.MarkFreed(*block);
  if (shared.tracer != nullptr) shared.tracer->Freed(address, site);
}

void* Reallocate(void* pointer, std::size_t size, Site site) {
  if (!Exploring()) return NativeReallocate(pointer, size);
  void* const moved = Allocate(size, 0, Allocator::kMalloc, false, "realloc", site);
  if (pointer == nullptr) return moved;
  Heap& heap = *state().heap;
  const Block* const block = heap.Find(reinterpret_cast<std::uintptr_t>(pointer));
  if (block == nullptr) {
    Call(__func__, site).Unsupported("realloc of memory from before the exploration, or of none");
  }
  Call call("realloc", site);
  const std::size_t kept = block->size < size ? block->size : size;
  call.Reads(pointer, kept);
  call.Writes(moved, kept);
  memcpy(moved, pointer, kept);
  Free(pointer, "realloc", site);
  return moved;
}

void* New(std::size_t size, std::size_t alignment, Allocator allocator, bool throws, Site site) {
  if (Exploring()) return Allocate(size, alignment, allocator, false, "operator new", site);
  for (;;) {
    void* const block = NativeAllocate(size == 0 ? 1 : size, alignment);
    if (block != nullptr) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) {
      if (throws) throw std::bad_alloc();
      return nullptr;
    }
    handler();
  }
}

}  // namespace
}  // namespace heddle::explorer

using heddle::explorer::Allocate;
using heddle::explorer::Allocator;
using heddle::explorer::Exploring;
using heddle::explorer::Free;
using heddle::explorer::NativeAllocate;
using heddle::explorer::NativeAllocateZeroed;
using heddle::explorer::New;

HEDDLE_INTERPOSE void* malloc(std::size_t size) {
  if (!Exploring()) return NativeAllocate(size, 0);
  return Allocate(size, 0, Allocator::kMalloc, false, "malloc", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* calloc(std::size_t count, std::size_t size) {
  if (!Exploring()) return NativeAllocateZeroed(count, size);
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return Allocate(bytes, 0, Allocator::kMalloc, true, "calloc", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* realloc(void* block, std::size_t size) {
  return heddle::explorer::Reallocate(block, size, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* reallocarray(void* block, std::size_t count, std::size_t size) {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return heddle::explorer::Reallocate(block, bytes, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* memalign(std::size_t alignment, std::size_t size) {
  if (!Exploring()) return NativeAllocate(size, alignment);
  return Allocate(size, alignment, Allocator::kMalloc, false, "memalign", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (!Exploring()) return NativeAllocate(size, alignment);
  return Allocate(size, alignment, Allocator::kMalloc, false, "aligned_alloc", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* const found = Exploring() ? Allocate(size, alignment, Allocator::kMalloc, false,
                                             "posix_memalign", HEDDLE_CALLER)
                                  : NativeAllocate(size, alignment);
  if (found == nullptr) return ENOMEM;
  *block = found;
  return 0;
}

HEDDLE_INTERPOSE void free(void* block) { Free(block, "free", HEDDLE_CALLER); }

#define NEW(suffix, parameters, alignment, allocator, throws)      \
  void* operator new suffix parameters {                           \
    return New(size, alignment, allocator, throws, HEDDLE_CALLER); \
  }

#define ALIGNMENT static_cast<std::size_t>(align)
#define ALIGNED std::align_val_t align
#define QUIET const std::nothrow_t&

NEW(, (std::size_t size), 0, Allocator::kNew, true)
NEW([], (std::size_t size), 0, Allocator::kNewArray, true)
NEW(, (std::size_t size, QUIET) noexcept, 0, Allocator::kNew, false)
NEW([], (std::size_t size, QUIET) noexcept, 0, Allocator::kNewArray, false)
NEW(, (std::size_t size, ALIGNED), ALIGNMENT, Allocator::kNew, true)
NEW([], (std::size_t size, ALIGNED), ALIGNMENT, Allocator::kNewArray, true)
NEW(, (std::size_t size, ALIGNED, QUIET) noexcept, ALIGNMENT, Allocator::kNew, false)
NEW([], (std::size_t size, ALIGNED, QUIET) noexcept, ALIGNMENT, Allocator::kNewArray, false)

#define DELETE(suffix, ...)                                          \
  void operator delete suffix(void* block, ##__VA_ARGS__) noexcept { \
    Free(block, "operator delete", HEDDLE_CALLER);                   \
  }

DELETE()
DELETE([])
DELETE(, QUIET)
DELETE([], QUIET)
DELETE(, std::size_t)
DELETE([], std::size_t)
DELETE(, std::align_val_t)
DELETE([], std::align_val_t)
DELETE(, std::size_t, std::align_val_t)
DELETE([], std::size_t, std::align_val_t)
DELETE(, std::align_val_t, QUIET)
DELETE([], std::align_val_t, QUIET)
