// SPDX-License-Identifier: Apache-2.0
//
// One broken program for each verdict that the real-thread engines can give, and what the report
// says.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "checkers/scenario/scenario.h"
#include "gtest/gtest.h"
#include "primitives/std_platform.h"
#include "stress/harness.h"
#include "stress/isolated.h"
#include "stress/noise.h"

namespace heddle {
namespace {

using stress::Mode;
using stress::NoiseKind;

stress::IsolatedOutcome RunFor(std::string_view name, double seconds = 2) {
  return stress::RunIsolated(
      name, {.modes = {Mode{}, {.noise = NoiseKind::kPauses}, {.noise = NoiseKind::kSlowThread}},
             .seconds = seconds});
}

testing::AssertionResult Says(const stress::IsolatedOutcome& outcome, std::string_view text) {
  if (outcome.detail.find(text) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no '" << text << "' in:\n" << outcome.detail;
}

#if defined(HEDDLE_TSAN)
constexpr bool kTsan = true;
#else
constexpr bool kTsan = false;
#endif

template <class P>
struct Assertion {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> value{0};
  void Thread(int index) { value.store(index, std::memory_order_relaxed); }
  void After() { HEDDLE_ASSERT(value.load(std::memory_order_relaxed) == 1); }
};
HEDDLE_SCENARIO_FAILS("assertion", Assertion, Verdict::kAssertion);

TEST(VerdictsTest, Assertion) {
  const auto outcome = RunFor("assertion");
  EXPECT_EQ(outcome.verdict, "assertion");
  EXPECT_TRUE(Says(outcome, "value.load(std::memory_order_relaxed) == 1"));
  EXPECT_TRUE(Says(outcome, "verdicts_test.cc:"));
  EXPECT_TRUE(Says(outcome, "in set-up or After()"));
  EXPECT_TRUE(Says(outcome, "    1 store - "));
  EXPECT_TRUE(Says(outcome, "    0 store - "));
  EXPECT_TRUE(Says(outcome, "seed 1"));
}

// Natively an access must be caught while it overlaps another; ThreadSanitizer knows better.
template <class P>
struct Race {
  static constexpr int kThreads = 2;
  typename P::template Var<int> value{0};
  void Thread(int index) {
    if (index == 0) {
      value.set(1);
    } else {
      HEDDLE_ASSERT(value.get() >= 0);
    }
  }
};
HEDDLE_SCENARIO_FAILS("race", Race, Verdict::kRace);

TEST(VerdictsTest, Race) {
  const auto outcome = RunFor("race");
  EXPECT_EQ(outcome.verdict, "race");
  EXPECT_TRUE(Says(outcome, "verdicts_test.cc:"));
}

// Ordered accesses are no race, however they are disturbed.
template <class P>
struct NoRace {
  static constexpr int kThreads = 2;
  typename P::template Var<int> value;
  typename P::template Atomic<int> turn{0};
  void Thread(int index) {
    for (int i = 0; i < 4; ++i) {
      while (turn.load(std::memory_order_acquire) % 2 != index) P::pause();
      if (index == 0 && i == 0) {
        value.set(1);
      } else {
        value.set(value.get() + 1);
      }
      turn.fetch_add(1, std::memory_order_release);
    }
  }
  void After() { HEDDLE_ASSERT(value.take() == 8); }
};
HEDDLE_SCENARIO("no_race", NoRace);

TEST(VerdictsTest, OrderedAccessesAreNoRace) {
  const auto outcome = RunFor("no_race", 0.5);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

template <class P>
struct Deadlock {
  static constexpr int kThreads = 2;
  typename P::Mutex first;
  typename P::Mutex second;
  void Thread(int index) {
    Guard outer(index == 0 ? first : second);
    Guard inner(index == 0 ? second : first);
  }
};
HEDDLE_SCENARIO_FAILS("deadlock", Deadlock, Verdict::kDeadlock);

TEST(VerdictsTest, Deadlock) {
  const auto outcome = RunFor("deadlock");
  EXPECT_EQ(outcome.verdict, "deadlock");
  EXPECT_TRUE(Says(outcome, "thread 0 sleeps: Mutex::lock"));
  EXPECT_TRUE(Says(outcome, "thread 1 sleeps: Mutex::lock"));
}

template <class P>
struct LocksTwice {
  static constexpr int kThreads = 1;
  typename P::Mutex mutex;
  void Thread(int) {
    mutex.lock();
    mutex.lock();
  }
};
HEDDLE_SCENARIO_FAILS("locks_twice", LocksTwice, Verdict::kDeadlock);

TEST(VerdictsTest, LockingOnesOwnMutex) { EXPECT_EQ(RunFor("locks_twice").verdict, "deadlock"); }

template <class P>
struct LostWakeup {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      while (word.load(std::memory_order_relaxed) == 0) P::park(&word, 0, kNever);
    } else {
      P::unpark(&word, 1);
      word.store(1, std::memory_order_relaxed);
    }
  }
};
HEDDLE_SCENARIO_FAILS("lost_wakeup", LostWakeup, Verdict::kDeadlock);

TEST(VerdictsTest, LostWakeup) {
  const auto outcome = RunFor("lost_wakeup");
  EXPECT_EQ(outcome.verdict, "deadlock");
  EXPECT_TRUE(Says(outcome, "thread 0 sleeps: park"));
  EXPECT_TRUE(Says(outcome, "thread 1 has finished"));
}

template <class P>
struct Livelock {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> never{0};
  void Thread(int) {
    while (never.load(std::memory_order_relaxed) == 0) P::pause();
  }
};
HEDDLE_SCENARIO_FAILS("livelock", Livelock, Verdict::kLivelock);

TEST(VerdictsTest, Livelock) {
  const auto outcome = RunFor("livelock");
  EXPECT_EQ(outcome.verdict, "livelock");
  EXPECT_TRUE(Says(outcome, "thread 0 runs: "));
}

// Not a hang: each part takes longer than the watchdog is patient with sleepers, but works.
template <class P>
struct Slow {
  static constexpr int kThreads = 2;
  static constexpr StressOptions kStress{.instances = 1};
  void Thread(int index) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(index * 600);
    while (std::chrono::steady_clock::now() < end) P::yield();
  }
};
HEDDLE_SCENARIO("slow", Slow);

TEST(VerdictsTest, SlowIsNoHang) {
  const auto outcome = RunFor("slow", 0.1);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

template <class P>
struct Node {
  typename P::template Atomic<int> value{0};
  int plain = 0;
};

template <class P>
struct UseAfterFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int index) {
    if (index == 0) {
      P::destroy(node);
    } else {
      node->value.load(std::memory_order_relaxed);
    }
  }
};
HEDDLE_SCENARIO_FAILS("use_after_free", UseAfterFree, Verdict::kUseAfterFree);

