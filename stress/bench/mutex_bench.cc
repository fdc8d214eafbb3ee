// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <mutex>
#include <string>

#include "primitives/mutex/clh_lock.h"
#include "primitives/mutex/futex_mutex.h"
#include "primitives/mutex/mcs_lock.h"
#include "primitives/mutex/recursive_mutex.h"
#include "primitives/mutex/ticket_lock.h"
#include "primitives/mutex/timed_mutex.h"
#include "primitives/mutex/ttas_lock.h"
#include "stress/bench/harness.h"
#include "stress/bench/references.h"

namespace heddle::bench {
namespace {

// With the caller's node.
struct McsWithNode {
  using Mine = McsLock<>::Node;
  void lock(Mine& mine) { mcs.lock(mine); }
  void unlock(Mine& mine) { mcs.unlock(mine); }
  McsLock<> mcs;
};
struct ClhWithNode {
  using Mine = ClhLock<>::Node;
  void lock(Mine& mine) { clh.lock(mine); }
  void unlock(Mine& /*mine*/) { clh.unlock(); }
  ClhLock<> clh;
};

// One thread that holds the lock and takes it again.
template <class Lock>
void Reenter(benchmark::State& state) {
  Lock lock;
  lock.lock();
  for (auto _ : state) {
    lock.lock();
    lock.unlock();
  }
  lock.unlock();
}

template <class Lock>
void TryFor(benchmark::State& state) {
  Lock lock;
  for (auto _ : state) {
    if (!lock.try_lock_for(std::chrono::seconds(1))) Broken("a free mutex was not taken");
    lock.unlock();
  }
}

template <class Ours, class Reference>
void Compare(const std::string& ours, const std::string& reference) {
  RegisterPair("mutex/uncontended", Timing::kLoop, {ours, LockAlone<Ours>},
               {reference, LockAlone<Reference>});
  RegisterPair("mutex/2_threads", Timing::kFixed, {ours, LockTogether<Ours, 2>},
               {reference, LockTogether<Reference, 2>});
  RegisterPair("mutex/2_threads_with_work", Timing::kFixed, {ours, LockTogether<Ours, 2, true>},
               {reference, LockTogether<Reference, 2, true>});
  RegisterPair("mutex/4_threads_on_2", Timing::kFixed, {ours, LockTogether<Ours, 4>},
               {reference, LockTogether<Reference, 4>});
}

[[maybe_unused]] const bool kRegistered = [] {
  Compare<TicketLock<>, StdAtomicTicket>("ticket_lock", "std_atomic_ticket");
  Compare<TtasLock<>, StdAtomicExchange>("ttas_lock", "std_atomic_exchange");
  Compare<TtasLock<>, PthreadSpinlock>("ttas_lock", "pthread_spinlock");
  Compare<McsLock<>, StdAtomicMcs>("mcs_lock", "std_atomic_mcs");
  Compare<McsWithNode, StdAtomicMcs>("mcs_lock_with_node", "std_atomic_mcs");
  Compare<ClhLock<>, StdAtomicClh>("clh_lock", "std_atomic_clh");
  Compare<ClhWithNode, StdAtomicClh>("clh_lock_with_node", "std_atomic_clh");
  Compare<FutexMutex<>, std::mutex>("futex_mutex", "std_mutex");
  Compare<FutexMutex<>, AbslMutex>("futex_mutex", "absl_mutex");
  Compare<TimedMutex<>, std::timed_mutex>("timed_mutex", "std_timed_mutex");
  Compare<RecursiveMutex<>, std::recursive_mutex>("recursive_mutex", "std_recursive_mutex");
  RegisterPair("mutex/reenter", Timing::kLoop, {"recursive_mutex", Reenter<RecursiveMutex<>>},
               {"std_recursive_mutex", Reenter<std::recursive_mutex>});
  RegisterPair("mutex/try_lock_for", Timing::kLoop, {"timed_mutex", TryFor<TimedMutex<>>},
               {"std_timed_mutex", TryFor<std::timed_mutex>});
  return true;
}();

}  // namespace
}  // namespace heddle::bench
