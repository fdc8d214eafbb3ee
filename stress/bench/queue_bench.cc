// SPDX-License-Identifier: Apache-2.0
//
// A queue is compared with what a program has without it: a standard container and a std::mutex,
// bounded where the queue is. One operation is an item that went through.
#include <sched.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "primitives/queue/blocking_queue.h"
#include "primitives/queue/mpmc_ring.h"
#include "primitives/queue/mpsc_queue.h"
#include "primitives/queue/spsc_ring.h"
#include "primitives/queue/treiber_stack.h"
#include "primitives/queue/two_lock_queue.h"
#include "stress/bench/harness.h"
#include "stress/bench/references.h"

namespace heddle::bench {
namespace {

using Item = std::uint64_t;
constexpr std::size_t kCapacity = 1024;

// The queues under common names. push() and pop() do not wait: false says full, and empty.

template <class Queue>
struct Bounded {
  bool push(Item item) { return queue.try_push(item); }
  bool pop(Item& item) {
    const std::optional<Item> got = queue.try_pop();
    if (got) item = *got;
    return got.has_value();
  }
  Queue queue{kCapacity};
};
using OurSpscRing = Bounded<SpscRing<Item>>;
using OurMpmcRing = Bounded<MpmcRing<Item>>;
using OurTreiberStack = Bounded<TreiberStack<Item>>;

struct OurTwoLockQueue {
  bool push(Item item) {
    queue.push(item);
    return true;
  }
  bool pop(Item& item) {
    const std::optional<Item> got = queue.try_pop();
    if (got) item = *got;
    return got.has_value();
  }
  TwoLockQueue<Item> queue;
};

// Allocates each item, as a program that needs an unbounded queue has to.
struct OurMpscQueue {
  struct Node : MpscNode<> {
    Item item = 0;
  };
  ~OurMpscQueue() {
    Item item = 0;
    while (pop(item)) {
    }
  }
  bool push(Item item) {
    auto* node = new Node;
    node->item = item;
    queue.push(node);
    return true;
  }
  bool pop(Item& item) {
    const std::unique_ptr<Node> node(queue.try_pop());
    if (node) item = node->item;
    return node != nullptr;
  }
  MpscQueue<Node> queue;
};

struct OurBlockingQueue {
  void push(Item item) { static_cast<void>(queue.push(Item(item))); }
  void pop(Item& item) { static_cast<void>(queue.pop(item)); }
  BlockingQueue<Item> queue{kCapacity};
};

template <bool kBounded>
class MutexDeque {
 public:
  bool push(Item item) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (kBounded && items_.size() == kCapacity) return false;
    items_.push_back(item);
    return true;
  }
  bool pop(Item& item) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (items_.empty()) return false;
    item = items_.front();
    items_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

class MutexVector {  // a stack
 public:
  MutexVector() { items_.reserve(kCapacity); }
  bool push(Item item) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (items_.size() == kCapacity) return false;
    items_.push_back(item);
    return true;
  }
  bool pop(Item& item) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (items_.empty()) return false;
    item = items_.back();
    items_.pop_back();
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
};

class MutexCondvarDeque {
 public:
  void push(Item item) {
    std::unique_lock<std::mutex> hold(mutex_);
    not_full_.wait(hold, [this] { return items_.size() < kCapacity; });
    items_.push_back(item);
    hold.unlock();
    not_empty_.notify_one();
  }
  void pop(Item& item) {
    std::unique_lock<std::mutex> hold(mutex_);
    not_empty_.wait(hold, [this] { return !items_.empty(); });
    item = items_.front();
    items_.pop_front();
    hold.unlock();
    not_full_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<Item> items_;
};

// Lamport's ring, as one writes it down: both sides read both positions.
class StdAtomicRing {
 public:
  bool push(Item item) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    items_[tail % kCapacity] = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  bool pop(Item& item) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    item = items_[head % kCapacity];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  alignas(kCacheLine) std::atomic<std::size_t> head_{0};
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  std::array<Item, kCapacity> items_{};
};

// Between two attempts at a full or empty queue.
class Retry {
 public:
  void operator()() {
    if (++attempts_ < 32) {
      Pause();
    } else {
      attempts_ = 0;
      sched_yield();
    }
  }

