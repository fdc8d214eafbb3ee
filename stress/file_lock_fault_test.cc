// SPDX-License-Identifier: Apache-2.0
//
// Faults at every step of taking and giving back a file lock: the process dies there, stops there,
// or the system call fails there; and what no step is: signals all the time, no descriptors left, a
// full disk, a clock that jumps. A process that survives checks that the lock goes on, that it had
// one owner at a time, and that an error was told.
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "primitives/file_lock/file_lock.h"
#include "primitives/file_lock/file_lock_testing.h"
#include "primitives/file_lock/lock_file.h"
#include "primitives/process/process_testing.h"
#include "stress/chosen_mutant.h"
#include "stress/faulty_files.h"
#include "stress/faulty_steps.h"
#include "stress/process_faults.h"

namespace heddle {
namespace {

using file_lock_testing::Channel;
using file_lock_testing::Child;
using file_lock_testing::TempDir;
using process_testing::AwaitSleep;
using process_testing::InShared;
using stress::Fault;
using stress::FaultySteps;
using stress::JumpingClock;
using stress::kMostSteps;
using stress::ProcessFaultTest;

// Mutants for //stress:file_lock_mutants_test.
using FaultyPlatform = stress::ChosenMutant<stress::FaultyPlatform>;

struct Ofd : FileLock<FaultyPlatform> {
  using FileLock::FileLock;
};
struct Flock : FileLock<FaultyPlatform, FileLockBackend::kFlock> {
  using FileLock::FileLock;
};
struct Removing : FileLock<FaultyPlatform> {
  using FileLock::FileLock;
  FileLockStatus unlock() { return unlock_and_remove(); }
};
struct WithFile : LockFile<FaultyPlatform> {
  explicit WithFile(const std::string& path) : LockFile(path, LockFileOptions{.sync = true}) {}
};

// Only ever 0 or 1 of them, or the lock is broken.
class Owners {
 public:
  // False when somebody else owns the lock. Relaxed: the lock is what orders.
  bool Enter() { return count_.fetch_add(1, std::memory_order_relaxed) == 0; }
  void Leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  // After an owner's death.
  void Reset() { count_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<int> count_{0};
};

template <class Lock>
class FileLockFaultTest : public ProcessFaultTest {
 protected:
  std::string path() const { return dir_ / "lock"; }

  // Leaves the lock as a killed owner leaves it.
  void KillAnOwner() {
    Child owner([this](Channel parent) {
      Lock lock(path());
      if (!lock.lock().ok()) return 1;
      parent.tell('o');
      parent.hear();
      return 0;
    });
    ASSERT_EQ(owner.channel().hear(), 'o');
    owner.kill();
  }

  // The survivor's check: the lock can be taken and given back, now.
  void ExpectUsable(const std::string& when) {
    Lock lock(path());
    EXPECT_TRUE(lock.try_lock().ok()) << when;
    EXPECT_TRUE(owners_->Enter()) << when;
    owners_->Leave();
    EXPECT_TRUE(lock.unlock().ok()) << when;
  }

  // A process that wants the lock stops there; this one takes it meanwhile, if it can, and the
  // other one goes on.
  void StopAtEveryStep(bool stale) {
    int step = 1;
    for (;; ++step) {
      ASSERT_LT(step, kMostSteps);
      if (stale) KillAnOwner();
      Child stopped([this, step](Channel) {
        FaultySteps::Arm({.kind = Fault::Kind::kStop, .at = step});
        Lock lock(path());
        if (!lock.lock().ok()) return 1;
        if (!owners_->Enter()) return 2;
        owners_->Leave();
        return lock.unlock().ok() ? 0 : 3;
      });
      const std::string when = "stopped before step " + std::to_string(step);
      if (!Stops(stopped)) {
        EXPECT_EQ(stopped.wait(), 0) << when;
        break;
      }
      {
        Lock lock(path());
        const FileLockStatus status = lock.try_lock();
        const bool mine = status.ok();
        EXPECT_TRUE(mine || status.busy()) << when << ": " << status.message();
        if (mine) EXPECT_TRUE(owners_->Enter()) << when;
        kill(stopped.pid(), SIGCONT);
        if (mine) {
          AwaitSleep(stopped.pid());
          owners_->Leave();
          EXPECT_TRUE(lock.unlock().ok()) << when;
        }
      }
      EXPECT_EQ(stopped.wait(), 0) << when;
      ExpectUsable(when);
    }
    EXPECT_GT(step, 3) << "the sweep saw no protocol";
  }

