// SPDX-License-Identifier: Apache-2.0
//
// The claim of a scenario that what its threads did is linearizable, checked in every execution:
//
//   template <class P>
//   struct StackIsLinearizable {
//     static constexpr int kThreads = 2;
//     TreiberStack<int, P> stack{4};
//     linearizability::ScenarioHistory<P, linearizability::StackSpec> history;
//     void Thread(int i) {
//       history.Do(i, {.function = kPush, .argument = i}, [&] { return stack.try_push(i) ? 1 : 0;
//       });
//     }
//     void After() {
//       history.Do({.function = kPop}, [&] { return stack.try_pop().value_or(kNone); });
//       history.Check();
//     }
//   };
//
// Which operations are in order depends on what the engine has. Relacy runs one thread at a time,
// real threads have a clock: there, operations are ordered in real time. The explorer runs
// execution graphs, in which there is no time: operations are ordered by their threads, and what
// set-up does comes before and what After() does after the threads. That is all the order that
// happens-before gives to operations whatever the object does within them, and a weaker claim
// (sequential consistency with a beginning and an end).
//
// Real time is more than C++ promises. An operation that only reads may, under Relacy, see what was
// true before another one ended that it has no other tie to ("empty" after a push has returned): do
// not record it, by returning nullopt from the action.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SCENARIO_HISTORY_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SCENARIO_HISTORY_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <utility>

#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"
#include "checkers/scenario/description.h"

namespace heddle::linearizability {

// The platform's engine orders operations by time.
template <class P>
inline constexpr bool kHasRealTime = [] {
  if constexpr (requires { P::kRealTime; }) return P::kRealTime;
  return true;
}();

// At most kMost operations of one thread, set-up or After(); no more than 32 in all.
template <class P, Spec S, int kMost = 6>
class ScenarioHistory {
 public:
  explicit ScenarioHistory(S spec = {}) : spec_(std::move(spec)) {}

  // Runs `action`, which returns the operation's result, or nullopt: then it is not recorded. Call
  // from thread 0 .. kThreads - 1 of the scenario as Do(thread, ...), from elsewhere as Do(...).
  template <class Action>
  void Do(int thread, Operation call, Action action) {
    Log& log = logs_[static_cast<std::size_t>(thread) + 2];
    if (log.count == kMost) {
      Fail(Verdict::kError, "a scenario's history is too long", std::source_location::current());
      return;
    }
    call.process = thread;
    call.invoke = Now();
    AfterClock();
    const std::optional<Value> result = action();
    BeforeClock();
    call.done = Now();
    if (!result) return;
    call.result = *result;
    log.operations[static_cast<std::size_t>(log.count++)] = call;
  }
  template <class Action>
  void Do(Operation call, Action action) {
    // The scenario's constructor, then After(): told apart by whether any thread did something.
    bool begun = false;
    for (std::size_t i = 2; i < logs_.size(); ++i) begun = begun || logs_[i].count != 0;
    Do(begun ? kEnd : kBeginning, call, action);
  }

  // In After(). Ends the execution with Verdict::kNonlinearizable if no order is possible.
  void Check(std::source_location where = std::source_location::current()) {
    count_ = 0;
    for (Log& log : logs_) {
      for (int i = 0; i < log.count; ++i) {
        if (count_ == kAll) {
          Fail(Verdict::kError, "a scenario's history is too long", where);
          return;
        }
        all_[count_++] = &log.operations[static_cast<std::size_t>(i)];
      }
    }
    for (std::size_t i = 0; i < count_; ++i) {
      before_[i] = 0;
      for (std::size_t j = 0; j < count_; ++j) {
        if (i != j && Before(*all_[j], *all_[i])) before_[i] |= std::uint32_t{1} << j;
      }
    }
    if (!Place(spec_.Initial(), 0)) FailWithOperations(where);
  }

 private:
  static constexpr std::size_t kAll = 32;
  static constexpr int kEnd = -1;
  static constexpr int kBeginning = -2;

  struct Log {
    std::array<Operation, kMost> operations{};
    int count = 0;
  };

  static Time Now() {
    if constexpr (!kHasRealTime<P>) {
      return 0;
    } else if constexpr (P::kExhaustive) {
      // One thread at a time; no event of the program.
      static Time now = 0;
      return ++now;
    } else {
      return static_cast<Time>(std::chrono::steady_clock::now().time_since_epoch().count());
    }
  }
  // As in recorder.h.
  static void AfterClock() {
    if constexpr (!P::kExhaustive) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
#if defined(__x86_64__)
      __builtin_ia32_lfence();
#endif
    }
  }
  static void BeforeClock() {
    if constexpr (!P::kExhaustive) {
#if defined(HEDDLE_TSAN)
      std::atomic_signal_fence(std::memory_order_seq_cst);
#else
      std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    }
  }

  static int Phase(const Operation& op) {
    return op.process == kBeginning ? 0 : op.process == kEnd ? 2 : 1;
  }
  static bool Before(const Operation& a, const Operation& b) {
    if (Phase(a) != Phase(b)) return Phase(a) < Phase(b);
    if (a.process == b.process) return &a < &b;
    return kHasRealTime<P> && a.done < b.invoke;
  }

  bool Place(const typename S::State& state, std::uint32_t placed) {
    if (placed == static_cast<std::uint32_t>((std::uint64_t{1} << count_) - 1)) return true;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint32_t self = std::uint32_t{1} << i;
      if ((placed & self) != 0 || (before_[i] & ~placed) != 0) continue;
      typename S::State after = state;
      if (spec_.Step(after, *all_[i]) && Place(after, placed | self)) return true;
    }
    return false;
  }

  void FailWithOperations(std::source_location where) {
    // No allocation: Fail() may not return.
    std::array<char, 400> text{};
    std::size_t size = 0;
    const auto append = [&](std::string_view more) {
      more = more.substr(0, text.size() - size);
      std::copy(more.begin(), more.end(), text.begin() + static_cast<std::ptrdiff_t>(size));
      size += more.size();
    };
    const auto append_number = [&](Value value) {
      std::array<char, 24> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
      append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    };
    append("no order of these operations is possible:");
    for (std::size_t i = 0; i < count_; ++i) {
      const Operation& op = *all_[i];
      append(op.process == kEnd ? " [end" : op.process == kBeginning ? " [beginning" : " [thread ");
      if (op.process >= 0) append_number(op.process);
      append(" function ");
      append_number(op.function);
      if (op.argument != kNone) {
        append(" ");
        append_number(op.argument);
      }
      append(" -> ");
      if (op.result == kNone) {
        append("nothing]");
      } else {
        append_number(op.result);
        append("]");
      }
    }
    Fail(Verdict::kNonlinearizable, std::string_view(text.data(), size), where);
  }

  S spec_;
  std::array<Log, P::kMaxThreads + 2> logs_;  // the beginning's, the end's, the threads'
  std::array<const Operation*, kAll> all_{};
  std::array<std::uint32_t, kAll> before_{};
  std::size_t count_ = 0;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SCENARIO_HISTORY_H_
