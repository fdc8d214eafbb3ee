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
// The claim is the engine's strongest that is sound. Where there is a clock (real threads, with and
// without ThreadSanitizer) operations are ordered in real time, as the recorder's are: the threads
// share nothing for that. Weak memory has no such time: an execution of Relacy or of the explorer
// orders an operation before another one only where all that the first did happens before the call
// of the second. (The same order makes the claims of CDSSpec: P. Ou, B. Demsky, Checking concurrent
// data structures under the C/C++11 memory model, PPoPP 2017; and of Yacovet: A. Raad et al., On
// library correctness under weak memory consistency, POPL 2019.) The engine's own clocks tell;
// nothing is added to the execution, so there are as many executions as without the claim, and no
// stale value is ruled out. Set-up comes before everything, After() behind it.
//
// Do not record what an action does in a loop, but the loop: put it into the action. An operation
// that is not what the specification speaks of (a try that may fail for no reason) is left out by
// returning nullopt from the action.
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

// The platform tells which of the threads' events happen before others.
template <class P>
inline constexpr bool kTellsPast = requires { P::past(); };

// The order of a scenario's operations where not memory but the kernel does them, one at a time
// (files): where an engine runs one step after the other, the steps' order is the kernel's.
enum class OrderedBy : std::uint8_t { kMemory, kKernel };

// At most kMost operations of one thread, set-up or After(); no more than 32 in all.
template <class P, Spec S, int kMost = 6, OrderedBy kOrder = OrderedBy::kMemory>
class ScenarioHistory {
 public:
  explicit ScenarioHistory(S spec = {}) : spec_(std::move(spec)) {}

  // Runs `action`, which returns the operation's result, or nullopt: then it is not recorded. Call
  // from thread 0 .. kThreads - 1 of the scenario as Do(thread, ...), from elsewhere as Do(...).
  template <class Action>
  void Do(int thread, Operation call, Action action) {
    Log& log = logs_[static_cast<std::size_t>(thread) + 2];
    if (log.count + (kTwoInstants ? 1 : 0) >= kMost) {
      Fail(Verdict::kError, "a scenario's history is too long", std::source_location::current());
      return;
    }
    Entry& entry = log.entries[static_cast<std::size_t>(log.count)];
    call.process = thread;
    entry.invoked = Now(thread);
    AfterClock();
    const std::optional<Value> result = action();
    BeforeClock();
    entry.returned = Now(thread);
    if (!result) return;
    call.result = *result;
    call.done = 0;
    entry.operation = call;
    ++log.count;
    if constexpr (kTwoInstants) {
      const std::optional<Operation> second = spec_.Second(call);
      if (!second) return;
      log.entries[static_cast<std::size_t>(log.count)] = entry;
      log.entries[static_cast<std::size_t>(log.count++)].operation = *second;
    }
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
        all_[count_++] = &log.entries[static_cast<std::size_t>(i)];
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
  static constexpr bool kTwoInstants =
      requires(const S& spec, const Operation& op) { spec.Second(op); };
  static constexpr int kEnd = -1;
  static constexpr int kBeginning = -2;

  // An instant of a thread: what was before it, or when it was.
  template <class Q>
  struct MomentOf {
    using Type = Time;
  };
  template <class Q>
    requires kTellsPast<Q>
  struct MomentOf<Q> {
    using Type = typename Q::Past;
  };
  using Moment = typename MomentOf<P>::Type;

  struct Entry {
    Operation operation;
    Moment invoked{};
    Moment returned{};
  };
  // Each of its own cache lines: real threads write at the same time.
  struct alignas(128) Log {
    std::array<Entry, kMost> entries{};
    int count = 0;
  };

  static Moment Now(int thread) {
    if constexpr (kTellsPast<P>) {
      if (thread < 0) return Moment();
      if constexpr (kOrder == OrderedBy::kKernel && requires { P::kInterleaves; }) {
        static std::uint32_t step = 0;  // no event of the program
        Moment now;
        now.fill(++step);
        return now;
      }
      return P::past();
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
    if (op.process == kBeginning) return 0;
    return op.process == kEnd ? 2 : 1;
  }
  static bool Before(const Entry& a, const Entry& b) {
    const int first = Phase(a.operation);
    const int second = Phase(b.operation);
    if (first != second) return first < second;
    if (a.operation.process == b.operation.process) return &a < &b;
    if constexpr (kTellsPast<P>) {
      const auto thread = static_cast<std::size_t>(a.operation.process);
      const auto last = a.returned[thread];
      // Without an event of its own, it is only known to be over where a later one is.
      const bool silent = last == a.invoked[thread];
      return b.invoked[thread] >= (silent ? last + 1 : last);
    } else {
      return a.returned < b.invoked;
    }
  }

  bool Place(const typename S::State& state, std::uint32_t placed) {
    if (placed == static_cast<std::uint32_t>((std::uint64_t{1} << count_) - 1)) return true;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint32_t self = std::uint32_t{1} << i;
      if ((placed & self) != 0 || (before_[i] & ~placed) != 0) continue;
      typename S::State after = state;
      if (spec_.Step(after, all_[i]->operation) && Place(after, placed | self)) return true;
    }
    return false;
  }

  void FailWithOperations(std::source_location where) {
    // No allocation: Fail() may not return.
    std::array<char, 1000> text{};
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
      const Operation& op = all_[i]->operation;
      append(op.process == kEnd ? " [end" : op.process == kBeginning ? " [beginning" : " [thread ");
      if (op.process >= 0) append_number(op.process);
      append(" ");
      if constexpr (requires { S::kNames[0]; }) {
        append(S::kNames[static_cast<std::size_t>(op.function)]);
      } else {
        append("function ");
        append_number(op.function);
      }
      append("(");
      bool first = true;
      for (const Value value : {op.key, op.argument, op.expected}) {
        if (value == kNone) continue;
        if (!first) append(", ");
        append_number(value);
        first = false;
      }
      append(") -> ");
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
  std::array<const Entry*, kAll> all_{};
  std::array<std::uint32_t, kAll> before_{};
  std::size_t count_ = 0;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SCENARIO_HISTORY_H_
