// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "checkers/scenario/scenario.h"
#include "primitives/queue/treiber_stack.h"

namespace heddle {
namespace {

constexpr std::uint32_t kBeforeWrap = UINT32_MAX;  // the first pop's tag is 0

// Each index belongs to whoever popped it: its Var is written without further ado.
template <class P>
struct Owned {
  IndexStack<P> stack{3, kBeforeWrap};
  std::array<typename P::template Var<int>, 3> owner;
  Owned() {
    for (std::uint32_t i = 3; i > 0; --i) {
      owner[i - 1].set(-1);
      stack.push(i - 1);
    }
  }
  std::uint32_t Pop(int thread) {
    const std::optional<std::uint32_t> index = stack.try_pop();
    HEDDLE_ASSERT(index.has_value());
    owner[*index].set(thread);
    return *index;
  }
};

// ABA: 0, 1, 2 are stacked. One thread pops 0; the other pops 0 and 1 and puts 0 back, keeping 1. A
// first pop that was stopped before its exchange must not take 0 with the successor 1.
template <class P>
struct IndexAba : Owned<P> {
  static constexpr int kThreads = 2;
  std::array<std::optional<std::uint32_t>, 2> kept{};
  void Thread(int thread) {
    if (thread == 0) {
      kept[0] = this->Pop(0);
    } else {
      const std::uint32_t first = this->Pop(1);
      kept[1] = this->Pop(1);
      this->owner[first].set(-1);
      this->stack.push(first);
    }
  }
  void After() {
    std::array<int, 3> times{};
    for (const auto& index : kept) ++times[*index];
    while (const std::optional<std::uint32_t> index = this->stack.try_pop()) {
      HEDDLE_ASSERT(++times[*index] == 1);
    }
    HEDDLE_ASSERT(times[0] == 1 && times[1] == 1 && times[2] == 1);
  }
};
HEDDLE_SCENARIO("queue/index_stack.aba", IndexAba);
HEDDLE_MUTANT("queue/index_stack.aba", IndexAba, "no_tag", Verdict::kAssertion | Verdict::kRace);

// What was written for an index before its push is visible after its pop.
template <class P>
struct IndexPublishes : Owned<P> {
  static constexpr int kThreads = 2;
  void Thread(int thread) { this->stack.push(this->Pop(thread)); }
  void After() {
    for (int i = 0; i < 3; ++i) this->Pop(2);
    HEDDLE_ASSERT(!this->stack.try_pop());
  }
};
HEDDLE_SCENARIO("queue/index_stack.publishes", IndexPublishes);
HEDDLE_MUTANT("queue/index_stack.publishes", IndexPublishes, "push_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/index_stack.publishes", IndexPublishes, "pop_relaxed", Verdict::kRace);

// A pusher and a popper: the item arrives; one that is full or empty goes on as soon as it can.
template <class P>
struct TreiberProgress {
  static constexpr int kThreads = 2;
  TreiberStack<int, P> stack{1, kBeforeWrap};
  TreiberProgress() {
    HEDDLE_ASSERT(stack.try_push(1));
    HEDDLE_ASSERT(!stack.try_push(99));
  }
  void Thread(int index) {
    if (index == 0) {
      while (!stack.try_push(2)) P::pause();
    } else {
      HEDDLE_ASSERT(stack.try_pop() == 1);
    }
  }
  void After() {
    HEDDLE_ASSERT(stack.try_pop() == 2);
    HEDDLE_ASSERT(!stack.try_pop());
  }
};
HEDDLE_SCENARIO("queue/treiber_stack.progress", TreiberProgress);
HEDDLE_MUTANT("queue/treiber_stack.progress", TreiberProgress, "frees_first",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("queue/treiber_stack.progress", TreiberProgress, "push_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/treiber_stack.progress", TreiberProgress, "pop_relaxed", Verdict::kRace);

// Two pushers, then the newer item of each comes out before the older one; full is exact at rest.
template <class P>
struct TreiberLifo {
  static constexpr int kThreads = 2;
  TreiberStack<int, P> stack{3, kBeforeWrap};
  TreiberLifo() { HEDDLE_ASSERT(stack.try_push(0)); }
  void Thread(int index) { HEDDLE_ASSERT(stack.try_push(index + 1)); }
  void After() {
    HEDDLE_ASSERT(!stack.try_push(99));
    const int newer = stack.try_pop().value_or(-1);
    const int older = stack.try_pop().value_or(-1);
    HEDDLE_ASSERT(newer + older == 3 && (newer == 1 || newer == 2));
    HEDDLE_ASSERT(stack.try_pop() == 0);
    HEDDLE_ASSERT(!stack.try_pop());
  }
};
HEDDLE_SCENARIO("queue/treiber_stack.lifo", TreiberLifo);

// One item, two poppers: exactly one gets it, the other is told "empty".
template <class P>
struct TreiberLastItem {
  static constexpr int kThreads = 2;
  TreiberStack<int, P> stack{2, kBeforeWrap};
  std::array<bool, 2> got{};
  TreiberLastItem() { HEDDLE_ASSERT(stack.try_push(7)); }
  void Thread(int index) {
    const std::optional<int> item = stack.try_pop();
    HEDDLE_ASSERT(!item || *item == 7);
    got[static_cast<std::size_t>(index)] = item.has_value();
  }
  void After() {
    HEDDLE_ASSERT(got[0] != got[1]);
    HEDDLE_ASSERT(stack.try_push(1) && stack.try_push(2) && !stack.try_push(3));
  }
};
HEDDLE_SCENARIO("queue/treiber_stack.last_item", TreiberLastItem);

}  // namespace
}  // namespace heddle
