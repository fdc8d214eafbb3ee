// SPDX-License-Identifier: Apache-2.0
//
// malloc and its family, operator new and delete: the explored program gets its memory from Heap.
#include <link.h>
#include <sys/mman.h>

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
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/thread_local_storage.h"
#include "checkers/explorer/runtime/threads.h"
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

// What the program allocates before main(), for its global variables, is put back for each
// execution as these are. It is never used again.
struct EarlyHeap {
  static constexpr std::size_t kSize = std::size_t{1} << 32;  // of addresses
  static constexpr std::size_t kLeast = 16;

  bool Contains(const void* pointer) const {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    return low != 0 && address - low < kSize;
  }
  void* Allocate(std::size_t size, std::size_t alignment) {
    if (low == 0) {
      void* const memory = HEDDLE_REAL(mmap)(nullptr, kSize, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) return nullptr;
      low = reinterpret_cast<std::uintptr_t>(memory);
    }
    const std::size_t place = alignment < kLeast ? kLeast : alignment;
    const std::size_t start = (used + sizeof size + place - 1) / place * place;
    if (size > kSize || start + size > kSize) return nullptr;
    used = start + size;
    memcpy(reinterpret_cast<void*>(low + start - sizeof size), &size, sizeof size);
    return reinterpret_cast<void*>(low + start);
  }
  static std::size_t SizeOf(const void* block) {
    std::size_t size;
    memcpy(&size, static_cast<const char*>(block) - sizeof size, sizeof size);
    return size;
  }

  std::uintptr_t low;
  std::size_t used;
};
EarlyHeap g_early;

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
  if (g_early.Contains(block)) {
    void* const moved = NativeAllocate(size, 0);
    const std::size_t old = EarlyHeap::SizeOf(block);
    return moved == nullptr ? moved : memcpy(moved, block, old < size ? old : size);
  }
  if (state().mode == Mode::kNative) return __libc_realloc(block, size);
  const OwnThreadPointer own;
  return __libc_realloc(block, size);
}

void NativeFree(void* block) {
  if (g_early.Contains(block)) return;
  if (state().mode == Mode::kNative) return __libc_free(block);
  const OwnThreadPointer own;
  __libc_free(block);
}

struct Range {
  std::uintptr_t low, high;
};
Range g_c_library[2];

int AddIfCLibrary(dl_phdr_info* module, std::size_t, void* count) {
  const char* const slash = strrchr(module->dlpi_name, '/');
  const char* const name = slash == nullptr ? module->dlpi_name : slash + 1;
  const bool is = !strncmp(name, "libc.so", 7) || !strncmp(name, "ld-linux", 8);
  for (int i = 0; is && i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    int& next = *static_cast<int*>(count);
    if (next == 2) return 1;
    const std::uintptr_t low = module->dlpi_addr + header.p_vaddr;
    g_c_library[next++] = {low, low + header.p_memsz};
  }
  return 0;
}

void FindCLibrary() {
  int count = 0;
  dl_iterate_phdr(AddIfCLibrary, &count);
}

// Before anything of the program runs, in libraries too.
[[gnu::used, gnu::section(".preinit_array")]] void (*const g_find_c_library)() = FindCLibrary;

// What the C library allocates it may keep and use in the next execution: a stream's buffer, the
// environment, the time zone.
bool OfCLibrary(Site site) {
  return site - g_c_library[0].low < g_c_library[0].high - g_c_library[0].low ||
         site - g_c_library[1].low < g_c_library[1].high - g_c_library[1].low;
}

// The program's memory where nothing is explored, or not yet; the C library's own.
void* AllocateUnseen(std::size_t size, std::size_t alignment, Site site) {
  if (g_c_library[0].low != 0 && BeforeMain() && !OfCLibrary(site)) {
    return g_early.Allocate(size, alignment);
  }
  return NativeAllocate(size, alignment);
}

void* AllocateUnseenZeroed(std::size_t count, std::size_t size, Site site) {
  if (!BeforeMain() || OfCLibrary(site)) return NativeAllocateZeroed(count, size);
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
  void* const block = AllocateUnseen(bytes, 0, site);
  return block == nullptr ? nullptr : memset(block, 0, bytes);
}

// Whether the block is of the program's heap.
bool IsProgram(Site site) {
  if (!Exploring()) return false;
  if (!OfCLibrary(site)) return true;
  CountEffect();
  state().library_allocated = true;
  return false;
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
  if (!heap.Contains(address)) {
    if (OfCLibrary(site)) NativeFree(pointer);
    return;
  }
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
  if (!call.fiber().frees_unordered) CheckUnused(call, *block);
  block->freed_by = call.thread();
  block->free_site = site;
  block->free_position = shared.position;
  heap.MarkFreed(*block);
  if (shared.tracer != nullptr) shared.tracer->Freed(address, site);
}

