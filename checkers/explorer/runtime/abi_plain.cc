// SPDX-License-Identifier: Apache-2.0
//
// The entry points that -fsanitize=thread calls before plain accesses, as clang 22 and gcc 12 name
// them. The site of an access is what the entry point returns to.
#include <cstddef>
#include <cstring>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/plain.h"

using heddle::explorer::PlainAccess;
using heddle::explorer::PlainRange;

namespace {

std::uintptr_t At(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

}  // namespace

#define ACCESS(name, size)                                          \
  HEDDLE_INTERPOSE void __tsan_##name##read##size(void* address) {  \
    PlainAccess(At(address), size, false, HEDDLE_CALLER);           \
  }                                                                 \
  HEDDLE_INTERPOSE void __tsan_##name##write##size(void* address) { \
    PlainAccess(At(address), size, true, HEDDLE_CALLER);            \
  }

#define READ_WRITE(name, size)                                           \
  HEDDLE_INTERPOSE void __tsan_##name##read_write##size(void* address) { \
    PlainAccess(At(address), size, false, HEDDLE_CALLER);                \
    PlainAccess(At(address), size, true, HEDDLE_CALLER);                 \
  }

#define ALL_SIZES(MACRO, name) \
  MACRO(name, 1)               \
  MACRO(name, 2)               \
  MACRO(name, 4)               \
  MACRO(name, 8)               \
  MACRO(name, 16)

ALL_SIZES(ACCESS, )
ALL_SIZES(ACCESS, unaligned_)
ALL_SIZES(ACCESS, volatile_)
ALL_SIZES(ACCESS, unaligned_volatile_)
ALL_SIZES(READ_WRITE, )
ALL_SIZES(READ_WRITE, unaligned_)

HEDDLE_INTERPOSE void __tsan_vptr_read(void** address) {
  PlainAccess(At(address), sizeof *address, false, HEDDLE_CALLER);
}

// A constructor that writes the pointer that is there already does not race with who reads it.
HEDDLE_INTERPOSE void __tsan_vptr_update(void** address, void* value) {
  PlainAccess(At(address), sizeof *address, *address != value, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void __tsan_read_range(void* address, std::size_t size) {
  PlainRange(At(address), size, false, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void __tsan_write_range(void* address, std::size_t size) {
  PlainRange(At(address), size, true, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  PlainRange(At(from), size, false, HEDDLE_CALLER);
  PlainRange(At(to), size, true, HEDDLE_CALLER);
  return memcpy(to, from, size);
}

HEDDLE_INTERPOSE void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  PlainRange(At(from), size, false, HEDDLE_CALLER);
  PlainRange(At(to), size, true, HEDDLE_CALLER);
  return memmove(to, from, size);
}

HEDDLE_INTERPOSE void* __tsan_memset(void* to, int value, std::size_t size) {
  PlainRange(At(to), size, true, HEDDLE_CALLER);
  return memset(to, value, size);
}

HEDDLE_INTERPOSE void __tsan_init() {}
HEDDLE_INTERPOSE void __tsan_func_entry(void*) {}
HEDDLE_INTERPOSE void __tsan_func_exit() {}
