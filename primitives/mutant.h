// SPDX-License-Identifier: Apache-2.0
//
// Mutation sites. A mutant is the shipped header with exactly one named difference; the difference
// is chosen by the platform (Mutated<P, "name">), so nothing is copied and production code contains
// no trace of it: with a platform that names no mutant every function here folds to a constant.
#ifndef HEDDLE_PRIMITIVES_MUTANT_H_
#define HEDDLE_PRIMITIVES_MUTANT_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace heddle {

template <std::size_t N>
struct MutantName {
  char text[N];
  consteval MutantName(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// The platform P, with the difference called kName switched on.
template <class P, MutantName kName>
struct Mutated : P {
  static constexpr std::string_view kMutant = kName.view();
  // Set when the mutated site ran: a mutant whose site is gone must not pass for caught. The
  // engines read it; see SiteReached.
  static inline std::atomic<bool> reached{false};
};

// True in the mutant called `name` and nowhere else:
//     if (!mutant<P>("no_recheck")) recheck();
template <class P>
[[gnu::always_inline]] constexpr bool mutant(std::string_view name) {
  if constexpr (requires { P::kMutant; }) {
    if (P::kMutant != name) return false;
    if constexpr (requires { P::note_site(P::reached); }) {
      P::note_site(P::reached);  // under an engine for which a store would be the program's
    } else {
      P::reached.store(true, std::memory_order_relaxed);
    }
    return true;
  } else {
    (void)name;
    return false;
  }
}

// The order that the shipped code uses, or `weaker` in the mutant called `name`:
//     word.store(0, order<P>("unlock_relaxed", std::memory_order_release));
template <class P>
[[gnu::always_inline]] constexpr std::memory_order order(
    std::string_view name, std::memory_order shipped,
    std::memory_order weaker = std::memory_order_relaxed) {
  return mutant<P>(name) ? weaker : shipped;
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTANT_H_
