// SPDX-License-Identifier: Apache-2.0
//
// For memory that hands itself out in pieces: with ASan, which knows only the whole, what is
// nobody's cannot be accessed. Otherwise these do nothing.
#ifndef HEDDLE_CHECKERS_EXPLORER_GRAPH_POISON_H_
#define HEDDLE_CHECKERS_EXPLORER_GRAPH_POISON_H_

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_EXPLORER_POISONS 1
#endif
#endif

#ifdef HEDDLE_EXPLORER_POISONS
#include <sanitizer/asan_interface.h>
#endif

namespace heddle::explorer {

#ifdef HEDDLE_EXPLORER_POISONS

inline constexpr bool kPoisons = true;

inline void Poison(const volatile void* memory, std::size_t size) {
  __asan_poison_memory_region(memory, size);
}
inline void Unpoison(const volatile void* memory, std::size_t size) {
  __asan_unpoison_memory_region(memory, size);
}

#else

inline constexpr bool kPoisons = false;

inline void Poison(const volatile void* /*memory*/, std::size_t /*size*/) {}
inline void Unpoison(const volatile void* /*memory*/, std::size_t /*size*/) {}

#endif

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_GRAPH_POISON_H_
