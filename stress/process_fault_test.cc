// SPDX-License-Identifier: Apache-2.0
//
// Real processes that share a RobustMutex are killed, and stopped, at every step of their work, and
// at random moments, while signals interrupt them all the time. Processes that survive check that
// one owner is in at a time, that a death is told exactly where one was, and that nobody waits for
// ever.
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "primitives/process/process_testing.h"
#include "primitives/process/robust_mutex.h"
#include "stress/faulty_shared.h"
#include "stress/faulty_steps.h"
#include "stress/process_faults.h"

namespace heddle {
namespace {

using process_testing::AwaitSleep;
using process_testing::InShared;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using stress::Channel;
using stress::Fault;
using stress::FaultySharedPlatform;
using stress::FaultySteps;
using stress::JumpingClock;
using stress::Mob;
using stress::ProcessFaultTest;
using stress::Start;
using stress::Sweep;

using Mutex = RobustMutex<FaultySharedPlatform>;

// What a mutex protects: two counts that are equal but in the middle of a visit.
class Room {
 public:
  // Whether it was found in the middle.
  bool half_done() const { return first_ != second_; }
  void Mend() { second_ = first_; }
  // False: somebody else was in at the same time.
  bool Visit() {
    const std::int64_t before = first_;
    first_ = before + 1;
    FaultySteps::step();
    for (int i = 0; i < kPatience; ++i) sched_yield();  // the time to be found, or killed, in
    const bool alone = first_ == before + 1 && second_ == before;
    second_ = before + 1;
    FaultySteps::step();
    return alone;
  }
  std::int64_t visits() const { return second_; }

 private:
  static constexpr int kPatience = 10;

  // Volatile: a store in the middle of a visit is one that another process can see.
  volatile std::int64_t first_ = 0;
  volatile std::int64_t second_ = 0;
};

struct Shared {
  Mutex mutex;
  Room room;
};

// 0, or what is wrong. `told`: that an owner had died.
int Visit(Shared& shared, bool* told = nullptr) {
  const RobustStatus status = shared.mutex.lock();
  if (status != RobustStatus::kOk && status != RobustStatus::kOwnerDied) return 1;
  if (status == RobustStatus::kOk && shared.room.half_done()) return 2;
  if (status == RobustStatus::kOwnerDied) {
    shared.room.Mend();
    if (shared.mutex.make_consistent() != RobustStatus::kOk) return 3;
    if (told != nullptr) *told = true;
  }
  if (!shared.room.Visit()) return 4;
  return shared.mutex.unlock() == RobustStatus::kOk ? 0 : 5;
}

TEST_F(ProcessFaultTest, AnOwnerDiesAtEveryStep) {
  int told_of = 0;
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    const InShared<Shared> shared;
    const auto victim = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      return Visit(*shared);
    });
    const bool killed = Killed(*victim, when);
    // Nobody waits now: the mutex is to be had at once.
    const bool half_done = shared->room.half_done();
    const RobustStatus status = shared->mutex.try_lock();
    if (status == RobustStatus::kOwnerDied) {
      ++told_of;
      EXPECT_TRUE(killed) << when;
      shared->room.Mend();
      EXPECT_EQ(shared->mutex.make_consistent(), RobustStatus::kOk) << when;
    } else {
      ASSERT_EQ(status, RobustStatus::kOk) << when;
      EXPECT_FALSE(half_done) << when;
    }
    EXPECT_EQ(shared->mutex.unlock(), RobustStatus::kOk) << when;
    EXPECT_EQ(Visit(*shared), 0) << when;
    reached = killed;
  });
  EXPECT_GT(steps, 10) << "the sweep saw no protocol";
  EXPECT_GT(told_of, 5);
  EXPECT_LT(told_of, steps - 2) << "at its ends it owns nothing";
}

