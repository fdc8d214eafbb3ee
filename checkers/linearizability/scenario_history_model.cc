// SPDX-License-Identifier: Apache-2.0
//
// What the claim of a scenario's history orders, and what it does not: a register whose readers may
// see an old value until they have heard of the new one.
#include <atomic>
#include <cstdint>

#include "checkers/linearizability/scenario_history.h"
#include "checkers/linearizability/specs/registers.h"
#include "checkers/scenario/scenario.h"
#include "primitives/platform.h"

namespace heddle {
namespace {

using linearizability::RegisterSpec;

// A register in two places. What is written goes to the first; `kForward` says whether to the
// second, too, from which the other thread reads.
template <class P, bool kForward>
struct CopiedRegister {
  typename P::template Atomic<int> first{0};
  typename P::template Atomic<int> second{0};
  void write(int value) {
    first.store(value, std::memory_order_relaxed);
    if constexpr (kForward) second.store(value, std::memory_order_relaxed);
  }
  int read() const { return second.load(std::memory_order_relaxed); }
};

// One thread writes, and then says so, or not; the other one reads, after it was told, or whenever.
template <class P, bool kForward, bool kTells>
struct WriteAndRead {
  static constexpr int kThreads = 2;
  CopiedRegister<P, kForward> cell;
  typename P::template Atomic<std::uint32_t> told{0};
  linearizability::ScenarioHistory<P, RegisterSpec> history{RegisterSpec{.initial = 0}};

  void Thread(int thread) {
    if (thread == 0) {
      history.Do(0, {.function = RegisterSpec::kWrite, .argument = 1}, [&] {
        cell.write(1);
        return 0;
      });
      if constexpr (kTells) {
        told.store(1, std::memory_order_release);
        P::unpark(&told, 1);
      }
      return;
    }
    if constexpr (kTells) {
      while (told.load(std::memory_order_acquire) == 0) P::park(&told, 0, kNever);
    }
    history.Do(1, {.function = RegisterSpec::kRead}, [&] { return cell.read(); });
  }
  void After() { history.Check(); }
};

// A reader that has not heard of the write may see the old value, in Relacy also at a step that
// comes after the write's return: nothing there happens before the read.
template <class P>
using Unordered = WriteAndRead<P, true, false>;
HEDDLE_SCENARIO("linearizability/register.read_without_order", Unordered);

template <class P>
using Told = WriteAndRead<P, true, true>;
HEDDLE_SCENARIO("linearizability/register.read_after_a_message", Told);

// One that has must not: no order of the operations' threads alone would show it.
template <class P>
using Forgotten = WriteAndRead<P, false, true>;
HEDDLE_SCENARIO_FAILS("linearizability/register.forgotten_write", Forgotten,
                      Verdict::kNonlinearizable);

// What After() does comes behind all threads, also where they have not told each other anything.
template <class P>
struct ForgottenInTheEnd : WriteAndRead<P, false, false> {
  void After() {
    this->history.Do({.function = RegisterSpec::kRead}, [&] { return this->cell.read(); });
    this->history.Check();
  }
};
HEDDLE_SCENARIO_FAILS("linearizability/register.forgotten_in_the_end", ForgottenInTheEnd,
                      Verdict::kNonlinearizable);

// An operation without any event of its own comes behind nothing but its thread's: the write, over
// before the message that the other thread gets was sent, does not count as known by that message.
template <class P>
struct Silent {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> told{0};
  linearizability::ScenarioHistory<P, RegisterSpec> history{RegisterSpec{.initial = 0}};

  void Thread(int thread) {
    if (thread == 0) {
      told.store(1, std::memory_order_release);
      P::unpark(&told, 1);
      if constexpr (P::kExhaustive) {
        history.Do(0, {.function = RegisterSpec::kWrite, .argument = 1}, [] { return 0; });
      }
      return;
    }
    while (told.load(std::memory_order_acquire) == 0) P::park(&told, 0, kNever);
    history.Do(1, {.function = RegisterSpec::kRead}, [] { return 0; });
  }
  void After() { history.Check(); }
};
HEDDLE_SCENARIO("linearizability/register.silent_write", Silent);

}  // namespace
}  // namespace heddle
