// SPDX-License-Identifier: Apache-2.0
// A queue of one's own, recorded under four threads and judged.
#include "own_queue.h"

#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/recorder.h"
#include "checkers/linearizability/specs/containers.h"

using namespace heddle::linearizability;  // NOLINT(google-build-using-namespace)

int main() {
  OwnQueue queue;
  Recorder recorder(4);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Recorder::Log& log = recorder.log(t);
      for (int i = 0; i < 10'000; ++i) {
        log.Invoke({.function = kPush, .argument = 10'000 * t + i});
        queue.push(10'000 * t + i);
        log.Return(1);
        for (int pops = 0; i % 2 != 0 && pops < 2; ++pops) {
          log.Invoke({.function = kPop});
          const std::optional<int> popped = queue.pop();
          log.Return(popped ? *popped : kNone);
        }
      }
    });
  }
  threads.clear();  // joins
  const bool ok = Check(recorder.Take(), QueueSpec{})->judgement == Judgement::kOk;
  std::puts(ok ? "linearizable" : "not linearizable");
  return ok ? 0 : 1;
}