TEST(VerdictsTest, UseAfterFree) {
  const auto outcome = RunFor("use_after_free");
  EXPECT_EQ(outcome.verdict, "use_after_free");
  EXPECT_TRUE(Says(outcome, "verdicts_test.cc:"));
}

// Memory that no platform operation touches.
template <class P>
struct PlainUseAfterFree {
  static constexpr int kThreads = 1;
  void Thread(int) {
    auto* node = P::template create<Node<P>>();
    P::destroy(node);
    *const_cast<volatile int*>(&node->plain) = 1;
  }
};
HEDDLE_SCENARIO_FAILS("plain_use_after_free", PlainUseAfterFree, Verdict::kUseAfterFree);

TEST(VerdictsTest, PlainUseAfterFree) {
  EXPECT_EQ(RunFor("plain_use_after_free").verdict, "use_after_free");
}

template <class P>
struct DoubleFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int) { P::destroy(node); }
};
HEDDLE_SCENARIO_FAILS("double_free", DoubleFree, Verdict::kDoubleFree);

TEST(VerdictsTest, DoubleFree) { EXPECT_EQ(RunFor("double_free").verdict, "double_free"); }

template <class P>
struct Leak {
  static constexpr int kThreads = 1;
  typename P::template Atomic<Node<P>*> head{nullptr};
  void Thread(int) { head.store(P::template create<Node<P>>(), std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("leak", Leak, Verdict::kLeak);

TEST(VerdictsTest, Leak) {
  const auto outcome = RunFor("leak");
  EXPECT_EQ(outcome.verdict, "leak");
  EXPECT_TRUE(Says(outcome, "Node<"));
}

// Freed memory is handed out again in some instances, and not in others.
template <class P>
struct Reuse {
  static constexpr int kThreads = 1;
  void Thread(int) {
    int* first = P::template create<int>(1);
    P::destroy(first);
    int* second = P::template create<int>(2);
    const bool same = first == second;
    P::destroy(second);
    HEDDLE_ASSERT(same != mutant<P>("expects_fresh"));
  }
};
HEDDLE_SCENARIO_FAILS("reuse", Reuse, Verdict::kAssertion);
HEDDLE_MUTANT("reuse", Reuse, "expects_fresh", Verdict::kAssertion);

TEST(VerdictsTest, FreedMemoryIsReusedSometimes) {
  if (kTsan) GTEST_SKIP() << "ThreadSanitizer's allocator decides";
  EXPECT_EQ(RunFor("reuse").verdict, "assertion");
  EXPECT_EQ(RunFor("reuse~expects_fresh").verdict, "assertion");
}

template <class P>
struct Uninitialized {
  static constexpr int kThreads = 1;
  typename P::template Var<int> value;
  void Thread(int) { value.get(); }
};
HEDDLE_SCENARIO_FAILS("uninitialized", Uninitialized, Verdict::kUninitialized);

TEST(VerdictsTest, Uninitialized) {
  if (kTsan) GTEST_SKIP() << "variables are plain under ThreadSanitizer";
  EXPECT_EQ(RunFor("uninitialized").verdict, "uninitialized");
}

template <class P>
struct BadUnlock {
  static constexpr int kThreads = 1;
  typename P::Mutex mutex;
  void Thread(int) { mutex.unlock(); }
};
HEDDLE_SCENARIO_FAILS("bad_unlock", BadUnlock, Verdict::kBadUnlock);

TEST(VerdictsTest, BadUnlock) { EXPECT_EQ(RunFor("bad_unlock").verdict, "bad_unlock"); }

template <class P>
struct DestroyedInUse {
  static constexpr int kThreads = 1;
  typename P::Mutex mutex;
  void Thread(int) { mutex.lock(); }
};
HEDDLE_SCENARIO_FAILS("destroyed_in_use", DestroyedInUse, Verdict::kDestroyedInUse);

TEST(VerdictsTest, DestroyedInUse) {
  EXPECT_EQ(RunFor("destroyed_in_use").verdict, "destroyed_in_use");
}

template <class P>
struct Throws {
  static constexpr int kThreads = 1;
  void Thread(int) { throw std::runtime_error("unexpected"); }
};
HEDDLE_SCENARIO_FAILS("throws", Throws, Verdict::kCrash);

TEST(VerdictsTest, Exception) {
  const auto outcome = RunFor("throws");
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_TRUE(Says(outcome, "unexpected"));
}

template <class P>
struct Crashes {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int*> pointer{nullptr};
  void Thread(int index) {
    if (index == 1) *const_cast<volatile int*>(pointer.load(std::memory_order_relaxed)) = 1;
  }
};
HEDDLE_SCENARIO_FAILS("crashes", Crashes, Verdict::kCrash);

TEST(VerdictsTest, CrashNamesThreadAndStack) {
  const auto outcome = RunFor("crashes");
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_TRUE(Says(outcome, "in thread 1"));
  EXPECT_TRUE(Says(outcome, "::Thread("));
}

template <class P>
struct Aborts {
  static constexpr int kThreads = 1;
  void Thread(int) { std::abort(); }
};
HEDDLE_SCENARIO_FAILS("aborts", Aborts, Verdict::kCrash);

TEST(VerdictsTest, Abort) {
  const auto outcome = RunFor("aborts");
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_TRUE(Says(outcome, "abort()"));
}

#if defined(__x86_64__)

// Broken code that writes to a frame which it has left finds there, by then, the registers that
// some function keeps for its caller: 0 ends in one of them.
__attribute__((noinline, disable_sanitizer_instrumentation)) void SpoilRegister(int which) {
  switch (which) {
    case 0:
      asm volatile("xor %ebx, %ebx");
      break;
    case 1:
      asm volatile("xor %r12d, %r12d");
      break;
    case 2:
      asm volatile("xor %r13d, %r13d");
      break;
    case 3:
      asm volatile("xor %r14d, %r14d");
      break;
    case 4:
      asm volatile("xor %r15d, %r15d");
      break;
    default:
      asm volatile("xor %ebp, %ebp");
      break;
  }
}

int spoiled = 0;

// No platform operation in between: its code would save the register, and repair it.
template <class P>
struct SpoilsRegister {
  static constexpr int kThreads = 2;
  std::array<int, kThreads> parts{};
  void Thread(int index) {
    ++parts[static_cast<std::size_t>(index)];
    if (index == 1) SpoilRegister(spoiled);
  }
  void After() {
    HEDDLE_ASSERT(parts[0] == 1 && parts[1] == 1);
    SpoilRegister(spoiled);
  }
};
HEDDLE_SCENARIO("spoils_register", SpoilsRegister);

// The harness goes on as if nothing had happened. If it kept the number of the instance in such a
// register, the threads would never meet again, or one would begin from the first for ever.
TEST(VerdictsTest, HarnessIsOutOfReach) {
  for (spoiled = 0; spoiled < 6; ++spoiled) {
    const auto outcome = RunFor("spoils_register", 0.1);
    EXPECT_EQ(outcome.verdict, "pass") << spoiled << ": " << outcome.detail;
  }
}

#endif

// A deadline an hour ahead: that it expires and that it does not are both seen, at once.
template <class P>
struct TimedPark {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      const Deadline deadline = P::Clock::now() + std::chrono::hours(1);
      bool in_time = true;
      while (in_time && word.load(std::memory_order_relaxed) == 0) {
        in_time = P::park(&word, 0, deadline) != ParkResult::kTimedOut;
      }
      HEDDLE_ASSERT(in_time || P::Clock::expired(deadline));  // and stays expired
      HEDDLE_ASSERT(in_time || !mutant<P>("never_times_out"));
      HEDDLE_ASSERT(!in_time || !mutant<P>("always_times_out"));
    } else {
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
    }
  }
};
HEDDLE_SCENARIO("timed_park", TimedPark);
HEDDLE_MUTANT("timed_park", TimedPark, "never_times_out", Verdict::kAssertion);
HEDDLE_MUTANT("timed_park", TimedPark, "always_times_out", Verdict::kAssertion);

TEST(VerdictsTest, DeadlinesExpireSometimes) {
  EXPECT_EQ(RunFor("timed_park", 0.3).verdict, "pass");
  EXPECT_EQ(RunFor("timed_park~never_times_out").verdict, "assertion");
  EXPECT_EQ(RunFor("timed_park~always_times_out").verdict, "assertion");
}

template <class P>
struct Skipped {
  static constexpr int kThreads = 1;
  static constexpr StressOptions kStress{.skip = "for a test"};
  void Thread(int) { HEDDLE_ASSERT(false); }
};
HEDDLE_SCENARIO("skipped", Skipped);

TEST(VerdictsTest, SkippedSaysWhy) {
  const auto outcome = RunFor("skipped");
  EXPECT_EQ(outcome.verdict, "pass");
  EXPECT_TRUE(Says(outcome, "for a test"));
}

template <class P>
struct TouchesFiles {
  static constexpr int kThreads = 1;
  void Thread(int) { P::Files::unlink("x"); }
};
HEDDLE_SCENARIO("touches_files", TouchesFiles);

TEST(VerdictsTest, FilesAreRefused) {
  const auto outcome = RunFor("touches_files");
  EXPECT_EQ(outcome.verdict, "error");
  EXPECT_TRUE(Says(outcome, "kStress.skip"));
}

template <class P>
struct TooMany {
  static constexpr int kThreads = P::kMaxThreads + 1;
  void Thread(int) {}
};
HEDDLE_SCENARIO("too_many", TooMany);

TEST(VerdictsTest, TooManyThreads) { EXPECT_EQ(RunFor("too_many").verdict, "error"); }

// Threads have dense ids; so has whoever runs the constructor.
template <class P>
struct Indices {
  static constexpr int kThreads = 3;
  typename P::template PerThread<int> slots;
  Indices() { slots.local() = 10; }
  void Thread(int index) {
    HEDDLE_ASSERT(P::thread_index() == index);
    slots.local() += index + 1;
    HEDDLE_ASSERT(slots.local() == (index == 0 ? 11 : index + 1));
  }
};
HEDDLE_SCENARIO("indices", Indices);

TEST(VerdictsTest, ThreadIndices) {
  const auto outcome = RunFor("indices", 0.1);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

}  // namespace
}  // namespace heddle
