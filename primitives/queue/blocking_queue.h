// SPDX-License-Identifier: Apache-2.0
//
// In short: bounded; waits with deadline or stop token; close() delivers what is in it; FIFO,
//   linearizable.
//
// BlockingQueue: a bounded first-in-first-out queue whose full side waits (back-pressure), with
// close(), deadlines and stop tokens on every wait.
//
// Algorithm: a ring under one mutex with a condition variable for each side (Hoare's bounded
// buffer, 1974, with signal-and-continue conditions). What is added is that each way out of a wait
// is checked for a lost wake-up.
//
// Guarantees
//   progress   blocking, on P::Mutex. A push or pop that need not wait makes no system call, unless
//              it contends for the mutex or wakes somebody.
//   order      FIFO, linearizable, refusals included: everything is decided under the mutex. Who of
//              several waiters goes on first is not promised, and a newcomer may overtake them.
//   readiness  an operation that can complete completes: a deadline that has passed or a stop that
//   was
//              requested matters only to an operation that would have to wait (I3 depends on it).
//   close      closed for ever. Pushes are refused, also those that were waiting. Items that are in
//              the queue are still delivered, then pops report kClosed. Every waiter wakes.
//   memory     capacity * sizeof(T), fixed; nothing is allocated after construction.
//   misuse     not reentrant from T's moves, not signal-safe, not fork-safe. Destroying a queue
//   that
//              a call is still in, close() included, is undefined.
//   T          default-constructible, moves without throwing; may be move-only. A free slot keeps
//   the
//              moved-from T until it is overwritten or the queue is destroyed.
//
//   I1  all members but the conditions belong to the holder of mutex_.
//   I2  who makes a waiter's condition true does so under mutex_ and then notifies; a stop request
//       passes through mutex_ before it notifies. So a waiter that found its condition false under
//       mutex_ is already waiting when the notification comes.
//   I3  each push notifies one popper while any wait, and each pop one pusher. A waiter that was
//       notified never leaves without looking, so it takes the item (or place) that the
//       notification stands for, or somebody else has taken it.
#ifndef HEDDLE_PRIMITIVES_QUEUE_BLOCKING_QUEUE_H_
#define HEDDLE_PRIMITIVES_QUEUE_BLOCKING_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

enum class QueueResult : std::uint8_t {
  kOk,
  kFull,      // try_push only
  kEmpty,     // try_pop only
  kClosed,    // push: refused; pop: closed and nothing is left
  kTimedOut,  // the deadline passed while waiting
  kStopped,   // a stop was requested while waiting
};

