// SPDX-License-Identifier: Apache-2.0
//
// Long random histories of a subject (checkers/generate/subject.h) by real threads: production
// code, no hook in it, thousands of calls by each thread, recorded and judged at the end.
#ifndef HEDDLE_STRESS_HISTORIES_LONG_RUN_H_
#define HEDDLE_STRESS_HISTORIES_LONG_RUN_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/recorder.h"
#include "checkers/linearizability/spec.h"
#include "primitives/std_platform.h"
#include "stress/barrier.h"

namespace heddle::stress {

struct LongRun {
  int threads = 4;
  int calls = 2000;  // of each thread, all objects together
  int objects = 1;   // one after the other; each is a part of the history (Operation::key)
  // Calls of the beginning, on each object.
  std::vector<linearizability::Operation> beginning{};
  std::uint64_t seed = 1;
};

struct LongRunResult {
  linearizability::Judgement judgement = linearizability::Judgement::kOk;
  std::size_t operations = 0;
  std::string text{};  // of a violation: operations that contradict each other
};

namespace long_run_internal {

// What a thread may call: an action's operation with random arguments. Numbers that are to be the
// call's own are.
inline linearizability::Operation RandomCall(const generate::Action& action,
                                             std::mt19937_64& random,
                                             linearizability::Value& fresh) {
  linearizability::Operation op;
  op.function = action.function;
  for (std::size_t i = 0; i < action.arity(); ++i) {
    const generate::Argument& argument = action.arguments[i];
    const auto choices = static_cast<std::uint64_t>(argument.most - argument.least) + 1;
    const linearizability::Value value =
        argument.fresh ? fresh++
                       : argument.least + static_cast<linearizability::Value>(random() % choices);
    switch (argument.field) {
      case generate::Argument::Field::kKey:
        op.key = value;
        break;
      case generate::Argument::Field::kExpected:
        op.expected = value;
        break;
      default:
        op.argument = value;
        break;
    }
  }
  return op;
}

// Of `actions`, what the thread may call: of a role, one thread the calls; of what blocks, nothing
// but where that is all there is.
inline std::vector<generate::Action> ActionsOf(std::span<const generate::Action> actions,
                                               int thread, int threads) {
  std::vector<generate::Action> own;
  for (const generate::Action& action : actions) {
    if (action.role != 0 && (action.role - 1) % threads != thread) continue;
    if (action.blocks && actions.size() > 1) continue;
    own.push_back(action);
  }
  return own;
}

}  // namespace long_run_internal

template <class Subject>
LongRunResult Run(const LongRun& run) {
  using linearizability::Operation;
  using linearizability::Recorder;
  using linearizability::Value;

  const auto threads = static_cast<std::size_t>(run.threads);
  Recorder recorder(run.threads + 1, static_cast<std::size_t>(run.calls));
  std::deque<Subject> subjects(static_cast<std::size_t>(run.objects));

  const auto call = [&](std::size_t object, int thread, int process, Operation op) {
    Recorder::Log& log = recorder.log(process);
    Operation recorded = op;
    if (run.objects > 1) recorded.key = static_cast<Value>(object);
    log.Invoke(recorded);
    if (const std::optional<Value> result = subjects[object].Do(thread, op)) {
      log.Return(*result);
    } else {
      log.Forget();
    }
  };
  for (std::size_t object = 0; object < subjects.size(); ++object) {
    for (const Operation& op : run.beginning) call(object, generate::kAlone, run.threads, op);
  }

  Barrier start(run.threads);
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, thread = static_cast<int>(i)] {
      std::mt19937_64 random(run.seed * 1000 + static_cast<std::uint64_t>(thread));
      const std::vector<generate::Action> actions =
          long_run_internal::ActionsOf(Subject::kActions, thread, run.threads);
      Value fresh = Value{1'000'000} * (thread + 1);
      start.Wait();
      for (std::size_t object = 0; object < subjects.size(); ++object) {
        for (int i = 0; i < run.calls / run.objects && !actions.empty(); ++i) {
          const generate::Action& action = actions[random() % actions.size()];
          call(object, thread, thread, long_run_internal::RandomCall(action, random, fresh));
          if (random() % 16 == 0) std::this_thread::yield();
        }
        if constexpr (requires { subjects[object].Left(thread); }) {
          while (const std::optional<Operation> op = subjects[object].Left(thread)) {
            call(object, thread, thread, *op);
          }
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();

  using Spec = typename Subject::Spec;
  const Spec spec = [] {
    if constexpr (requires { Subject::MakeSpec(); }) return Subject::MakeSpec();
    return Spec{};
  }();
  linearizability::History history = recorder.Take();
  if constexpr (requires(const Operation& op) { spec.Second(op); }) {
    history.operations = linearizability::WithSeconds<Spec>(history.operations, spec);
  }
  LongRunResult result{.operations = history.operations.size()};
  const linearizability::ModelOf<Spec> model(spec);
  const absl::StatusOr<linearizability::Result> judged = linearizability::Check(
      history.operations, model,
      {.max_time = std::chrono::seconds(60), .shrink_time = std::chrono::seconds(2)});
  if (!judged.ok()) {
    result.judgement = linearizability::Judgement::kExhausted;
    result.text = std::string(judged.status().message());
    return result;
  }
  result.judgement = judged->judgement;
  if (!judged->violation) return result;
  for (const std::size_t at : judged->violation->minimal) {
    const Operation& op = history.operations[at];
    result.text += "process " + std::to_string(op.process) + " [" + std::to_string(op.invoke) +
                   ", " + std::to_string(op.done) + "] " + model.Describe(op, history.texts) + "\n";
  }
  return result;
}

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_HISTORIES_LONG_RUN_H_
