// SPDX-License-Identifier: Apache-2.0
//
// FileLock over simulated files: threads are processes, and where a scenario says so process 0 is
// killed between any two of its steps. Only the exhaustive engines have simulated files; real
// processes are killed in stress/file_lock_crash_test.cc.
//
// The kernel's locks order nothing in an engine's memory model, and processes share no variables:
// what scenarios count is a Files::Count. An owner is counted for a part of the time in which it
// holds the lock, so two that are counted at once hold it at once.
#include <cerrno>
#include <chrono>

#include "checkers/scenario/scenario.h"
#include "primitives/file_lock/file_lock.h"

namespace heddle {
namespace {

constexpr const char* kPath = "lock";

// A critical section with a step in it: another owner has the time to come in, and the process the
// time to die, which ends the critical section.
template <class P>
class Inside {
 public:
  using Count = typename P::Files::Count;

  explicit Inside(Count& owners) : owners_(owners) { HEDDLE_ASSERT(owners_.add(1) == 1); }
  ~Inside() { owners_.add(-1); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  void work() {
    P::Files::step();
    HEDDLE_ASSERT(owners_.get() == 1);
  }

 private:
  Count& owners_;
};

// Two processes take the lock, one of them may be killed anywhere: never two owners, and whoever
// was not killed gets it.
template <class P, FileLockBackend kBackend>
struct Excludes {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  Excludes() { P::Files::arm_crash(0); }
  void Thread(int) {
    P::Files::run([this] {
      FileLock<P, kBackend> lock(kPath);
      const FileLockStatus status = lock.lock();
      HEDDLE_ASSERT(status.ok());
      {
        Inside<P> inside(owners);
        inside.work();
        entered.add(1);
      }
      HEDDLE_ASSERT(lock.unlock().ok());
    });
  }
  void After() {
    HEDDLE_ASSERT(owners.get() == 0);
    HEDDLE_ASSERT(entered.get() >= (P::Files::killed(0) ? 1 : 2));
  }
};
template <class P>
struct OfdExcludes : Excludes<P, FileLockBackend::kOfd> {};
template <class P>
struct FlockExcludes : Excludes<P, FileLockBackend::kFlock> {};

// The owner removes the file while the other process is anywhere in try_lock(), and takes the lock
// again, so that the other may meet it on a new file of the same name. Once it is gone, killed if
// kCrash, the other gets the lock. An owner leaves by exit(), in one step.
template <class P, FileLockBackend kBackend, bool kCrash>
struct Removal {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  Removal() {
    if (kCrash) P::Files::arm_crash(0);
  }
  void Thread(int index) {
    P::Files::run([this, index] {
      FileLock<P, kBackend> lock(kPath);
      FileLockStatus status = lock.try_lock();
      if (index == 0 && status.ok()) {
        HEDDLE_ASSERT(lock.unlock_and_remove().ok());
        status = lock.try_lock();
      }
      HEDDLE_ASSERT(status.ok() || status.busy());
      if (index == 1 && !status.ok()) {
        P::Files::join(0);
        status = lock.try_lock();
        HEDDLE_ASSERT(status.ok());
      }
      if (status.ok()) {
        HEDDLE_ASSERT(owners.add(1) == 1);
        entered.add(index);
      }
      P::Files::exit([&] {
        if (status.ok()) owners.add(-1);
      });
    });
  }
  void After() { HEDDLE_ASSERT(entered.get() == 1); }
};
template <class P>
struct OfdRemoval : Removal<P, FileLockBackend::kOfd, false> {};
template <class P>
struct OfdRemovalCrash : Removal<P, FileLockBackend::kOfd, true> {};
template <class P>
struct FlockRemoval : Removal<P, FileLockBackend::kFlock, false> {};

// While the lock is held somebody removes the file by hand, and another owner locks a new one. That
// is misuse, but the first one must not remove the second one's file on top of it.
template <class P>
struct RemovesOwnFile {
  static constexpr int kThreads = 1;
  void Thread(int) {
    P::Files::run([] {
      FileLock<P> first(kPath);
      FileLock<P> second(kPath);
      HEDDLE_ASSERT(first.lock().ok());
      HEDDLE_ASSERT(P::Files::unlink(kPath) == 0);
      HEDDLE_ASSERT(second.lock().ok());
      HEDDLE_ASSERT(first.unlock_and_remove().error() == ESTALE);
      HEDDLE_ASSERT(P::Files::exists(kPath));
    });
  }
};

// A reader and a writer exclude each other, and the reader may be killed.
template <class P>
struct ReaderExcludesWriter {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;
  typename P::Files::Count entered;

