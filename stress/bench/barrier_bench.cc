// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <limits>
#include <string>

#include "primitives/barrier/sense_barrier.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

class PthreadBarrier {
 public:
  explicit PthreadBarrier(unsigned threads) { pthread_barrier_init(&barrier_, nullptr, threads); }
  ~PthreadBarrier() { pthread_barrier_destroy(&barrier_); }
  PthreadBarrier(const PthreadBarrier&) = delete;
  PthreadBarrier& operator=(const PthreadBarrier&) = delete;
  void arrive_and_wait() { pthread_barrier_wait(&barrier_); }

 private:
  pthread_barrier_t barrier_;
};

template <class Barrier>
void PassAlone(benchmark::State& state) {
  Barrier barrier(1);
  for (auto _ : state) barrier.arrive_and_wait();
}

// One operation is a round of all threads.
template <class Barrier, int kThreads>
void Rounds(benchmark::State& state) {
  for (auto _ : state) {
    Barrier barrier(kThreads);
    // Set before the barrier of that round, so all threads see it after that barrier at the latest.
    std::atomic<std::uint64_t> last{std::numeric_limits<std::uint64_t>::max()};
    Work work = RunThreads(kThreads, [&](int thread, const Stop& stop) {
      std::uint64_t round = 0;
      bool stopped = false;
      while (round < last.load(std::memory_order_relaxed)) {
        ++round;
        if (thread == 0 && !stopped && stop.load(std::memory_order_relaxed)) {
          stopped = true;
          last.store(round, std::memory_order_relaxed);
        }
        barrier.arrive_and_wait();
      }
      return round;
    });
    work.operations.resize(1);
    work.stolen = 0;  // who waits for the others gives its processor away
    Publish(state, work);
  }
}

template <class Ours, class Reference>
void Compare(const std::string& ours, const std::string& reference) {
  RegisterPair("barrier/uncontended", Timing::kLoop, {ours, PassAlone<Ours>},
               {reference, PassAlone<Reference>});
  RegisterPair("barrier/2_threads", Timing::kFixed, {ours, Rounds<Ours, 2>},
               {reference, Rounds<Reference, 2>});
  RegisterPair("barrier/4_threads_on_2", Timing::kFixed, {ours, Rounds<Ours, 4>},
               {reference, Rounds<Reference, 4>});
}

[[maybe_unused]] const bool kRegistered = [] {
  Compare<SenseBarrier<>, std::barrier<>>("sense_barrier", "std_barrier");
  Compare<SenseBarrier<>, PthreadBarrier>("sense_barrier", "pthread_barrier");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