template <class T, Platform P = StdPlatform>
class BlockingQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "a throwing move would lose the item half way");

 public:
  // `start` is the first slot to be used, for tests: capacity - 1 meets the ring's end at once.
  explicit BlockingQueue(std::size_t capacity, std::size_t start = 0)
      : capacity_(capacity), slots_(std::make_unique<Slot[]>(capacity)) {
    if (capacity == 0) throw std::length_error("BlockingQueue: capacity 0");
    first_.set(start % capacity);
  }

  BlockingQueue(const BlockingQueue&) = delete;
  BlockingQueue& operator=(const BlockingQueue&) = delete;

  std::size_t capacity() const { return capacity_; }

  // The push functions leave `value` untouched unless they return kOk.

  // kOk, kFull or kClosed.
  [[nodiscard]] QueueResult try_push(T&& value) {
    return push_or(std::move(value), [] { return QueueResult::kFull; });
  }
  // kOk, kClosed or kStopped.
  [[nodiscard]] QueueResult push(T&& value, const std::stop_token& stop = {}) {
    return push_until(std::move(value), kNever, stop);
  }
  // kOk, kClosed, kTimedOut or kStopped.
  [[nodiscard]] QueueResult push_until(T&& value, Deadline deadline,
                                       const std::stop_token& stop = {}) {
    if (stop.stop_possible()) {  // do not register with the token for nothing
      const QueueResult result = try_push(std::move(value));
      if (result != QueueResult::kFull) return result;
    }
    const std::stop_callback on_stop(stop, WakeAll{this, &pushers_});
    // A refused try_push left the value alone.  NOLINTNEXTLINE(bugprone-use-after-move)
    return push_or(std::move(value), Wait{this, &pushers_, deadline, &stop});
  }

  // The pop functions leave `item` untouched unless they return kOk.

  // kOk, kEmpty or kClosed.
  [[nodiscard]] QueueResult try_pop(T& item) {
    return pop_or(item, [] { return QueueResult::kEmpty; });
  }
  // kOk, kClosed or kStopped.
  [[nodiscard]] QueueResult pop(T& item, const std::stop_token& stop = {}) {
    return pop_until(item, kNever, stop);
  }
  // kOk, kClosed, kTimedOut or kStopped.
  [[nodiscard]] QueueResult pop_until(T& item, Deadline deadline,
                                      const std::stop_token& stop = {}) {
    if (stop.stop_possible()) {
      const QueueResult result = try_pop(item);
      if (result != QueueResult::kEmpty) return result;
    }
    const std::stop_callback on_stop(stop, WakeAll{this, &poppers_});
    return pop_or(item, Wait{this, &poppers_, deadline, &stop});
  }

  // Idempotent.
  void close() {
    {
      const Hold hold(mutex_);
      closed_.set(true);
      if (mutant<P>("close_drops_items")) size_.set(0);
    }
    if (mutant<P>("close_wakes_one")) {
      poppers_.changed.notify_one();
    } else if (!mutant<P>("close_wakes_no_popper")) {
      poppers_.changed.notify_all();
    }
    if (!mutant<P>("close_wakes_no_pusher")) pushers_.changed.notify_all();
  }

  [[nodiscard]] bool closed() const {
    const Hold hold(mutex_);
    return closed_.get();
  }

 private:
  using Slot = typename P::template Var<T>;
  using Count = typename P::template Var<std::size_t>;

  struct Side {
    typename P::CondVar changed;
    Count waiting{0};  // threads between their look and their next look
  };

  class Hold {
   public:
    explicit Hold(typename P::Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    ~Hold() { mutex_.unlock(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    typename P::Mutex& mutex_;
  };

  // What a stop request runs, in the requesting thread or, if it came before, in the waiting one;
  // hence it is registered before mutex_ is taken and unregistered after.
  struct WakeAll {
    BlockingQueue* queue;
    Side* side;
    void operator()() const {
      // Copied: where the waiting and the requesting thread count as one (fibers), the waiter does
      // not wait for a callback that runs, and this object may be gone after the first step.
      Side* const woken = side;
      if (!mutant<P>("stop_skips_mutex")) {
        const Hold hold(queue->mutex_);  // I2
      }
      if (!mutant<P>("stop_wakes_nobody")) woken->changed.notify_all();
    }
  };

  // Under mutex_, when the condition is false. kOk: look again.
  struct Wait {
    BlockingQueue* queue;
    Side* side;
    Deadline deadline;
    const std::stop_token* stop;
    bool late = false;

    QueueResult operator()() {
      if (stop->stop_requested()) return QueueResult::kStopped;
      if (late) return QueueResult::kTimedOut;
      side->waiting.set(side->waiting.get() + 1);
      late = side->changed.wait_until(queue->mutex_, deadline) == ParkResult::kTimedOut;
      side->waiting.set(side->waiting.get() - 1);
      if (mutant<P>("ignores_deadline")) late = false;
      if (mutant<P>("stop_before_ready") && stop->stop_requested()) return QueueResult::kStopped;
      return QueueResult::kOk;
    }
  };

  template <class Blocked>
  QueueResult push_or(T&& value, Blocked blocked) {
    bool wake = false;
    {
      const Hold hold(mutex_);
      for (;;) {
        if (closed_.get() && !mutant<P>("push_after_close")) return QueueResult::kClosed;
        if (size_.get() < capacity_) break;
        const QueueResult result = blocked();
        if (result != QueueResult::kOk) return result;
      }
      const std::size_t last = first_.get() + size_.get();
      slots_[last < capacity_ ? last : last - capacity_].set(std::move(value));
      size_.set(size_.get() + 1);
      wake = poppers_.waiting.get() > 0;
      if (mutant<P>("wakes_only_when_it_was_empty")) wake = wake && size_.get() == 1;
    }
    if (wake && !mutant<P>("push_wakes_nobody")) poppers_.changed.notify_one();
    return QueueResult::kOk;
  }

  template <class Blocked>
  QueueResult pop_or(T& item, Blocked blocked) {
    bool wake = false;
    {
      const Hold hold(mutex_);
      while (size_.get() == 0) {
        if (closed_.get()) return QueueResult::kClosed;
        const QueueResult result = blocked();
        if (result != QueueResult::kOk) return result;
        if (mutant<P>("pop_looks_once")) break;
      }
      item = slots_[first_.get()].take();
      const std::size_t next = first_.get() + 1;
      first_.set(next < capacity_ ? next : 0);
      size_.set(size_.get() - 1);
      wake = pushers_.waiting.get() > 0;
    }
    if (wake && !mutant<P>("pop_wakes_nobody")) pushers_.changed.notify_one();
    return QueueResult::kOk;
  }

  const std::size_t capacity_;
  mutable typename P::Mutex mutex_;
  const std::unique_ptr<Slot[]> slots_;
  Count first_{0};  // slot of the oldest item, 0 .. capacity - 1
  Count size_{0};   // 0 .. capacity
  typename P::template Var<bool> closed_{false};
  Side pushers_;
  Side poppers_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_BLOCKING_QUEUE_H_
