// SPDX-License-Identifier: Apache-2.0
//
// LockFile over simulated files: threads are processes, and where a scenario says so process 0 is
// killed between any two of its steps. Only the exhaustive engines have simulated files; real
// processes are killed in stress/file_lock_crash_test.cc. What scenarios count is a Files::Count:
// processes share no variables. An owner is counted for a part of the time in which it holds the
// lock, so two that are counted at once hold it at once.
#include <cerrno>
#include <string>

#include "checkers/scenario/scenario.h"
#include "primitives/file_lock/lock_file.h"

namespace heddle {
namespace {

constexpr const char* kPath = "lock";

// fsync() makes no difference to a killed process, and every step multiplies the search.
constexpr LockFileOptions kNoSync{.sync = false};

// What process `pid` of host `host`, started at `start`, would have left.
void LeaveFile(auto put, std::int64_t pid, std::uint64_t start, const std::string& host) {
  HEDDLE_ASSERT(put(LockFileOwner{{pid, start}, host}.to_string()));
}

// A critical section with a step in it: another owner has the time to come in, and the process the
// time to die, which ends the critical section.
template <class P>
void Visit(typename P::Files::Count& owners, typename P::Files::Count& entered) {
  struct Inside {
    typename P::Files::Count& owners;
    explicit Inside(typename P::Files::Count& count) : owners(count) {
      HEDDLE_ASSERT(owners.add(1) == 1);
    }
    ~Inside() { owners.add(-1); }
  };
  const Inside inside(owners);
  entered.add(1);
  P::Files::step();
  HEDDLE_ASSERT(owners.get() == 1);
}

// The same for an owner that leaves by exit().
template <class P>
void VisitAndExit(typename P::Files::Count& owners, typename P::Files::Count& entered) {
  entered.add(1);
  HEDDLE_ASSERT(owners.add(1) == 1);
  P::Files::exit([&] { owners.add(-1); });
}

// Two processes try: one owner at a time, at least one gets in, and nothing is left but the file of
// process 1, which exits holding it.
template <class P>
struct Excludes {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  void Thread(int index) {
    P::Files::run([this, index] {
      LockFile<P> lock(kPath, kNoSync);
      const FileLockStatus status = lock.try_lock();
      HEDDLE_ASSERT(status.ok() || status.busy());
      if (!status.ok()) {
        P::Files::exit();
      } else if (index == 0) {
        Visit<P>(owners, entered);
        HEDDLE_ASSERT(lock.unlock().ok());
        P::Files::exit();
      } else {
        VisitAndExit<P>(owners, entered);
      }
    });
  }
  void After() {
    HEDDLE_ASSERT(entered.get() >= 1);
    HEDDLE_ASSERT(P::Files::names() == (P::Files::exists(kPath) ? 1 : 0));
  }
};

// Process 0 may be killed anywhere in try_lock() or as the owner. Process 1 tries meanwhile; once
// process 0 is gone it gets the lock at once.
template <class P>
struct SurvivesCrash {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  SurvivesCrash() { P::Files::arm_crash(0); }
  void Thread(int index) {
    P::Files::run([this, index] {
      LockFile<P> lock(kPath, kNoSync);
      FileLockStatus status = lock.try_lock();
      HEDDLE_ASSERT(status.ok() || status.busy());
      if (index == 1 && status.busy()) {
        P::Files::join(0);
        status = lock.try_lock();
        HEDDLE_ASSERT(status.ok());
      }
      if (status.ok()) VisitAndExit<P>(owners, entered);
      P::Files::exit();
    });
  }
  void After() { HEDDLE_ASSERT(entered.get() >= 1); }
};

// Likewise anywhere in unlock(), while process 1 is anywhere in try_lock().
template <class P>
struct UnlockSurvivesCrash {
  static constexpr int kThreads = 2;
  typename P::Files::Count locked;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  void Thread(int index) {
    P::Files::run([this, index] {
      LockFile<P> lock(kPath, kNoSync);
      if (index == 0) {
        HEDDLE_ASSERT(lock.try_lock().ok());
        P::Files::arm_crash(0);
        locked.add(1);
        Visit<P>(owners, entered);
        HEDDLE_ASSERT(lock.unlock().ok());
      } else {
        P::Files::await(locked);
        FileLockStatus status = lock.try_lock();
        HEDDLE_ASSERT(status.ok() || status.busy());
        if (status.busy()) {
          P::Files::join(0);
          status = lock.try_lock();
        }
        HEDDLE_ASSERT(status.ok());
        VisitAndExit<P>(owners, entered);
      }
      P::Files::exit();
    });
  }
  void After() { HEDDLE_ASSERT(entered.get() == 2); }
};

// A stale file is there and both processes see it: one of them takes it over, and stays the owner
// until it exits. Process 0 may be killed anywhere, if kCrash; then process 1 gets the lock.
template <class P, bool kCrash>
struct Takeover {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  Takeover() {
    if (kCrash) P::Files::arm_crash(0);
    LeaveFile([](const std::string& text) { return P::Files::put(kPath, text); },
              P::Files::kFirstPid + 2, P::Files::kFirstStart - 1, std::string(P::Files::host()));
  }
  void Thread(int index) {
    P::Files::run([this, index] {
      LockFile<P> lock(kPath, kNoSync);
      FileLockStatus status = lock.try_lock();
      HEDDLE_ASSERT(status.ok() || status.busy());
      if (kCrash && index == 1 && status.busy()) {
        P::Files::join(0);
        status = lock.try_lock();
        HEDDLE_ASSERT(status.ok());
      }
      if (status.ok()) VisitAndExit<P>(owners, entered);
      P::Files::exit();
    });
  }
  void After() { HEDDLE_ASSERT(entered.get() >= 1); }
};
template <class P>
struct TakeoverOnce : Takeover<P, false> {};
template <class P>
struct TakeoverSurvivesCrash : Takeover<P, true> {};

// Process 0 is killed anywhere, and a new process gets its pid: it is not taken for the old one.
template <class P>
struct PidReuse {
  static constexpr int kThreads = 1;
  typename P::Files::Count entered;