void* Reallocate(void* pointer, std::size_t size, Site site) {
  const bool in_heap =
      Exploring() && state().heap->Contains(reinterpret_cast<std::uintptr_t>(pointer));
  if (!in_heap && !IsProgram(site)) {
    if (pointer == nullptr) return AllocateUnseen(size, 0, site);
    if (!g_early.Contains(pointer) || !BeforeMain()) return NativeReallocate(pointer, size);
    void* const moved = AllocateUnseen(size, 0, site);
    const std::size_t old = EarlyHeap::SizeOf(pointer);
    return moved == nullptr ? moved : memcpy(moved, pointer, old < size ? old : size);
  }
  void* const moved = Allocate(size, 0, Allocator::kMalloc, false, "realloc", site);
  if (pointer == nullptr) return moved;
  Heap& heap = *state().heap;
  const Block* const block = heap.Find(reinterpret_cast<std::uintptr_t>(pointer));
  const bool early = g_early.Contains(pointer);
  Call call("realloc", site);
  if (block == nullptr && !early) call.Unsupported("realloc of memory that is no block");
  const std::size_t old = early ? EarlyHeap::SizeOf(pointer) : block->size;
  const std::size_t kept = old < size ? old : size;
  call.Reads(pointer, kept);
  call.Writes(moved, kept);
  memcpy(moved, pointer, kept);
  Free(pointer, "realloc", site);
  return moved;
}

void* New(std::size_t size, std::size_t alignment, Allocator allocator, bool throws, Site site) {
  if (Exploring()) return Allocate(size, alignment, allocator, false, "operator new", site);
  for (;;) {
    void* const block = AllocateUnseen(size == 0 ? 1 : size, alignment, site);
    if (block != nullptr) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) {
      if (throws) throw std::bad_alloc();
      return nullptr;
    }
    handler();
  }
}

std::size_t WholePages(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

}  // namespace

MemoryRange MemoryFromBeforeMain() { return {g_early.low, g_early.low + g_early.used}; }

void* AllocateFor(const char* name, std::size_t size, Site site) {
  return Allocate(size, 0, Allocator::kMalloc, false, name, site);
}

void* MapFor(const char* name, std::size_t size, Site site) {
  if (!Exploring()) return g_early.Allocate(WholePages(size), kPage);
  return Allocate(WholePages(size), kPage, Allocator::kMap, true, name, site);
}

bool UnmapFor(const char* name, void* memory, std::size_t size, Site site) {
  const Block* const block = state().heap->Find(reinterpret_cast<std::uintptr_t>(memory));
  if (block == nullptr || block->allocator != Allocator::kMap || block->size != WholePages(size)) {
    return false;
  }
  Free(memory, name, site);
  return true;
}

}  // namespace heddle::explorer

using heddle::explorer::Allocate;
using heddle::explorer::AllocateUnseen;
using heddle::explorer::AllocateUnseenZeroed;
using heddle::explorer::Allocator;
using heddle::explorer::Free;
using heddle::explorer::IsProgram;
using heddle::explorer::New;

HEDDLE_INTERPOSE void* malloc(std::size_t size) {
  if (!IsProgram(HEDDLE_CALLER)) return AllocateUnseen(size, 0, HEDDLE_CALLER);
  return Allocate(size, 0, Allocator::kMalloc, false, "malloc", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* calloc(std::size_t count, std::size_t size) {
  if (!IsProgram(HEDDLE_CALLER)) return AllocateUnseenZeroed(count, size, HEDDLE_CALLER);
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
  if (!IsProgram(HEDDLE_CALLER)) return AllocateUnseen(size, alignment, HEDDLE_CALLER);
  return Allocate(size, alignment, Allocator::kMalloc, false, "memalign", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (!IsProgram(HEDDLE_CALLER)) return AllocateUnseen(size, alignment, HEDDLE_CALLER);
  return Allocate(size, alignment, Allocator::kMalloc, false, "aligned_alloc", HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* const found = IsProgram(HEDDLE_CALLER) ? Allocate(size, alignment, Allocator::kMalloc,
                                                          false, "posix_memalign", HEDDLE_CALLER)
                                               : AllocateUnseen(size, alignment, HEDDLE_CALLER);
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
