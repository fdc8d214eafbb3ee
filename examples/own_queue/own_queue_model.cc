// SPDX-License-Identifier: Apache-2.0
#include "checkers/generate/subject.h"
#include "checkers/linearizability/specs/containers.h"
#include "own_queue.h"

using namespace heddle;                   // NOLINT(google-build-using-namespace)
using namespace heddle::linearizability;  // NOLINT(google-build-using-namespace)

template <class P>
struct Subject {
  using Spec = QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>(
      {{.name = "push", .function = kPush, .arguments = {generate::kItem}},
       {.name = "pop", .function = kPop}});
  OwnQueue<P> queue;
  std::optional<Value> Do(int /*thread*/, const Operation& call) {
    if (call.function == kPop) return queue.pop();
    return queue.push(static_cast<int>(call.argument)) ? std::optional<Value>(1) : std::nullopt;
  }
};
HEDDLE_LINEARIZABLE("example/own_queue.linearizable", Subject,
                    "push(1), push(2) | pop, pop | final: pop");
HEDDLE_LINEARIZABLE_MUTANT("example/own_queue.linearizable", Subject, "push(1) | pop",
                           "publish_relaxed", Verdict::kRace);

template <class P>
struct Early {
  static constexpr int kThreads = 2;
  static constexpr GradedOutcome kOutcomes[] = {{"1", Grade::kAcceptable, "popped in time"},
                                                {"0", Grade::kInteresting, "came too early"}};
  OwnQueue<P> queue;
  int seen = 0;
  void Thread(int index) {
    index == 0 ? void(queue.push(1)) : void(seen = queue.pop().value_or(0));
  }
  void After() { Observe(std::to_string(seen)); }
};
HEDDLE_SCENARIO("example/own_queue.pops", Early);
