// SPDX-License-Identifier: Apache-2.0
//
// Locks between processes against the sequential ones: who had them, in which order, and that a try
// that failed had a reason.
#include <optional>

#include "checkers/linearizability/scenario_history.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/scenario/scenario.h"
#include "primitives/file_lock/file_lock.h"
#include "primitives/file_lock/lock_file.h"

namespace heddle {
namespace {

using linearizability::OrderedBy;
using linearizability::RwLockSpec;
using linearizability::Value;

// Of a call's status; nullopt: it is none of the specification's.
std::optional<Value> ResultOf(FileLockStatus status) {
  if (status.ok()) return 1;
  if (status.busy()) return 0;
  return std::nullopt;
}

// What an owner does: other owners would see it.
template <class P>
void Work(typename P::Files::Count& steps) {
  steps.add(1);
  steps.add(1);
}

// One process has the lock for itself; the other one tries to share it.
template <class P>
struct FileLockSharedOrNot {
  static constexpr int kThreads = 2;
  typename P::Files::Count steps;
  linearizability::ScenarioHistory<P, RwLockSpec, 6, OrderedBy::kKernel> history;

  template <class Action>
  bool Do(int thread, RwLockSpec::Function function, Action action) {
    bool done = false;
    history.Do(thread, {.function = function}, [&] {
      const std::optional<Value> result = ResultOf(action());
      done = result == 1;
      return result;
    });
    return done;
  }
  void Thread(int thread) {
    P::Files::run([this, thread] {
      FileLock<P, FileLockBackend::kOfd> lock("lock");
      if (thread == 0) {
        HEDDLE_ASSERT(Do(0, RwLockSpec::kLock, [&] { return lock.lock(); }));
        Work<P>(steps);
        P::Files::step();  // the other one has the time to come in
        HEDDLE_ASSERT(Do(0, RwLockSpec::kUnlock, [&] { return lock.unlock(); }));
      } else if (Do(1, RwLockSpec::kTryLockShared, [&] { return lock.try_lock_shared(); })) {
        Work<P>(steps);
        HEDDLE_ASSERT(Do(1, RwLockSpec::kUnlockShared, [&] { return lock.unlock(); }));
      }
    });
  }
  void After() { history.Check(); }
};
HEDDLE_SCENARIO("file_lock/file_lock.linearizable", FileLockSharedOrNot);
HEDDLE_MUTANT("file_lock/file_lock.linearizable", FileLockSharedOrNot, "exclusive_is_shared",
              Verdict::kNonlinearizable);

// Both processes try. Who has the lock gives it back by exit(), which is one step; unlock() is
// many, and lock_file_model.cc has it.
template <class P>
struct LockFileTriedOrNot {
  static constexpr int kThreads = 2;
  typename P::Files::Count steps;
  linearizability::ScenarioHistory<P, linearizability::MutexSpec, 6, OrderedBy::kKernel> history;

  void Thread(int thread) {
    P::Files::run([this, thread] {
      LockFile<P> lock("lock", {.sync = false});
      bool owns = false;
      history.Do(thread, {.function = linearizability::kTryLock}, [&] {
        const std::optional<Value> result = ResultOf(lock.try_lock());
        owns = result == 1;
        return result;
      });
      if (!owns) return;
      Work<P>(steps);
      P::Files::exit([&] {
        history.Do(thread, {.function = linearizability::kUnlock}, [] { return Value{1}; });
      });
    });
  }
  void After() { history.Check(); }
};
HEDDLE_SCENARIO("file_lock/lock_file.linearizable", LockFileTriedOrNot);
HEDDLE_MUTANT("file_lock/lock_file.linearizable", LockFileTriedOrNot, "claim_by_rename",
              Verdict::kNonlinearizable);

}  // namespace
}  // namespace heddle
