// SPDX-License-Identifier: Apache-2.0
//
// The same for a SharedRing (process_fault_test.cc): no item comes twice or torn, none is lost but
// with the dead, and nobody sleeps while there is what it waits for.
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "primitives/process/process_testing.h"
#include "primitives/process/shared_ring.h"
#include "stress/faulty_shared.h"
#include "stress/faulty_steps.h"
#include "stress/process_faults.h"

namespace heddle {
namespace {

using process_testing::AwaitSleep;
using process_testing::InShared;
using process_testing::Item;
using process_testing::SharedMemory;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using stress::Channel;
using stress::Fault;
using stress::FaultySharedPlatform;
using stress::FaultySteps;
using stress::JumpingClock;
using stress::kWatchdogSeconds;
using stress::Mob;
using stress::ProcessFaultTest;
using stress::Start;
using stress::Sweep;

using Ring = SharedRing<Item, FaultySharedPlatform>;

// A ring in memory of its own.
class RingInShared {
 public:
  explicit RingInShared(std::uint64_t capacity) : memory_(Ring::bytes_for(capacity)) {
    if (ring_.create(memory_.data(), memory_.bytes(), capacity) != RingStatus::kOk) std::abort();
  }
  Ring* operator->() { return &ring_; }

 private:
  SharedMemory memory_;
  Ring ring_;
};

// A consumer sleeps. A producer dies at each step: its item comes, or it does not; if it is in the
// ring the consumer is not left asleep. What others push comes in any case.
TEST_F(ProcessFaultTest, AProducerDiesAtEveryStep) {
  constexpr std::uint64_t kTheirs = 1;
  constexpr std::uint64_t kOurs = 2;
  int came = 0;
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    RingInShared ring(4);
    const auto consumer = Start([&](Channel parent) {
      for (;;) {
        Item item;
        if (ring->pop(item) != RingStatus::kOk || !item.whole()) return 1;
        parent.tell(static_cast<char>(item.number));
        if (item.number == kOurs) return 0;
      }
    });
    AwaitSleep(consumer->pid());
    const auto victim = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      return ring->push(Item::Of(kTheirs)) == RingStatus::kOk ? 0 : 2;
    });
    const bool killed = Killed(*victim, when);
    // Without a word from anybody else.
    AwaitSleep(consumer->pid());
    std::uint64_t left = 0;
    ASSERT_EQ(ring->size(left), RingStatus::kOk) << when;
    EXPECT_EQ(left, 0U) << when << ": the consumer sleeps, and there is an item";
    EXPECT_EQ(ring->push(Item::Of(kOurs)), RingStatus::kOk) << when;
    EXPECT_EQ(consumer->wait(), 0) << when;
    char first = consumer->channel().hear();
    if (first == static_cast<char>(kTheirs)) {
      ++came;
      first = consumer->channel().hear();
    } else {
      EXPECT_TRUE(killed) << when;
    }
    EXPECT_EQ(first, static_cast<char>(kOurs)) << when;
    reached = killed;
  });
  EXPECT_GT(steps, 15) << "the sweep saw no protocol";
  EXPECT_GT(came, 1);
  EXPECT_LT(came, steps - 5);
}

// A consumer dies at each step, with a producer that waits for room: nothing is lost but the one
// item that the dead one may have had, and the producer is not left asleep.
TEST_F(ProcessFaultTest, AConsumerDiesAtEveryStep) {
  int lost = 0;
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    RingInShared ring(2);
    ASSERT_EQ(ring->push(Item::Of(1)), RingStatus::kOk);
    ASSERT_EQ(ring->push(Item::Of(2)), RingStatus::kOk);
    const auto producer =
        Start([&](Channel) { return ring->push(Item::Of(3)) == RingStatus::kOk ? 0 : 1; });
    AwaitSleep(producer->pid());
    const auto victim = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      Item item;
      return ring->pop(item) == RingStatus::kOk && item.whole() && item.number == 1 ? 0 : 2;
    });
    const bool killed = Killed(*victim, when);
    // The last one is the waiting producer's; which may have the mutex at any time.
    const Deadline patience = steady_clock::now() + seconds(kWatchdogSeconds);
    std::uint64_t next = 1;
    for (bool first = true; next <= 3; first = false, ++next) {
      Item item;
      ASSERT_EQ(ring->pop(item, patience), RingStatus::kOk) << when;
      if (first && item.number == 2) {
        ++lost;
        next = 2;
      }
      EXPECT_EQ(item.number, next) << when;
      EXPECT_TRUE(item.whole()) << when;
    }
    EXPECT_EQ(producer->wait(), 0) << when;
    std::uint64_t left = 0;
    EXPECT_EQ(ring->size(left), RingStatus::kOk) << when;
    EXPECT_EQ(left, 0U) << when;
    reached = killed;
  });
  EXPECT_GT(steps, 15) << "the sweep saw no protocol";
  EXPECT_GT(lost, 1);
  EXPECT_LT(lost, steps - 5);
}

