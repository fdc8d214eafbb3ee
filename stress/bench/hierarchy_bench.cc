// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "primitives/hierarchy/lock_all.h"
#include "primitives/hierarchy/ranked_mutex.h"
#include "primitives/mutex/futex_mutex.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

// Several ways to hold two locks. The locks are the same in ours and in the reference, so that the
// difference is the algorithm's.
template <class Lock>
struct WithLockAll {
  void lock(Lock& a, Lock& b) { lock_all(a, b); }
  using Type = Lock;
};
template <class Lock>
struct WithStdLock {
  void lock(Lock& a, Lock& b) { std::lock(a, b); }
  using Type = Lock;
};

template <class Way>
struct Two {
  struct alignas(kCacheLine) Slot {
    typename Way::Type lock;
    std::uint64_t count = 0;
  };
  // The two, in an order that differs from thread to thread.
  void Use(int thread) {
    Slot& first = slots[static_cast<std::size_t>(thread % 2)];
    Slot& second = slots[static_cast<std::size_t>(1 - thread % 2)];
    Way().lock(first.lock, second.lock);
    benchmark::DoNotOptimize(++first.count);
    benchmark::DoNotOptimize(++second.count);
    first.lock.unlock();
    second.lock.unlock();
  }
  std::array<Slot, 2> slots;
};

template <class Way>
void TwoAlone(benchmark::State& state) {
  Two<Way> two;
  for (auto _ : state) two.Use(0);
}

template <class Way, int kThreads>
void TwoTogether(benchmark::State& state) {
  for (auto _ : state) {
    Two<Way> two;
    const Work work = RunThreads(kThreads, [&](int thread, const Stop& stop) {
      std::uint64_t operations = 0;
      for (; !stop.load(std::memory_order_relaxed); ++operations) two.Use(thread);
      return operations;
    });
    std::uint64_t sum = 0;
    for (const std::uint64_t operations : work.operations) sum += operations;
    if (two.slots[0].count != sum || two.slots[1].count != sum) Broken("two locks do not exclude");
    Publish(state, work);
  }
}

template <class Ours, class Reference>
void CompareWays(const std::string& ours, const std::string& reference) {
  RegisterPair("hierarchy/two_uncontended", Timing::kLoop, {ours, TwoAlone<Ours>},
               {reference, TwoAlone<Reference>});
  RegisterPair("hierarchy/two_2_threads", Timing::kFixed, {ours, TwoTogether<Ours, 2>},
               {reference, TwoTogether<Reference, 2>});
  RegisterPair("hierarchy/two_4_threads_on_2", Timing::kFixed, {ours, TwoTogether<Ours, 4>},
               {reference, TwoTogether<Reference, 4>});
}

template <RankChecks kChecks>
struct Ranked : RankedMutex<StdPlatform, FutexMutex<>, kChecks> {
  Ranked() : RankedMutex<StdPlatform, FutexMutex<>, kChecks>(1, "benchmark") {}
};

template <class Ours, class Reference>
void CompareLocks(const std::string& ours, const std::string& reference) {
  RegisterPair("hierarchy/uncontended", Timing::kLoop, {ours, LockAlone<Ours>},
               {reference, LockAlone<Reference>});
  RegisterPair("hierarchy/2_threads", Timing::kFixed, {ours, LockTogether<Ours, 2>},
               {reference, LockTogether<Reference, 2>});
  RegisterPair("hierarchy/4_threads_on_2", Timing::kFixed, {ours, LockTogether<Ours, 4>},
               {reference, LockTogether<Reference, 4>});
}

[[maybe_unused]] const bool kRegistered = [] {
  CompareWays<WithLockAll<std::mutex>, WithStdLock<std::mutex>>("lock_all_std_mutex",
                                                                "std_lock_std_mutex");
  CompareWays<WithLockAll<FutexMutex<>>, WithStdLock<std::mutex>>("lock_all_futex_mutex",
                                                                  "std_lock_std_mutex");
  CompareLocks<Ranked<RankChecks::kOn>, std::mutex>("ranked_mutex", "std_mutex");
  CompareLocks<Ranked<RankChecks::kOff>, std::mutex>("ranked_mutex_unchecked", "std_mutex");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