  TempDir dir_;
  InShared<Owners> owners_;
};

using Locks = testing::Types<Ofd, Flock, Removing, WithFile>;
TYPED_TEST_SUITE(FileLockFaultTest, Locks);

int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

TYPED_TEST(FileLockFaultTest, DeathAtEveryStepLeavesTheLockUsable) {
  int deaths = 0;
  for (const bool stale : {false, true}) {
    int step = 1;
    for (;; ++step) {
      ASSERT_LT(step, kMostSteps);
      if (stale) this->KillAnOwner();
      Child victim([this, step](Channel) {
        FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
        TypeParam lock(this->path());
        if (!lock.lock().ok()) return 1;
        if (!this->owners_->Enter()) return 2;
        this->owners_->Leave();
        return lock.unlock().ok() ? 0 : 3;
      });
      const std::string when = "killed before step " + std::to_string(step);
      const bool killed = this->Killed(victim, when);
      this->owners_->Reset();
      this->ExpectUsable(when);
      // The lock itself, and at most one private file for each dead process.
      EXPECT_LE(this->dir_.files(), 1 + ++deaths) << when;
      if (this->HasFailure()) return;
      if (!killed) break;
    }
    EXPECT_GT(step, 3) << "the sweep saw no protocol";
  }
}

TYPED_TEST(FileLockFaultTest, AProcessStoppedAtAnyStepSharesTheLockWithNobody) {
  this->StopAtEveryStep(false);
}

TYPED_TEST(FileLockFaultTest, NorDoesOneStoppedWhileItTakesOverFromTheDead) {
  this->StopAtEveryStep(true);
}

TYPED_TEST(FileLockFaultTest, AFailedCallIsToldAndLeaksNothing) {
  for (const int error : {EIO, ENOSPC, EMFILE}) {
    for (const bool stale : {false, true}) {
      int step = 1;
      for (;; ++step) {
        ASSERT_LT(step, kMostSteps);
        if (stale) this->KillAnOwner();
        const std::string when =
            "error " + std::to_string(error) + " at step " + std::to_string(step);
        const int before = OpenDescriptors();
        bool told = false;
        bool reached = false;
        {
          FaultySteps::Arm({.kind = Fault::Kind::kError, .at = step, .error = error});
          TypeParam lock(this->path());
          const FileLockStatus status = lock.try_lock();
          told = !status.ok();
          if (status.ok()) {
            EXPECT_TRUE(this->owners_->Enter()) << when;
            this->owners_->Leave();
            told = !lock.unlock().ok();
          }
          reached = FaultySteps::Reached();
          FaultySteps::Disarm();
        }
        EXPECT_EQ(OpenDescriptors(), before) << when;
        // Where the very giving back failed, a lock file may be left. Nobody was told otherwise,
        // and its owner is this process: only it can say so.
        TypeParam next(this->path());
        const FileLockStatus again = next.try_lock();
        if (again.ok()) {
          EXPECT_TRUE(next.unlock().ok()) << when;
        } else {
          EXPECT_TRUE(told) << when << ": left locked, and nobody told";
          std::filesystem::remove(this->path());
        }
        if (!reached) break;
      }
      EXPECT_GT(step, 3) << "the sweep saw no protocol";
    }
  }
}

void OnAlarm(int /*signal*/) {}

// Without SA_RESTART every wait in the kernel ends with EINTR.
TYPED_TEST(FileLockFaultTest, SignalsAllTheTimeOnlyEndWaits) {
  constexpr int kTurns = 200;
  const auto turn = [this](Channel) {
    struct sigaction action{};
    action.sa_handler = OnAlarm;
    sigaction(SIGALRM, &action, nullptr);
    itimerval often{};
    often.it_interval.tv_usec = often.it_value.tv_usec = 150;
    setitimer(ITIMER_REAL, &often, nullptr);
    TypeParam lock(this->path());
    for (int i = 0; i < kTurns; ++i) {
      FileLockStatus status = lock.lock();
      while (status.error() == EINTR) status = lock.lock();
      if (!status.ok()) return 1;
      if (!this->owners_->Enter()) return 2;
      sched_yield();
      this->owners_->Leave();
      if (!lock.unlock().ok()) return 3;
    }
    return 0;
  };
  Child one(turn);
  Child other(turn);
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(other.wait(), 0);
  this->ExpectUsable("after the storm");
}

TYPED_TEST(FileLockFaultTest, WithoutDescriptorsItSaysSoAndRecovers) {
  Child child([this](Channel) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t usual = limit.rlim_cur;
    // Those that are open stay open; there is no number for another one.
    limit.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &limit);
    TypeParam lock(this->path());
    if (lock.lock().error() != EMFILE) return 1;
    if (lock.held()) return 2;
    limit.rlim_cur = usual;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (!lock.lock().ok()) return 3;
    return lock.unlock().ok() ? 0 : 4;
  });
  EXPECT_EQ(child.wait(), 0);
  this->ExpectUsable("after EMFILE");
}

// A file that may not grow is what a full disk is to write().
TYPED_TEST(FileLockFaultTest, AFullDiskIsToldOrNotNeeded) {
  Child child([this](Channel) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &limit);
    TypeParam lock(this->path());
    const FileLockStatus status = lock.lock();
    if (status.ok()) return lock.unlock().ok() ? 0 : 1;
    return status.error() == EFBIG && !lock.held() && this->dir_.files() == 0 ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
  this->ExpectUsable("after a full disk");
}

TYPED_TEST(FileLockFaultTest, AClockThatJumpsNeitherBreaksNorHangsIt) {
  using std::chrono::hours;
  JumpingClock::jump = hours(1);
  TypeParam lock(this->path());
  ASSERT_TRUE(lock.try_lock_until(std::chrono::steady_clock::now()).ok()) << "nobody has it";
  Child other([this](Channel) {
    TypeParam waiting(this->path());
    // A jump ahead is beyond it: it must not wait for the hour to pass.
    return waiting.try_lock_until(std::chrono::steady_clock::now() + hours(1) / 2).timed_out() ? 0
                                                                                               : 1;
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_TRUE(lock.unlock().ok());
  this->ExpectUsable("after the jumps");
}

}  // namespace
}  // namespace heddle