// Two sleep on the mutex while its owner dies at each step: both get in, one of them is told.
TEST_F(ProcessFaultTest, AnOwnerDiesBeforeWaiters) {
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    const InShared<Shared> shared;
    const InShared<std::atomic<int>> told(0);
    const auto victim = Start([&](Channel parent) {
      if (shared->mutex.lock() != RobustStatus::kOk) return 6;
      parent.tell('o');
      parent.hear();
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      if (!shared->room.Visit()) return 7;
      return shared->mutex.unlock() == RobustStatus::kOk ? 0 : 8;
    });
    ASSERT_EQ(victim->channel().hear(), 'o');
    const auto wait = [&](Channel) {
      bool died = false;
      const int result = Visit(*shared, &died);
      if (died) told->fetch_add(1);
      return result;
    };
    const auto one = Start(wait);
    const auto other = Start(wait);
    AwaitSleep(one->pid());
    AwaitSleep(other->pid());
    victim->channel().tell('g');
    const bool killed = Killed(*victim, when);
    EXPECT_EQ(one->wait(), 0) << when;
    EXPECT_EQ(other->wait(), 0) << when;
    EXPECT_LE(*told, killed ? 1 : 0) << when;
    EXPECT_EQ(Visit(*shared), 0) << when;
    reached = killed;
  });
  EXPECT_GT(steps, 5) << "the sweep saw no protocol";
}

// One of two that sleep on the mutex dies at each step: also after it was woken, where the mutex is
// free, or its owner is back. The other gets in.
TEST_F(ProcessFaultTest, AWaiterDiesAtEveryStep) {
  for (const bool back : {false, true}) {
    const char* const what = back ? "the owner being back, killed" : "killed";
    const int steps = Sweep(what, [&](int step, const std::string& when, bool& reached) {
      const InShared<Shared> shared;
      ASSERT_EQ(shared->mutex.lock(), RobustStatus::kOk);
      const auto victim = Start([&](Channel) {
        FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
        return Visit(*shared);
      });
      AwaitSleep(victim->pid());
      const auto other = Start([&](Channel) { return Visit(*shared); });
      AwaitSleep(other->pid());
      EXPECT_EQ(shared->mutex.unlock(), RobustStatus::kOk) << when;
      if (back) {
        // At once, before the one that was woken comes; it finds it taken, and sleeps again or
        // dies.
        const RobustStatus status = shared->mutex.lock();
        EXPECT_TRUE(status == RobustStatus::kOk || status == RobustStatus::kOwnerDied) << when;
        if (status == RobustStatus::kOwnerDied) shared->room.Mend();
        EXPECT_EQ(shared->mutex.make_consistent(), RobustStatus::kOk) << when;
        AwaitSleep(victim->pid());
        EXPECT_EQ(shared->mutex.unlock(), RobustStatus::kOk) << when;
      }
      const bool killed = Killed(*victim, when);
      EXPECT_EQ(other->wait(), 0) << when;
      EXPECT_EQ(Visit(*shared), 0) << when;
      reached = killed;
    });
    EXPECT_GT(steps, 10) << "the sweep saw no protocol";
  }
}

// The owner dies, and then one of the two that wait, at each step: also after it was woken to be
// told. The other one is told, unless the second to die has mended it all.
TEST_F(ProcessFaultTest, WhoeverIsToldDiesAtEveryStep) {
  int told_of = 0;
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    const InShared<Shared> shared;
    const InShared<std::atomic<int>> told(0);
    const auto owner = Start([&](Channel parent) {
      if (shared->mutex.lock() != RobustStatus::kOk) return 6;
      parent.tell('o');
      parent.hear();
      return 7;
    });
    ASSERT_EQ(owner->channel().hear(), 'o');
    const auto victim = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      return Visit(*shared);
    });
    AwaitSleep(victim->pid());
    const auto other = Start([&](Channel) {
      bool died = false;
      const int result = Visit(*shared, &died);
      if (died) told->fetch_add(1);
      return result;
    });
    AwaitSleep(other->pid());
    EXPECT_EQ(owner->kill(), 128 + SIGKILL) << when;
    const bool killed = Killed(*victim, when);
    EXPECT_EQ(other->wait(), 0) << when;
    told_of += *told;
    EXPECT_EQ(Visit(*shared), 0) << when;
    reached = killed;
  });
  EXPECT_GT(steps, 10) << "the sweep saw no protocol";
  EXPECT_GT(told_of, 10);
  EXPECT_LT(told_of, steps) << "at its end the state is mended";
}