  PidReuse() { P::Files::arm_crash(0); }
  void Thread(int) {
    P::Files::run([this] { Take(); });
    if (!P::Files::killed(0)) return;
    P::Files::respawn();
    P::Files::run([this] { Take(); });
  }
  void Take() {
    LockFile<P> lock(kPath, kNoSync);
    HEDDLE_ASSERT(lock.try_lock().ok());
    entered.add(1);
    HEDDLE_ASSERT(lock.unlock().ok());
  }
  void After() {
    // What a process leaves that was killed before link() is there until its pid comes back.
    HEDDLE_ASSERT(P::Files::names() == 0);
    HEDDLE_ASSERT(entered.get() >= 1);
  }
};

// Another host's process may be alive whatever this host thinks of its pid.
template <class P>
struct OtherHost {
  static constexpr int kThreads = 1;
  OtherHost() {
    LeaveFile([](const std::string& text) { return P::Files::put(kPath, text); }, 1, 1,
              "elsewhere");
  }
  void Thread(int) {
    P::Files::run([] {
      LockFile<P> lock(kPath, kNoSync);
      HEDDLE_ASSERT(lock.try_lock().busy());
    });
  }
  void After() { HEDDLE_ASSERT(P::Files::names() == 1); }
};

// Nobody knows whose an unreadable file is.
template <class P>
struct Unreadable {
  static constexpr int kThreads = 1;
  Unreadable() { HEDDLE_ASSERT(P::Files::put(kPath, "")); }
  void Thread(int) {
    P::Files::run([] {
      LockFile<P> lock(kPath, kNoSync);
      HEDDLE_ASSERT(lock.try_lock().busy());
    });
  }
};

// While the lock is held somebody removes the file by hand, and another owner takes the lock: the
// first one notices, and leaves the new file alone.
template <class P>
struct UnlocksOwnFile {
  static constexpr int kThreads = 1;
  void Thread(int) {
    P::Files::run([] {
      LockFile<P> first(kPath, kNoSync);
      LockFile<P> second(kPath, kNoSync);
      HEDDLE_ASSERT(first.try_lock().ok());
      HEDDLE_ASSERT(P::Files::unlink(kPath) == 0);
      HEDDLE_ASSERT(second.try_lock().ok());
      HEDDLE_ASSERT(!first.still_owned());
      HEDDLE_ASSERT(first.unlock().error() == ESTALE);
      HEDDLE_ASSERT(second.still_owned());
    });
  }
};

// lock() waits for a live owner, process 0, and no longer.
template <class P>
struct Waits {
  static constexpr int kThreads = 2;
  typename P::Files::Count released;

  Waits() {
    const ProcessId owner = P::Files::process_id(0);
    LeaveFile([](const std::string& text) { return P::Files::put(kPath, text); }, owner.pid,
              owner.start, std::string(P::Files::host()));
  }
  void Thread(int index) {
    if (index == 0) {
      released.add(1);
      HEDDLE_ASSERT(P::Files::unlink(kPath) == 0);
      return;  // and lives on
    }
    P::Files::run([this] {
      LockFile<P> lock(kPath, kNoSync);
      HEDDLE_ASSERT(lock.lock().ok());
      HEDDLE_ASSERT(released.get() == 1);
      P::Files::exit();
    });
  }
};

HEDDLE_SCENARIO("file_lock/lock_file.excludes", Excludes);
HEDDLE_SCENARIO("file_lock/lock_file.survives_crash", SurvivesCrash);
HEDDLE_SCENARIO("file_lock/lock_file.unlock_survives_crash", UnlockSurvivesCrash);
HEDDLE_SCENARIO("file_lock/lock_file.takeover", TakeoverOnce);
HEDDLE_SCENARIO("file_lock/lock_file.takeover_survives_crash", TakeoverSurvivesCrash);
HEDDLE_SCENARIO("file_lock/lock_file.pid_reuse", PidReuse);
HEDDLE_SCENARIO("file_lock/lock_file.other_host", OtherHost);
HEDDLE_SCENARIO("file_lock/lock_file.unreadable", Unreadable);
HEDDLE_SCENARIO("file_lock/lock_file.unlocks_own_file", UnlocksOwnFile);
HEDDLE_SCENARIO("file_lock/lock_file.waits", Waits);

HEDDLE_MUTANT("file_lock/lock_file.excludes", Excludes, "claim_by_rename", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.excludes", Excludes, "keep_private_name", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.survives_crash", SurvivesCrash, "write_after_link",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.takeover", TakeoverOnce, "no_takeover_lock",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.takeover", TakeoverOnce, "no_reverify", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.takeover", TakeoverOnce, "takeover_by_unlink",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.takeover_survives_crash", TakeoverSurvivesCrash,
              "takeover_by_unlink", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.takeover_survives_crash", TakeoverSurvivesCrash,
              "write_after_link", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.unlock_survives_crash", UnlockSurvivesCrash, "live_is_stale",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.waits", Waits, "live_is_stale", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.pid_reuse", PidReuse, "pid_alone", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.pid_reuse", PidReuse, "no_litter_removal", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.other_host", OtherHost, "judges_other_hosts",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.unreadable", Unreadable, "unreadable_is_stale",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/lock_file.unlocks_own_file", UnlocksOwnFile, "unlock_any_file",
              Verdict::kAssertion);

}  // namespace
}  // namespace heddle
