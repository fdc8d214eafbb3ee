// SPDX-License-Identifier: Apache-2.0
//
// What only Relacy's engine shows, beside checkers/scenario/verdicts_model.cc: the engine's own
// test.
#include <atomic>
#include <cstdint>

#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

template <class P>
struct UninitializedAtomic {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> value;
  void Thread(int) { value.load(std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.uninitialized_atomic", UninitializedAtomic,
                      Verdict::kUninitialized);

// With kRelacy.spurious_wakeups a park() may return for no reason; without, it does not.
template <class P, bool kSpurious>
struct Spurious {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = kSpurious};
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      if (word.load(std::memory_order_relaxed) == 0) P::park(&word, 0, kNever);
      HEDDLE_ASSERT(word.fetch_add(0, std::memory_order_relaxed) == 1);
    } else {
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
    }
  }
};
template <class P>
using SpuriousOn = Spurious<P, true>;
template <class P>
using SpuriousOff = Spurious<P, false>;
HEDDLE_SCENARIO_FAILS("engine/verdicts.spurious_wakeup", SpuriousOn, Verdict::kAssertion);
HEDDLE_SCENARIO("engine/verdicts.no_spurious_wakeup", SpuriousOff);

// A bounded search says so and is not complete.
template <class P>
struct Bounded {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.preemptions = 1, .reason = "to test bounded search"};
  typename P::template Atomic<int> value{0};
  void Thread(int) { value.fetch_add(1, std::memory_order_relaxed); }
  void After() { HEDDLE_ASSERT(value.load(std::memory_order_relaxed) == 2); }
};
HEDDLE_SCENARIO("engine/verdicts.bounded", Bounded);

}  // namespace
}  // namespace heddle