// A process that stops at any step shares the mutex with nobody, and goes on as if nothing had
// been.
TEST_F(ProcessFaultTest, AProcessStopsAtEveryStep) {
  int owned = 0;
  const int steps = Sweep("stopped", [&](int step, const std::string& when, bool& reached) {
    const InShared<Shared> shared;
    const auto stopped = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kStop, .at = step});
      return Visit(*shared);
    });
    if (!Stops(*stopped)) {
      EXPECT_EQ(stopped->wait(), 0) << when;
      return;
    }
    reached = true;
    const RobustStatus status = shared->mutex.try_lock_until(steady_clock::now() + milliseconds(1));
    if (status == RobustStatus::kOk) {
      EXPECT_FALSE(shared->room.half_done()) << when;
      EXPECT_TRUE(shared->room.Visit()) << when;
      EXPECT_EQ(shared->mutex.unlock(), RobustStatus::kOk) << when;
    } else {
      EXPECT_EQ(status, RobustStatus::kTimedOut) << when;
      ++owned;
    }
    kill(stopped->pid(), SIGCONT);
    EXPECT_EQ(stopped->wait(), 0) << when;
    EXPECT_EQ(Visit(*shared), 0) << when;
  });
  EXPECT_GT(steps, 10) << "the sweep saw no protocol";
  EXPECT_GT(owned, 5);
}

struct Crowd : Shared {
  std::atomic<int> told{0};
};

TEST_F(ProcessFaultTest, AMobOfOwnersIsKilledAtRandom) {
  const InShared<Crowd> crowd;
  Mob mob(4, [&crowd](int /*place*/) {
    for (;;) {
      bool told = false;
      const int result = Visit(*crowd, &told);
      if (told) crowd->told.fetch_add(1);
      if (result != 0) return result;
    }
  });
  mob.Run([&] { return crowd->told > 3 && crowd->room.visits() > 100; });
  EXPECT_EQ(Visit(*crowd), 0);
  EXPECT_LE(crowd->told, mob.killed());
  EXPECT_GT(crowd->told, 0) << "nobody died as the owner, of " << mob.killed();
  EXPECT_GT(crowd->room.visits(), 100);
}

TEST_F(ProcessFaultTest, AClockThatJumpsDoesNotMoveADeadline) {
  JumpingClock::jump = std::chrono::hours(1);
  const InShared<Shared> shared;
  const Deadline deadline = steady_clock::now() + milliseconds(10);
  ASSERT_EQ(shared->mutex.try_lock_until(deadline - seconds(1)), RobustStatus::kOk) << "it is free";
  const auto waiting = Start([&](Channel) {
    return shared->mutex.try_lock_until(deadline) == RobustStatus::kTimedOut &&
                   steady_clock::now() >= deadline
               ? 0
               : 9;
  });
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_LT(steady_clock::now(), deadline + seconds(stress::kWatchdogSeconds));
  EXPECT_EQ(shared->mutex.unlock(), RobustStatus::kOk);
}

// It needs neither descriptors nor a disk.
TEST_F(ProcessFaultTest, WithoutDescriptorsAndDiskItGoesOn) {
  const InShared<Shared> shared;
  const auto child = Start([&](Channel) {
    const rlimit none{};
    setrlimit(RLIMIT_NOFILE, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    return Visit(*shared);
  });
  EXPECT_EQ(child->wait(), 0);
}

}  // namespace
}  // namespace heddle
