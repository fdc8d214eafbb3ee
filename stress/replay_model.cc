// SPDX-License-Identifier: Apache-2.0
//
// Programs that fail in few of their very many executions, each for another reason
// (replay_test.sh).
#include <array>
#include <atomic>
#include <cstddef>

#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

// Who comes last finds the others not yet ready.
template <class P>
struct ComesLast {
  static constexpr int kThreads = 3;
  typename P::template Atomic<int> work{0};
  typename P::template Atomic<int> turn{0};
  typename P::template Atomic<int> ready{0};
  void Thread(int index) {
    for (int i = 0; i < 6; ++i) work.fetch_add(1, std::memory_order_relaxed);
    const int seen = turn.fetch_add(1, std::memory_order_acq_rel);
    if (index == 0) {
      const bool last = seen == 2 && work.load(std::memory_order_relaxed) == 18;
      HEDDLE_ASSERT(!last || ready.load(std::memory_order_relaxed) == 6);
    } else {
      for (int i = 0; i < 3; ++i) ready.fetch_add(1, std::memory_order_relaxed);
    }
  }
};
HEDDLE_SCENARIO_FAILS("replay/comes_last", ComesLast, Verdict::kAssertion);

// Both stores are still in their buffers when the loads look: in no interleaving.
template <class P>
struct Buffered {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> count{0};
  std::array<typename P::template Atomic<int>, 2> flags{};
  std::array<int, 2> seen{};
  Buffered() {
    for (auto& flag : flags) flag.store(0, std::memory_order_relaxed);
  }
  void Thread(int index) {
    const auto self = static_cast<std::size_t>(index);
    for (int i = 0; i < 4; ++i) count.fetch_add(1, std::memory_order_relaxed);
    flags[self].store(1, std::memory_order_relaxed);
    seen[self] = flags[1 - self].load(std::memory_order_relaxed);
  }
  void After() { HEDDLE_ASSERT(seen[0] + seen[1] != 0); }
};
HEDDLE_SCENARIO_FAILS("replay/buffered", Buffered, Verdict::kAssertion);

template <class P>
struct Crossed {
  static constexpr int kThreads = 2;
  typename P::Mutex first;
  typename P::Mutex second;
  typename P::template Atomic<int> count{0};
  void Thread(int index) {
    for (int i = 0; i < 4; ++i) count.fetch_add(1, std::memory_order_relaxed);
    Guard outer(index == 0 ? first : second);
    Guard inner(index == 0 ? second : first);
  }
};
HEDDLE_SCENARIO_FAILS("replay/crossed", Crossed, Verdict::kDeadlock);

// Of many steps, each process dies at just one.
template <class P>
struct Dies {
  static constexpr int kThreads = 2;
  std::array<int, 2> steps{};
  void Thread(int index) {
    int& mine = steps[static_cast<std::size_t>(index)];
    P::Shared::run(true, [&mine] {
      for (; mine < 20; ++mine) P::Shared::step();
    });
  }
  void After() { HEDDLE_ASSERT(steps[0] != 12 || steps[1] != 6); }
};
HEDDLE_SCENARIO_FAILS("replay/dies", Dies, Verdict::kAssertion);

}  // namespace
}  // namespace heddle
