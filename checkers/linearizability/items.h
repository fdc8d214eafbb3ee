// SPDX-License-Identifier: Apache-2.0
//
// The pushes and pops of a container, value by value.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_ITEMS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_ITEMS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/history.h"

namespace heddle::linearizability {

inline constexpr std::size_t kNoOperation = SIZE_MAX;

// Later than the end of any pop.
inline constexpr Time kNeverPopped = kNever;

struct Item {
  std::size_t push = kNoOperation;
  std::size_t pop = kNoOperation;
  Time push_invoke = 0;
  Time push_done = 0;  // kNever: pending
  Time pop_invoke = kNeverPopped;
  Time pop_done = kNeverPopped;

  bool popped() const { return pop != kNoOperation; }
  bool in_for_certain() const { return push_done < pop_invoke; }
};

struct Items {
  std::vector<Item> items;
  std::vector<std::size_t> empty;         // pops that found nothing
  std::vector<std::size_t> pending_pops;  // may have taken any value that nobody else popped
  // A value popped that was not pushed, not pushed yet, or popped before.
  std::optional<FastVerdict> wrong;
};

// nullopt: a value is pushed twice, or a push was refused.
std::optional<Items> CollectItems(std::span<const Operation> operations);

// The first "empty" during all of which items are in for certain that leave no time between them:
// with these items as witness.
std::optional<FastVerdict> FindWrongEmpty(std::span<const Operation> operations,
                                          const Items& items);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_ITEMS_H_
