// SPDX-License-Identifier: Apache-2.0
#include <semaphore.h>

#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>

#include "absl/synchronization/notification.h"
#include "primitives/barrier/latch.h"
#include "primitives/semaphore/binary_semaphore.h"
#include "primitives/semaphore/event.h"
#include "primitives/semaphore/semaphore.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

class PosixSemaphore {
 public:
  explicit PosixSemaphore(unsigned permits) { sem_init(&semaphore_, 0, permits); }
  ~PosixSemaphore() { sem_destroy(&semaphore_); }
  PosixSemaphore(const PosixSemaphore&) = delete;
  PosixSemaphore& operator=(const PosixSemaphore&) = delete;
  void acquire() {
    while (sem_wait(&semaphore_) != 0) {
    }
  }
  void release() { sem_post(&semaphore_); }

 private:
  sem_t semaphore_;
};

template <class Semaphore>
struct alignas(kCacheLine) Apart {
  explicit Apart(unsigned permits) : semaphore(permits) {}
  Semaphore semaphore;
};

template <class Semaphore>
void ReleaseAcquire(benchmark::State& state) {
  Apart<Semaphore> shared(0);
  for (auto _ : state) {
    shared.semaphore.release();
    shared.semaphore.acquire();
  }
}

// One permit for all: the semaphore as a lock.
template <class Semaphore, int kThreads>
void OnePermit(benchmark::State& state) {
  for (auto _ : state) {
    Apart<Semaphore> shared(1);
    Publish(state, RunThreads(kThreads, [&](int /*thread*/, const Stop& stop) {
              std::uint64_t operations = 0;
              for (; !stop.load(std::memory_order_relaxed); ++operations) {
                shared.semaphore.acquire();
                shared.semaphore.release();
              }
              return operations;
            }));
  }
}

// A token goes to the other thread and back; one operation is a round trip.
template <class Semaphore, bool kSameProcessor>
void PingPong(benchmark::State& state) {
  for (auto _ : state) {
    Apart<Semaphore> ping(0);
    Apart<Semaphore> pong(0);
    Stop done{false};
    Work work = RunThreads(2, [&](int thread, const Stop& stop) {
      if (kSameProcessor) RunOnProcessor(0);
      std::uint64_t operations = 0;
      if (thread == 0) {
        for (; !stop.load(std::memory_order_relaxed); ++operations) {
          ping.semaphore.release();
          pong.semaphore.acquire();
        }
        done.store(true);
        ping.semaphore.release();
      } else {
        for (;;) {
          ping.semaphore.acquire();
          if (done.load()) break;
          pong.semaphore.release();
        }
      }
      return operations;
    });
    work.operations.resize(1);
    work.stolen = 0;  // who hands over waits for a processor by design
    Publish(state, work);
  }
}

// What happens once, under one name.
struct OurEvent {
  void set() { event.set(); }
  void wait() { event.wait(); }
  Event<> event;
};
struct OurLatch {
  void set() { latch.count_down(); }
  void wait() { latch.wait(); }
  Latch<> latch{1};
};
struct StdLatch {
  void set() { latch.count_down(); }
  void wait() { latch.wait(); }
  std::latch latch{1};
};
struct AbslNotification {
  void set() { notification.Notify(); }
  void wait() { notification.WaitForNotification(); }
  absl::Notification notification;
};

template <class Once>
void MakeSetWait(benchmark::State& state) {
  std::optional<Once> once;
  for (auto _ : state) {
    once.emplace();
    once->set();
    once->wait();
  }
}

template <class Once>
void WaitWhenSet(benchmark::State& state) {
  Once once;
  once.set();
  for (auto _ : state) once.wait();
}

// Ping-pong with two that are made anew after each use, by the thread that waited: the other one
// uses it again only after it has been told, by the other of the two.
template <class Once>
void HandOver(benchmark::State& state) {
  struct alignas(kCacheLine) Slot {
    std::optional<Once> once;
  };
  for (auto _ : state) {
    Slot ping;
    Slot pong;
    ping.once.emplace();
    pong.once.emplace();
    Stop done{false};
    Work work = RunThreads(2, [&](int thread, const Stop& stop) {
      std::uint64_t operations = 0;
      if (thread == 0) {
        for (; !stop.load(std::memory_order_relaxed); ++operations) {
          ping.once->set();
          pong.once->wait();
          pong.once.emplace();
        }
        done.store(true);
        ping.once->set();
      } else {
        for (;;) {
          ping.once->wait();
          if (done.load()) break;
          ping.once.emplace();
          pong.once->set();
        }
      }
      return operations;
    });
    work.operations.resize(1);
    work.stolen = 0;
    Publish(state, work);
  }
}

template <class Ours, class Reference>
void Compare(const std::string& ours, const std::string& reference) {
  RegisterPair("semaphore/uncontended", Timing::kLoop, {ours, ReleaseAcquire<Ours>},
               {reference, ReleaseAcquire<Reference>});
  RegisterPair("semaphore/2_threads", Timing::kFixed, {ours, OnePermit<Ours, 2>},
               {reference, OnePermit<Reference, 2>});
  RegisterPair("semaphore/4_threads_on_2", Timing::kFixed, {ours, OnePermit<Ours, 4>},
               {reference, OnePermit<Reference, 4>});
  RegisterPair("semaphore/ping_pong", Timing::kFixed, {ours, PingPong<Ours, false>},
               {reference, PingPong<Reference, false>});
  RegisterPair("semaphore/ping_pong_on_1", Timing::kFixed, {ours, PingPong<Ours, true>},
               {reference, PingPong<Reference, true>});
}

template <class Ours, class Reference>
void CompareOnce(const std::string& family, const std::string& ours, const std::string& reference) {
  RegisterPair(family + "/make_set_wait", Timing::kLoop, {ours, MakeSetWait<Ours>},
               {reference, MakeSetWait<Reference>});
  RegisterPair(family + "/wait_when_set", Timing::kLoop, {ours, WaitWhenSet<Ours>},
               {reference, WaitWhenSet<Reference>});
  RegisterPair(family + "/ping_pong", Timing::kFixed, {ours, HandOver<Ours>},
               {reference, HandOver<Reference>});
}

[[maybe_unused]] const bool kRegistered = [] {
  Compare<Semaphore<>, std::counting_semaphore<>>("semaphore", "std_counting_semaphore");
  Compare<Semaphore<>, PosixSemaphore>("semaphore", "sem_t");
  Compare<BinarySemaphore<>, std::binary_semaphore>("binary_semaphore", "std_binary_semaphore");
  Compare<BinarySemaphore<>, PosixSemaphore>("binary_semaphore", "sem_t");
  CompareOnce<OurEvent, AbslNotification>("event", "event", "absl_notification");
  CompareOnce<OurLatch, StdLatch>("latch", "latch", "std_latch");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
