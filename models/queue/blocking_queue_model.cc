// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstddef>
#include <stop_token>

#include "checkers/scenario/scenario.h"
#include "primitives/queue/blocking_queue.h"

namespace heddle {
namespace {

// A deadline that may or may not have passed; the engines try both.
constexpr Deadline kSoon = Deadline(std::chrono::hours(2));

// One slot, two items: the popper waits for the pusher and the pusher for the popper.
template <class P>
struct BlockingDelivers {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  void Thread(int index) {
    for (int item = 1; item <= 2; ++item) {
      if (index == 0) {
        HEDDLE_ASSERT(queue.push(int{item}) == QueueResult::kOk);
      } else {
        int popped = 0;
        HEDDLE_ASSERT(queue.pop(popped) == QueueResult::kOk && popped == item);
      }
    }
  }
  void After() {
    int item = 0;
    HEDDLE_ASSERT(queue.try_pop(item) == QueueResult::kEmpty);
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.delivers", BlockingDelivers);
HEDDLE_MUTANT("queue/blocking_queue.delivers", BlockingDelivers, "push_wakes_nobody",
              Verdict::kDeadlock | Verdict::kLostWakeup);
HEDDLE_MUTANT("queue/blocking_queue.delivers", BlockingDelivers, "pop_wakes_nobody",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// Two slots, starting at the last one; try operations: refusals are exact.
template <class P>
struct BlockingTruthful {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{2, 1};
  int pushed = 0;  // the pusher's
  int popped = 0;  // the popper's
  BlockingTruthful() { Push(); }
  void Push() {
    const QueueResult result = queue.try_push(pushed + 1);
    HEDDLE_ASSERT(result == QueueResult::kOk || result == QueueResult::kFull);
    pushed += result == QueueResult::kOk ? 1 : 0;
  }
  void Pop() {
    int item = 0;
    const QueueResult result = queue.try_pop(item);
    HEDDLE_ASSERT(result == QueueResult::kEmpty ||
                  (result == QueueResult::kOk && item == ++popped));
  }
  void Thread(int index) {
    if (index == 0) {
      Push();
      HEDDLE_ASSERT(pushed == 2);
      Push();
    } else {
      Pop();
      HEDDLE_ASSERT(popped == 1);
      Pop();
    }
  }
  void After() {
    while (pushed - popped < 2) {
      const int before = pushed;
      Push();
      HEDDLE_ASSERT(pushed == before + 1);
    }
    HEDDLE_ASSERT(queue.try_push(99) == QueueResult::kFull);
    Pop();
    Pop();
    HEDDLE_ASSERT(popped == pushed);
    int item = 0;
    HEDDLE_ASSERT(queue.try_pop(item) == QueueResult::kEmpty);
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.truthful", BlockingTruthful);

// close() against a popper: what is inside is delivered, then every pop says closed.
template <class P>
struct BlockingCloseDelivers {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{2, 1};  // the last slot first
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(queue.push(1) == QueueResult::kOk);
      queue.close();
      HEDDLE_ASSERT(queue.push(2) == QueueResult::kClosed);
      HEDDLE_ASSERT(queue.try_push(3) == QueueResult::kClosed);
    } else {
      int item = 0;
      HEDDLE_ASSERT(queue.pop(item) == QueueResult::kOk && item == 1);
      HEDDLE_ASSERT(queue.pop(item) == QueueResult::kClosed && item == 1);
    }
  }
  void After() {
    int item = 0;
    HEDDLE_ASSERT(queue.try_pop(item) == QueueResult::kClosed && queue.closed());
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.close_delivers", BlockingCloseDelivers);
HEDDLE_MUTANT("queue/blocking_queue.close_delivers", BlockingCloseDelivers, "close_drops_items",
              Verdict::kAssertion);
HEDDLE_MUTANT("queue/blocking_queue.close_delivers", BlockingCloseDelivers, "push_after_close",
              Verdict::kAssertion | Verdict::kDeadlock);
HEDDLE_MUTANT("queue/blocking_queue.close_delivers", BlockingCloseDelivers, "close_wakes_no_popper",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// close() against a pusher that waits for room: refused, its item untouched.
template <class P>
struct BlockingCloseRefuses {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  BlockingCloseRefuses() { HEDDLE_ASSERT(queue.try_push(1) == QueueResult::kOk); }
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(queue.push(2) == QueueResult::kClosed);
    } else {
      queue.close();
    }
  }
  void After() {
    int item = 0;
    HEDDLE_ASSERT(queue.try_pop(item) == QueueResult::kOk && item == 1);
    HEDDLE_ASSERT(queue.try_pop(item) == QueueResult::kClosed);
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.close_refuses", BlockingCloseRefuses);
HEDDLE_MUTANT("queue/blocking_queue.close_refuses", BlockingCloseRefuses, "close_wakes_no_pusher",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// close() wakes every waiter.
template <class P>
struct BlockingCloseWakesAll {
  static constexpr int kThreads = 3;
  BlockingQueue<int, P> queue{1};
  void Thread(int index) {
    if (index == 0) {
      queue.close();
    } else {
      int item = 0;
      HEDDLE_ASSERT(queue.pop(item) == QueueResult::kClosed);
    }
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.close_wakes_all", BlockingCloseWakesAll);
HEDDLE_MUTANT("queue/blocking_queue.close_wakes_all", BlockingCloseWakesAll, "close_wakes_one",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// A woken popper whose item a newcomer took goes back to wait.
template <class P>
struct BlockingOvertaken {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  bool taken = false;  // by the pusher itself, which writes it
  bool got = false;    // by the popper
  void Thread(int index) {
    int item = 0;
    if (index == 0) {
      HEDDLE_ASSERT(queue.push(1) == QueueResult::kOk);
      taken = queue.try_pop(item) == QueueResult::kOk;
      queue.close();
    } else {
      got = queue.pop(item) == QueueResult::kOk;
      HEDDLE_ASSERT(!got || item == 1);
    }
  }
  void After() { HEDDLE_ASSERT(taken != got); }
};
HEDDLE_SCENARIO("queue/blocking_queue.overtaken", BlockingOvertaken);
HEDDLE_MUTANT("queue/blocking_queue.overtaken", BlockingOvertaken, "pop_looks_once",
              Verdict::kAssertion | Verdict::kUninitialized);

// Two poppers wait, two items come: both wake.
template <class P>
struct BlockingWakesEach {
  static constexpr int kThreads = 3;
  BlockingQueue<int, P> queue{2, 1};
  std::array<int, 3> got{};
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(queue.try_push(1) == QueueResult::kOk);
      HEDDLE_ASSERT(queue.try_push(2) == QueueResult::kOk);
    } else {
      HEDDLE_ASSERT(queue.pop(got[static_cast<std::size_t>(index)]) == QueueResult::kOk);
    }
  }
  void After() { HEDDLE_ASSERT(got[1] + got[2] == 3 && got[1] != got[2]); }
};
HEDDLE_SCENARIO("queue/blocking_queue.wakes_each", BlockingWakesEach);
HEDDLE_MUTANT("queue/blocking_queue.wakes_each", BlockingWakesEach, "wakes_only_when_it_was_empty",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// Deadlines: a pop or push that times out has changed nothing, one that does not has succeeded.
template <class P>
struct BlockingDeadline {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  QueueResult pushed = QueueResult::kOk;
  QueueResult popped = QueueResult::kOk;
  BlockingDeadline() { HEDDLE_ASSERT(queue.try_push(1) == QueueResult::kOk); }
  void Thread(int index) {
    if (index == 0) {
      pushed = queue.push_until(2, kSoon);
      HEDDLE_ASSERT(pushed == QueueResult::kOk || pushed == QueueResult::kTimedOut);
    } else {
      int item = 0;
      HEDDLE_ASSERT(queue.pop_until(item, kSoon) == QueueResult::kOk && item == 1);
      popped = queue.pop_until(item, kSoon);
      HEDDLE_ASSERT((popped == QueueResult::kOk && item == 2) ||
                    (popped == QueueResult::kTimedOut && item == 1));
    }
  }
  void After() {
    int item = 0;
    if (popped == QueueResult::kOk) HEDDLE_ASSERT(pushed == QueueResult::kOk);
    const bool left = pushed == QueueResult::kOk && popped != QueueResult::kOk;
    HEDDLE_ASSERT(queue.try_pop(item) == (left ? QueueResult::kOk : QueueResult::kEmpty));
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.deadline", BlockingDeadline);

// Two poppers and one item: the one that gets nothing comes back all the same.
template <class P>
struct BlockingTimesOut {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  std::array<QueueResult, 2> result{};
  BlockingTimesOut() { HEDDLE_ASSERT(queue.try_push(1) == QueueResult::kOk); }
  void Thread(int index) {
    int item = 0;
    result[static_cast<std::size_t>(index)] = queue.pop_until(item, kSoon);
  }
  void After() {
    HEDDLE_ASSERT(result[0] != result[1]);
    for (const QueueResult each : result) {
      HEDDLE_ASSERT(each == QueueResult::kOk || each == QueueResult::kTimedOut);
    }
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.times_out", BlockingTimesOut);
HEDDLE_MUTANT("queue/blocking_queue.times_out", BlockingTimesOut, "ignores_deadline",
              Verdict::kDeadlock | Verdict::kLivelock);

// Stop tokens. The engines see the queue's steps, not those inside the standard library's token;
// its flag is read and written between two of them.

// A stop request wakes the waiter that watches it, whenever it comes.
template <class P>
struct BlockingStop {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  std::stop_source source;
  void Thread(int index) {
    if (index == 0) {
      source.request_stop();
    } else {
      int item = 0;
      HEDDLE_ASSERT(queue.pop(item, source.get_token()) == QueueResult::kStopped);
    }
  }
  void After() {
    HEDDLE_ASSERT(queue.push(1, source.get_token()) == QueueResult::kOk);
    HEDDLE_ASSERT(queue.push(2, source.get_token()) == QueueResult::kStopped);
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.stop", BlockingStop);
HEDDLE_MUTANT("queue/blocking_queue.stop", BlockingStop, "stop_skips_mutex",
              Verdict::kDeadlock | Verdict::kLostWakeup);
HEDDLE_MUTANT("queue/blocking_queue.stop", BlockingStop, "stop_wakes_nobody",
              Verdict::kDeadlock | Verdict::kLostWakeup);

// An item that was there before the stop request is taken: a popper that was notified of it must
// not leave because of the stop, or another popper would sleep beside the item.
template <class P>
struct BlockingStopReadyFirst {
  static constexpr int kThreads = 2;
  BlockingQueue<int, P> queue{1};
  std::stop_source source;
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(queue.try_push(1) == QueueResult::kOk);
      source.request_stop();
    } else {
      int item = 0;
      HEDDLE_ASSERT(queue.pop(item, source.get_token()) == QueueResult::kOk && item == 1);
    }
  }
};
HEDDLE_SCENARIO("queue/blocking_queue.stop_ready_first", BlockingStopReadyFirst);
HEDDLE_MUTANT("queue/blocking_queue.stop_ready_first", BlockingStopReadyFirst, "stop_before_ready",
              Verdict::kAssertion);

}  // namespace
}  // namespace heddle
