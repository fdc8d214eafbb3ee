// SPDX-License-Identifier: Apache-2.0
//
// Locks and queues in memory that processes share: RobustMutex against the C library's robust
// mutex, SharedRing against a pipe, which also passes whole items between processes and outlives
// them.
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

#include "primitives/process/robust_mutex.h"
#include "primitives/process/shared_ring.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

// Memory that the processes of a row share.
class Mapping {
 public:
  explicit Mapping(std::size_t bytes)
      : bytes_(bytes),
        data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) Broken("no shared memory");
  }
  ~Mapping() { munmap(data_, bytes_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  void* data_;
};

struct OurMutex {
  void lock() {
    if (mutex.lock() != RobustStatus::kOk) Broken("robust_mutex");
  }
  void unlock() { mutex.unlock(); }
  RobustMutex<> mutex;
};

struct PthreadRobust {
  PthreadRobust() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  void lock() {
    if (pthread_mutex_lock(&mutex) != 0) Broken("pthread_robust");
  }
  void unlock() { pthread_mutex_unlock(&mutex); }
  pthread_mutex_t mutex;
};

template <class Lock>
void Alone(benchmark::State& state) {
  const Mapping memory(sizeof(Lock));
  Lock& lock = *new (memory.data()) Lock;
  for (auto _ : state) {
    lock.lock();
    lock.unlock();
  }
}

// Each operation is a visit with a little work inside and outside.
template <class Lock>
void TwoProcesses(benchmark::State& state) {
  struct Shared {
    Lock lock;
    std::uint64_t value = 1;
  };
  for (auto _ : state) {
    const Mapping memory(sizeof(Shared));
    Shared& shared = *new (memory.data()) Shared;
    Work work = RunProcesses(2, [&](int process, const Stop& stop) {
      std::uint64_t mine = static_cast<std::uint64_t>(process) + 1;
      std::uint64_t operations = 0;
      for (; !stop.load(std::memory_order_relaxed); ++operations) {
        shared.lock.lock();
        shared.value = PrivateWork(shared.value);
        shared.lock.unlock();
        mine = PrivateWork(mine);
      }
      benchmark::DoNotOptimize(mine);
      return operations;
    });
    work.stolen = 0;  // who waits gives its processor away
    Publish(state, work);
  }
}

struct Item {
  std::array<std::uint64_t, 8> words{};
};

class OurRing {
 public:
  OurRing() {
    if (ring_.create(memory_.data(), memory_.bytes(), kPlaces) != RingStatus::kOk) {
      Broken("shared_ring");
    }
  }
  void push(const Item& item) {
    if (ring_.push(item) != RingStatus::kOk) Broken("shared_ring");
  }
  void pop(Item& item) {
    if (ring_.pop(item) != RingStatus::kOk) Broken("shared_ring");
  }

 private:
  static constexpr std::uint64_t kPlaces = 512;
  Mapping memory_{SharedRing<Item>::bytes_for(kPlaces)};
  SharedRing<Item> ring_;
};

class Pipe {
 public:
  Pipe() {
    if (pipe(ends_.data()) != 0) Broken("pipe");
  }
  ~Pipe() {
    for (const int end : ends_) close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void push(const Item& item) {
    if (write(ends_[1], &item, sizeof item) != sizeof item) Broken("pipe");
  }
  void pop(Item& item) {
    if (read(ends_[0], &item, sizeof item) != sizeof item) Broken("pipe");
  }

 private:
  std::array<int, 2> ends_{};
};

// One item in and out.
template <class Queue>
void AloneInAndOut(benchmark::State& state) {
  Queue queue;
  Item item;
  for (auto _ : state) {
    queue.push(item);
    queue.pop(item);
    benchmark::DoNotOptimize(item);
  }
}

[[maybe_unused]] const bool kRegistered = [] {
  RegisterPair("process/uncontended", Timing::kLoop, {"robust_mutex", Alone<OurMutex>},
               {"pthread_robust", Alone<PthreadRobust>});
  RegisterPair("process/2_processes", Timing::kFixed, {"robust_mutex", TwoProcesses<OurMutex>},
               {"pthread_robust", TwoProcesses<PthreadRobust>});
  RegisterPair("process/push_pop", Timing::kLoop, {"shared_ring", AloneInAndOut<OurRing>},
               {"pipe", AloneInAndOut<Pipe>});
  return true;
}();

}  // namespace
}  // namespace heddle::bench