 private:
  int attempts_ = 0;
};

template <class Queue>
void PushPop(benchmark::State& state) {
  const auto queue = std::make_unique<Queue>();
  Item next = 0;
  Item got = 0;
  for (auto _ : state) {
    queue->push(++next);
    queue->pop(got);
    benchmark::DoNotOptimize(got);
  }
  if (next != got) Broken("a queue loses items");
}

// One consumer, or as many as producers: the last threads.
constexpr int Consumers(int threads, bool one) { return one ? 1 : threads / 2; }

template <class Queue, int kThreads, bool kOneConsumer>
void Stream(benchmark::State& state) {
  constexpr int kProducers = kThreads - Consumers(kThreads, kOneConsumer);
  for (auto _ : state) {
    const auto queue = std::make_unique<Queue>();
    Work work = RunThreads(kThreads, [&](int thread, const Stop& stop) {
      Retry retry;
      std::uint64_t operations = 0;
      Item item = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        const bool done = thread < kProducers ? queue->push(operations + 1) : queue->pop(item);
        if (done) {
          ++operations;
        } else {
          retry();
        }
      }
      return operations;
    });
    work.operations.erase(work.operations.begin(), work.operations.begin() + kProducers);
    Publish(state, work);
  }
}

// The same with operations that wait: an item of 0 ends a consumer.
template <class Queue, int kThreads>
void BlockingStream(benchmark::State& state) {
  constexpr int kProducers = kThreads / 2;
  for (auto _ : state) {
    const auto queue = std::make_unique<Queue>();
    Work work = RunThreads(kThreads, [&](int thread, const Stop& stop) {
      std::uint64_t operations = 0;
      if (thread < kProducers) {
        while (!stop.load(std::memory_order_relaxed)) queue->push(++operations);
        queue->push(0);
      } else {
        Item item = 0;
        for (queue->pop(item); item != 0; queue->pop(item)) ++operations;
      }
      return operations;
    });
    work.operations.erase(work.operations.begin(), work.operations.begin() + kProducers);
    work.stolen = 0;  // who waits gives its processor away
    Publish(state, work);
  }
}

template <class Ours, class Reference>
void CompareOneToOne(const std::string& ours, const std::string& reference) {
  RegisterPair("queue/push_pop", Timing::kLoop, {ours, PushPop<Ours>},
               {reference, PushPop<Reference>});
  RegisterPair("queue/1_to_1", Timing::kFixed, {ours, Stream<Ours, 2, true>},
               {reference, Stream<Reference, 2, true>});
}

template <class Ours, class Reference>
void CompareManyToOne(const std::string& ours, const std::string& reference) {
  CompareOneToOne<Ours, Reference>(ours, reference);
  RegisterPair("queue/3_to_1_on_2", Timing::kFixed, {ours, Stream<Ours, 4, true>},
               {reference, Stream<Reference, 4, true>});
}

template <class Ours, class Reference>
void CompareManyToMany(const std::string& ours, const std::string& reference) {
  CompareOneToOne<Ours, Reference>(ours, reference);
  RegisterPair("queue/2_to_2_on_2", Timing::kFixed, {ours, Stream<Ours, 4, false>},
               {reference, Stream<Reference, 4, false>});
}

template <class Ours, class Reference>
void CompareBlocking(const std::string& ours, const std::string& reference) {
  RegisterPair("queue/push_pop", Timing::kLoop, {ours, PushPop<Ours>},
               {reference, PushPop<Reference>});
  RegisterPair("queue/1_to_1", Timing::kFixed, {ours, BlockingStream<Ours, 2>},
               {reference, BlockingStream<Reference, 2>});
  RegisterPair("queue/2_to_2_on_2", Timing::kFixed, {ours, BlockingStream<Ours, 4>},
               {reference, BlockingStream<Reference, 4>});
}

[[maybe_unused]] const bool kRegistered = [] {
  CompareOneToOne<OurSpscRing, StdAtomicRing>("spsc_ring", "std_atomic_ring");
  CompareOneToOne<OurSpscRing, MutexDeque<true>>("spsc_ring", "mutex_deque");
  CompareManyToMany<OurMpmcRing, MutexDeque<true>>("mpmc_ring", "mutex_deque");
  CompareManyToOne<OurMpscQueue, MutexDeque<false>>("mpsc_queue", "mutex_deque_unbounded");
  CompareManyToMany<OurTwoLockQueue, MutexDeque<false>>("two_lock_queue", "mutex_deque_unbounded");
  CompareManyToMany<OurTreiberStack, MutexVector>("treiber_stack", "mutex_vector");
  CompareBlocking<OurBlockingQueue, MutexCondvarDeque>("blocking_queue", "mutex_condvar_deque");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