// One of two consumers that sleep dies at each step: also after it was woken. Somebody gets an
// item, and the other one what comes after it. A wake-up wakes both: one after the other, so that
// the victim surely takes an item, or both at once.
TEST_F(ProcessFaultTest, AWaitingConsumerDiesAtEveryStep) {
  for (const bool at_once : {false, true}) {
    const char* const what = at_once ? "both awake, killed" : "killed";
    int lost = 0;
    const int steps = Sweep(what, [&](int step, const std::string& when, bool& reached) {
      RingInShared ring(2);
      const auto pop = [&](Channel) {
        Item item;
        return ring->pop(item) == RingStatus::kOk && item.whole() ? 0 : 1;
      };
      const auto victim = Start([&](Channel parent) {
        FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
        return pop(parent);
      });
      AwaitSleep(victim->pid());
      const auto other = Start(pop);
      AwaitSleep(other->pid());
      if (!at_once) {
        kill(other->pid(), SIGSTOP);
        ASSERT_TRUE(Stops(*other)) << when;
      }
      ASSERT_EQ(ring->push(Item::Of(1)), RingStatus::kOk) << when;
      if (!at_once) {
        AwaitEnd(*victim);
        kill(other->pid(), SIGCONT);
      }
      const Deadline patience = steady_clock::now() + seconds(kWatchdogSeconds);
      std::uint64_t left = 1;
      while (left != 0) {
        ASSERT_LT(steady_clock::now(), patience) << when << ": nobody was woken who lives";
        ASSERT_EQ(ring->size(left), RingStatus::kOk) << when;
        sched_yield();
      }
      ASSERT_EQ(ring->push(Item::Of(2)), RingStatus::kOk) << when;
      const bool killed = Killed(*victim, when);
      EXPECT_EQ(other->wait(), 0) << when;
      ASSERT_EQ(ring->size(left), RingStatus::kOk) << when;
      if (left == 0 && killed) ++lost;
      EXPECT_LE(left, killed ? 1U : 0U) << when;
      reached = killed;
    });
    EXPECT_GT(steps, 15) << "the sweep saw no protocol";
    if (!at_once) EXPECT_GT(lost, 1);
    EXPECT_LT(lost, steps - 5);
  }
}

// A process that stops at any step keeps at most the mutex: with a deadline others return, and when
// it goes on nothing is lost.
TEST_F(ProcessFaultTest, AProducerStopsAtEveryStep) {
  int kept = 0;
  const int steps = Sweep("stopped", [&](int step, const std::string& when, bool& reached) {
    RingInShared ring(2);
    const auto stopped = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kStop, .at = step});
      return ring->push(Item::Of(1)) == RingStatus::kOk ? 0 : 1;
    });
    const bool done = !Stops(*stopped);
    Item item;
    const RingStatus status = ring->pop(item, steady_clock::now() + milliseconds(1));
    EXPECT_TRUE(status == RingStatus::kOk || (status == RingStatus::kTimedOut && !done)) << when;
    std::uint64_t size = 0;
    if (ring->size(size, steady_clock::now()) == RingStatus::kTimedOut) ++kept;
    kill(stopped->pid(), SIGCONT);
    EXPECT_EQ(stopped->wait(), 0) << when;
    if (status != RingStatus::kOk) EXPECT_EQ(ring->try_pop(item), RingStatus::kOk) << when;
    EXPECT_EQ(item.number, 1U) << when;
    EXPECT_TRUE(item.whole()) << when;
    EXPECT_EQ(ring->try_pop(item), RingStatus::kEmpty) << when;
    reached = !done;
  });
  EXPECT_GT(steps, 15) << "the sweep saw no protocol";
  EXPECT_GT(kept, 5);
}

