// SPDX-License-Identifier: Apache-2.0
//
// What only the explorer shows, beside checkers/scenario/verdicts_model.cc: the engine's own test.
// verdicts_test.cc looks at what is said about them all.
#include <array>
#include <atomic>

#include "checkers/scenario/outcomes.h"
#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

// A message that is passed in the right way, and in a wrong one.
template <class P, std::memory_order kOrder>
struct Message {
  static constexpr int kThreads = 2;
  typename P::template Var<int> text{0};
  typename P::template Atomic<int> sent{0};
  void Thread(int index) {
    if (index == 0) {
      text.set(1);
      sent.store(1, kOrder);
    } else if (sent.load(std::memory_order_acquire) == 1) {
      HEDDLE_ASSERT(text.get() == 1);
    }
  }
};
template <class P>
using MessageRace = Message<P, std::memory_order_relaxed>;
template <class P>
using MessagePassed = Message<P, std::memory_order_release>;
HEDDLE_SCENARIO_FAILS("engine/verdicts.message_race", MessageRace, Verdict::kRace);
HEDDLE_SCENARIO("engine/verdicts.message_passed", MessagePassed);

template <class P>
struct Node {
  std::array<int, 2> plain{};
};

template <class P>
struct OutOfBounds {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> last{2};
  void Thread(int) {
    auto* const node = P::template create<Node<P>>();
    volatile int* const plain = node->plain.data();
    plain[last.load(std::memory_order_relaxed)] = 1;
    P::destroy(node);
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.out_of_bounds", OutOfBounds, Verdict::kOutOfBounds);

template <class P>
struct ForbiddenOutcome {
  static constexpr int kThreads = 2;
  static constexpr GradedOutcome kOutcomes[] = {
      {"1", Grade::kAcceptable, "thread 1 came last"},
      {"0", Grade::kForbidden, "the stores are not ordered"},
  };
  typename P::template Atomic<int> value{2};
  void Thread(int index) { value.store(index, std::memory_order_relaxed); }
  void After() { Observe(value.load(std::memory_order_relaxed) == 1 ? "1" : "0"); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.forbidden_outcome", ForbiddenOutcome,
                      Verdict::kForbiddenOutcome);

// More turns than are run, each in a state of its own.
template <class P>
struct Incomplete {
  static constexpr int kThreads = 1;
  typename P::template Atomic<bool> stop{false};
  void Thread(int) {
    for (volatile int turns = 0; !stop.load(std::memory_order_relaxed);) turns = turns + 1;
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.incomplete", Incomplete, Verdict::kIncomplete);

// Files are simulated: both orders of the two, and what a process counts beside them.
template <class P>
struct Files {
  static constexpr int kThreads = 2;
  typename P::Files::Count created;
  void Thread(int) {
    P::Files::run([this] {
      if (P::Files::open("x", OpenMode::kCreateExclusive) >= 0) created.add(1);
    });
  }
  void After() { HEDDLE_ASSERT(created.get() == (mutant<P>("two") ? 2 : 1)); }
};
HEDDLE_SCENARIO("engine/verdicts.files", Files);
HEDDLE_MUTANT("engine/verdicts.files", Files, "two", Verdict::kAssertion);

// What processes share beside files must not be plain: they order nothing.
template <class P>
struct PlainBesideFiles {
  static constexpr int kThreads = 2;
  int opened = 0;
  void Thread(int) {
    P::Files::run([this] {
      P::Files::stat("x", id);
      ++opened;
    });
  }
  FileId id;
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.plain_beside_files", PlainBesideFiles, Verdict::kRace);

}  // namespace
}  // namespace heddle
