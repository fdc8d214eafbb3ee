// SPDX-License-Identifier: Apache-2.0
//
// Memory that a program maps for itself. Private memory of no file, to read and to write, is of the
// heap, in blocks of whole pages; other kinds are not modelled.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

bool IsOfHeap(const void* memory) {
  return Exploring() && state().heap->Contains(reinterpret_cast<std::uintptr_t>(memory));
}

bool IsPrivate(int protection, int flags) {
  constexpr int kPlaced = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_32BIT;
  return protection == (PROT_READ | PROT_WRITE) && (flags & MAP_ANONYMOUS) != 0 &&
         (flags & MAP_TYPE) == MAP_PRIVATE && (flags & kPlaced) == 0;
}

void* Map(void* wanted, std::size_t size, int protection, int flags, int file, off_t offset,
          Site site) {
  const bool modelled = IsPrivate(protection, flags) && size != 0;
  if (modelled && (Exploring() || BeforeMain())) {
    if (void* const memory = MapFor("mmap", size, site); memory != nullptr) return memory;
  }
  if (Exploring() && size != 0) {
    Call("mmap", site)
        .Unsupported("mmap() of other than private memory to read and to write is not supported");
  }
  return HEDDLE_REAL(mmap)(wanted, size, protection, flags, file, offset);
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE void* mmap(void* wanted, std::size_t size, int protection, int flags, int file,
                            off_t offset) noexcept {
  return Map(wanted, size, protection, flags, file, offset, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* mmap64(void* wanted, std::size_t size, int protection, int flags, int file,
                              off64_t offset) noexcept {
  return Map(wanted, size, protection, flags, file, offset, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int munmap(void* memory, std::size_t size) noexcept {
  if (!Exploring() && !BeforeMain()) return HEDDLE_REAL(munmap)(memory, size);
  // What is from before the exploration each execution needs again.
  if (!IsOfHeap(memory)) return 0;
  if (!UnmapFor("munmap", memory, size, HEDDLE_CALLER)) {
    Call("munmap", HEDDLE_CALLER)
        .Unsupported("munmap() of other than all that mmap() has given is not supported");
  }
  return 0;
}

HEDDLE_INTERPOSE int mprotect(void* memory, std::size_t size, int protection) noexcept {
  if (IsOfHeap(memory)) {
    Call("mprotect", HEDDLE_CALLER).Unsupported("mprotect() is not supported");
  }
  return HEDDLE_REAL(mprotect)(memory, size, protection);
}

// Advice changes nothing, but where it gives memory back, which is zero from then on.
HEDDLE_INTERPOSE int madvise(void* memory, std::size_t size, int advice) noexcept {
  if (!IsOfHeap(memory)) return HEDDLE_REAL(madvise)(memory, size, advice);
  if (advice != MADV_DONTNEED && advice != MADV_FREE && advice != MADV_REMOVE) return 0;
  if (reinterpret_cast<std::uintptr_t>(memory) % kPage != 0) {
    errno = EINVAL;
    return -1;
  }
  Call("madvise", HEDDLE_CALLER).Writes(memory, size);
  memset(memory, 0, size);
  return 0;
}