  ReaderExcludesWriter() { P::Files::arm_crash(0); }
  void Thread(int index) {
    P::Files::run([this, index] {
      FileLock<P> lock(kPath);
      HEDDLE_ASSERT((index == 0 ? lock.lock_shared() : lock.lock()).ok());
      Inside<P> inside(owners);
      inside.work();
      entered.add(1);
    });
  }
  void After() { HEDDLE_ASSERT(entered.get() >= (P::Files::killed(0) ? 1 : 2)); }
};

// Two readers share, at any moment.
template <class P>
struct ReadersShare {
  static constexpr int kThreads = 2;
  void Thread(int) {
    P::Files::run([] {
      FileLock<P> lock(kPath);
      HEDDLE_ASSERT(lock.try_lock_shared().ok());
      P::Files::step();
    });
  }
};

// A timed attempt ends with the lock or with ETIMEDOUT, and leaves nothing behind that is in the
// way.
template <class P>
struct TimesOut {
  static constexpr int kThreads = 2;
  typename P::Files::Count owners;

  void Thread(int index) {
    P::Files::run([this, index] {
      FileLock<P> lock(kPath);
      if (index == 0) {
        HEDDLE_ASSERT(lock.lock().ok());
        Visit();
      } else {
        const FileLockStatus status =
            lock.try_lock_until(P::Clock::now() + std::chrono::seconds(1));
        HEDDLE_ASSERT(status.ok() || status.timed_out());
        if (!status.ok()) {
          P::Files::join(0);
          HEDDLE_ASSERT(lock.try_lock().ok());
        }
        Visit();
      }
    });
  }
  void Visit() {
    Inside<P> inside(owners);
    inside.work();
  }
};

HEDDLE_SCENARIO("file_lock/file_lock.excludes", OfdExcludes);
HEDDLE_SCENARIO("file_lock/file_lock.flock_excludes", FlockExcludes);
HEDDLE_SCENARIO("file_lock/file_lock.removal", OfdRemoval);
HEDDLE_SCENARIO("file_lock/file_lock.removal_survives_crash", OfdRemovalCrash);
HEDDLE_SCENARIO("file_lock/file_lock.flock_removal", FlockRemoval);
HEDDLE_SCENARIO("file_lock/file_lock.removes_own_file", RemovesOwnFile);
HEDDLE_SCENARIO("file_lock/file_lock.reader_excludes_writer", ReaderExcludesWriter);
HEDDLE_SCENARIO("file_lock/file_lock.readers_share", ReadersShare);
HEDDLE_SCENARIO("file_lock/file_lock.times_out", TimesOut);

HEDDLE_MUTANT("file_lock/file_lock.excludes", OfdExcludes, "exclusive_is_shared",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.flock_excludes", FlockExcludes, "exclusive_is_shared",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.removal", OfdRemoval, "no_recheck", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.flock_removal", FlockRemoval, "no_recheck", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.removal", OfdRemoval, "no_reopen", Verdict::kLivelock);
HEDDLE_MUTANT("file_lock/file_lock.removal", OfdRemoval, "unlock_before_remove",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.removal_survives_crash", OfdRemovalCrash, "no_recheck",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.reader_excludes_writer", ReaderExcludesWriter,
              "exclusive_is_shared", Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.times_out", TimesOut, "exclusive_is_shared",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.removes_own_file", RemovesOwnFile, "remove_any_file",
              Verdict::kAssertion);
HEDDLE_MUTANT("file_lock/file_lock.readers_share", ReadersShare, "shared_is_exclusive",
              Verdict::kAssertion);

}  // namespace
}  // namespace heddle
