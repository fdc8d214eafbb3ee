// SPDX-License-Identifier: Apache-2.0
//
// What the real-thread engines say of the programs in checkers/scenario/verdicts_model.cc, and of
// those that only they have a verdict for.
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

// What is to be found gets a minute: a find ends the run, and a busy machine may need it.
stress::IsolatedOutcome RunFor(std::string_view name, double seconds = 60) {
  return stress::RunIsolated(
      "engine/verdicts." + std::string(name),
      {.modes = {Mode{}, {.noise = NoiseKind::kPauses}, {.noise = NoiseKind::kSlowThread}},
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

TEST(VerdictsTest, Assertion) {
  const auto outcome = RunFor("assertion");
  EXPECT_EQ(outcome.verdict, "assertion");
  EXPECT_TRUE(Says(outcome, "value.load(std::memory_order_relaxed) == 1"));
  EXPECT_TRUE(Says(outcome, "verdicts_model.cc:"));
  EXPECT_TRUE(Says(outcome, "in set-up or After()"));
  EXPECT_TRUE(Says(outcome, "    1 store - "));
  EXPECT_TRUE(Says(outcome, "    0 store - "));
  EXPECT_TRUE(Says(outcome, "seed 1"));
}

TEST(VerdictsTest, Race) {
  const auto outcome = RunFor("race");
  EXPECT_EQ(outcome.verdict, "race");
  EXPECT_TRUE(Says(outcome, "verdicts_model.cc:"));
}

TEST(VerdictsTest, OrderedAccessesAreNoRace) {
  const auto outcome = RunFor("no_race", 0.5);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

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
HEDDLE_SCENARIO_FAILS("engine/verdicts.locks_twice", LocksTwice, Verdict::kDeadlock);

TEST(VerdictsTest, LockingOnesOwnMutex) { EXPECT_EQ(RunFor("locks_twice").verdict, "deadlock"); }

TEST(VerdictsTest, LostWakeup) {
  const auto outcome = RunFor("lost_wakeup");
  EXPECT_EQ(outcome.verdict, "deadlock");
  EXPECT_TRUE(Says(outcome, "thread 0 sleeps: park"));
  EXPECT_TRUE(Says(outcome, "thread 1 has finished"));
}

TEST(VerdictsTest, LostNotification) {
  const auto outcome = RunFor("lost_notification");
  EXPECT_EQ(outcome.verdict, "deadlock");
  EXPECT_TRUE(Says(outcome, "thread 0 sleeps: CondVar::wait"));
}

TEST(VerdictsTest, SoundWaitingIsNoHang) {
  for (const char* const name : {"no_deadlock", "no_livelock", "initialized"}) {
    const auto outcome = RunFor(name, 0.1);
    EXPECT_EQ(outcome.verdict, "pass") << name << outcome.detail;
  }
}

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
HEDDLE_SCENARIO("engine/verdicts.slow", Slow);

TEST(VerdictsTest, SlowIsNoHang) {
  const auto outcome = RunFor("slow", 0.1);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

template <class P>
struct Node {
  typename P::template Atomic<int> value{0};
  int plain = 0;
};

TEST(VerdictsTest, UseAfterFree) {
  const auto outcome = RunFor("use_after_free");
  EXPECT_EQ(outcome.verdict, "use_after_free");
  EXPECT_TRUE(Says(outcome, "verdicts_model.cc:"));
}

// Memory that no platform operation touches.
template <class P>
struct PlainUseAfterFree {
  static constexpr int kThreads = 1;
  void Thread(int) {
    int* const plain = P::template create<int>(0);
    P::destroy(plain);
    *const_cast<volatile int*>(plain) = 1;
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.plain_use_after_free", PlainUseAfterFree,
                      Verdict::kUseAfterFree);

TEST(VerdictsTest, PlainUseAfterFree) {
  EXPECT_EQ(RunFor("plain_use_after_free").verdict, "use_after_free");
}

TEST(VerdictsTest, DoubleFree) { EXPECT_EQ(RunFor("double_free").verdict, "double_free"); }

TEST(VerdictsTest, Leak) {
  const auto outcome = RunFor("leak");
  EXPECT_EQ(outcome.verdict, "leak");
  EXPECT_TRUE(Says(outcome, "Node<"));
}

TEST(VerdictsTest, FreedMemoryIsReusedSometimes) {
  if (kTsan) GTEST_SKIP() << "ThreadSanitizer's allocator decides";
  EXPECT_EQ(RunFor("memory_is_reused").verdict, "assertion");
  EXPECT_EQ(RunFor("memory_is_reused~expects_fresh").verdict, "assertion");
}

TEST(VerdictsTest, Uninitialized) {
  if (kTsan) GTEST_SKIP() << "variables are plain under ThreadSanitizer";
  EXPECT_EQ(RunFor("initialized~uninitialized").verdict, "uninitialized");
}

TEST(VerdictsTest, BadUnlock) { EXPECT_EQ(RunFor("bad_unlock").verdict, "bad_unlock"); }

template <class P>
struct DestroyedInUse {
  static constexpr int kThreads = 1;
  typename P::Mutex mutex;
  void Thread(int) { mutex.lock(); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.destroyed_in_use", DestroyedInUse, Verdict::kDestroyedInUse);

TEST(VerdictsTest, DestroyedInUse) {
  EXPECT_EQ(RunFor("destroyed_in_use").verdict, "destroyed_in_use");
}

TEST(VerdictsTest, Exception) {
  const auto outcome = RunFor("exception");
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_TRUE(Says(outcome, "unexpected"));
}

TEST(VerdictsTest, CrashNamesThreadAndStack) {
  const auto outcome = RunFor("null_pointer");
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_TRUE(Says(outcome, "in thread 1"));
  EXPECT_TRUE(Says(outcome, "::Thread("));
}

TEST(VerdictsTest, Abort) {
  const auto outcome = RunFor("abort");
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
HEDDLE_SCENARIO("engine/verdicts.spoils_register", SpoilsRegister);

// The harness goes on as if nothing had happened. If it kept the number of the instance in such a
// register, the threads would never meet again, or one would begin from the first for ever.
TEST(VerdictsTest, HarnessIsOutOfReach) {
  for (spoiled = 0; spoiled < 6; ++spoiled) {
    const auto outcome = RunFor("spoils_register", 0.1);
    EXPECT_EQ(outcome.verdict, "pass") << spoiled << ": " << outcome.detail;
  }
}

#endif

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
HEDDLE_SCENARIO("engine/verdicts.skipped", Skipped);

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
HEDDLE_SCENARIO("engine/verdicts.touches_files", TouchesFiles);

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
HEDDLE_SCENARIO("engine/verdicts.too_many", TooMany);

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
HEDDLE_SCENARIO("engine/verdicts.indices", Indices);

TEST(VerdictsTest, ThreadIndices) {
  const auto outcome = RunFor("indices", 0.1);
  EXPECT_EQ(outcome.verdict, "pass") << outcome.detail;
}

}  // namespace
}  // namespace heddle