// Where there was a ring, and its memory is made one anew: there is none, or the new one.
TEST_F(ProcessFaultTest, AMakerDiesAtEveryStep) {
  int made = 0;
  const int steps = Sweep("killed", [&](int step, const std::string& when, bool& reached) {
    const SharedMemory memory(Ring::bytes_for(4));
    Ring ring;
    ASSERT_EQ(ring.create(memory.data(), memory.bytes(), 4), RingStatus::kOk);
    ASSERT_EQ(ring.push(Item::Of(1)), RingStatus::kOk);
    const auto victim = Start([&](Channel) {
      FaultySteps::Arm({.kind = Fault::Kind::kKill, .at = step});
      Ring mine;
      return mine.create(memory.data(), memory.bytes(), 3) == RingStatus::kOk ? 0 : 1;
    });
    const bool killed = Killed(*victim, when);
    Ring found;
    const RingStatus status = found.attach(memory.data(), memory.bytes());
    if (status == RingStatus::kOk) {
      ++made;
      Item item;
      EXPECT_EQ(found.capacity(), 3U) << when;
      EXPECT_EQ(found.try_pop(item), RingStatus::kEmpty) << when;
    } else {
      EXPECT_EQ(status, RingStatus::kNotARing) << when;
      EXPECT_TRUE(killed) << when;
    }
    reached = killed;
  });
  EXPECT_GT(steps, 2) << "the sweep saw no protocol";
  EXPECT_EQ(made, 1);
}

// Producers note an item before they push it and after, consumers after they have popped it.
struct Market {
  static constexpr int kPlaces = 4;  // half of them producers
  static constexpr std::uint64_t kMost = 1U << 22;
  Ring ring;
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> pushed{0};
  std::atomic<std::uint64_t> popped{0};
  std::atomic<std::uint64_t> wrong{0};
  std::array<std::atomic<std::uint8_t>, kMost> times{};  // that an item was popped
};

TEST_F(ProcessFaultTest, AMobOfProducersAndConsumersIsKilledAtRandom) {
  SharedMemory memory(Ring::bytes_for(5));
  const InShared<Market> market;
  ASSERT_EQ(market->ring.create(memory.data(), memory.bytes(), 5), RingStatus::kOk);
  Mob mob(Market::kPlaces, [&market](int place) {
    for (;;) {
      if (place % 2 == 0) {
        const std::uint64_t number = market->next.fetch_add(1);
        if (number >= Market::kMost) return 1;
        if (market->ring.push(Item::Of(number)) != RingStatus::kOk) return 2;
        market->pushed.fetch_add(1);
      } else {
        Item item;
        if (market->ring.pop(item) != RingStatus::kOk) return 3;
        if (!item.whole() || item.number >= market->next) return 4;
        if (market->times[item.number].fetch_add(1) != 0) return 5;
        market->popped.fetch_add(1);
      }
    }
  });
  mob.Run([&] { return market->popped > 1000; });
  // What is left comes now.
  Item item;
  std::uint64_t left = 0;
  while (market->ring.try_pop(item) == RingStatus::kOk) {
    EXPECT_TRUE(item.whole());
    EXPECT_EQ(market->times[item.number].fetch_add(1), 0);
    ++left;
  }
  const std::uint64_t came = market->popped + left;
  const auto killed = static_cast<std::uint64_t>(mob.killed());
  // Each of the dead had one item at most: not yet noted as pushed, or no more as popped.
  EXPECT_LE(came, market->pushed + killed);
  EXPECT_GE(came + killed, market->pushed.load());
  EXPECT_GT(came, 1000U);
  EXPECT_EQ(market->ring.push(Item::Of(0)), RingStatus::kOk);
}

// It needs neither descriptors, a disk, nor the clock.
TEST_F(ProcessFaultTest, WithoutDescriptorsAndDiskARingGoesOn) {
  RingInShared ring(2);
  const auto child = Start([&](Channel) {
    const rlimit none{};
    setrlimit(RLIMIT_NOFILE, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    Item item;
    if (ring->push(Item::Of(1)) != RingStatus::kOk) return 10;
    return ring->pop(item) == RingStatus::kOk ? 0 : 11;
  });
  EXPECT_EQ(child->wait(), 0);
}

TEST_F(ProcessFaultTest, AClockThatJumpsDoesNotMoveADeadline) {
  JumpingClock::jump = std::chrono::hours(1);
  RingInShared ring(1);
  Item item;
  const Deadline deadline = steady_clock::now() + milliseconds(10);
  EXPECT_EQ(ring->pop(item, deadline), RingStatus::kTimedOut);
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_LT(steady_clock::now(), deadline + seconds(kWatchdogSeconds));
  EXPECT_EQ(ring->push(Item::Of(1), deadline), RingStatus::kOk) << "there is room";
  EXPECT_EQ(ring->pop(item, deadline), RingStatus::kOk);
}

}  // namespace
}  // namespace heddle
