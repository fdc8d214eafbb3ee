// SPDX-License-Identifier: Apache-2.0
#include "primitives/process/shared_ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/process/process_testing.h"

namespace heddle {
namespace {

using process_testing::Child;
using process_testing::Item;
using process_testing::SharedMemory;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

using Ring = SharedRing<Item>;

class SharedRingTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kCapacity = 3;

  SharedRingTest() {
    EXPECT_EQ(ring_.create(memory_.data(), memory_.bytes(), kCapacity), RingStatus::kOk);
  }

  SharedMemory memory_{Ring::bytes_for(kCapacity)};
  Ring ring_;
};

TEST_F(SharedRingTest, FirstInFirstOutAndBounded) {
  Item item;
  EXPECT_EQ(ring_.try_pop(item), RingStatus::kEmpty);
  for (std::uint64_t lap = 0; lap < 5; ++lap) {
    for (std::uint64_t i = 0; i < kCapacity; ++i) {
      EXPECT_EQ(ring_.try_push(Item::Of(lap * 10 + i)), RingStatus::kOk);
    }
    EXPECT_EQ(ring_.try_push(Item::Of(99)), RingStatus::kFull);
    std::uint64_t size = 0;
    EXPECT_EQ(ring_.size(size), RingStatus::kOk);
    EXPECT_EQ(size, kCapacity);
    for (std::uint64_t i = 0; i < kCapacity; ++i) {
      EXPECT_EQ(ring_.try_pop(item), RingStatus::kOk);
      EXPECT_EQ(item.number, lap * 10 + i);
      EXPECT_TRUE(item.whole());
    }
    EXPECT_EQ(ring_.try_pop(item), RingStatus::kEmpty);
  }
}

TEST_F(SharedRingTest, WaitsNoLongerThanTheDeadline) {
  Item item;
  const Deadline soon = steady_clock::now() + milliseconds(20);
  EXPECT_EQ(ring_.pop(item, soon), RingStatus::kTimedOut);
  EXPECT_GE(steady_clock::now(), soon);
  for (std::uint64_t i = 0; i < kCapacity; ++i) {
    EXPECT_EQ(ring_.push(Item::Of(i), steady_clock::now()), RingStatus::kOk) << "there is room";
  }
  EXPECT_EQ(ring_.push(Item::Of(9), steady_clock::now()), RingStatus::kTimedOut);
}

// Also from another address than it was made at.
TEST_F(SharedRingTest, IsSeenThroughAnotherMapping) {
  const int file = ::memfd_create("ring", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  const std::size_t bytes = Ring::bytes_for(2);
  ASSERT_EQ(::ftruncate(file, static_cast<off_t>(bytes)), 0);
  const auto map = [&] {
    return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  };
  void* const first = map();
  void* const second = map();
  ASSERT_NE(first, MAP_FAILED);
  ASSERT_NE(second, MAP_FAILED);
  ASSERT_NE(first, second);
  Ring maker;
  Ring user;
  EXPECT_EQ(user.attach(second, bytes), RingStatus::kNotARing) << "zero bytes";
  EXPECT_EQ(maker.create(first, bytes, 2), RingStatus::kOk);
  EXPECT_EQ(user.attach(second, bytes), RingStatus::kOk);
  EXPECT_EQ(user.capacity(), 2U);
  EXPECT_EQ(maker.push(Item::Of(7)), RingStatus::kOk);
  Item item;
  EXPECT_EQ(user.try_pop(item), RingStatus::kOk);
  EXPECT_EQ(item.number, 7U);
  maker.destroy();
  EXPECT_FALSE(maker.attached());
  EXPECT_EQ(maker.attach(first, bytes), RingStatus::kNotARing);
  ::munmap(first, bytes);
  ::munmap(second, bytes);
  ::close(file);
}

TEST_F(SharedRingTest, RefusesWhatIsNoRing) {
  Ring other;
  Item item;
  EXPECT_EQ(other.try_pop(item), RingStatus::kNotARing);
  EXPECT_EQ(other.push(item), RingStatus::kNotARing);
  EXPECT_EQ(Ring::bytes_for(0), 0U);
  EXPECT_EQ(Ring::bytes_for(std::numeric_limits<std::uint64_t>::max()), 0U);
  EXPECT_EQ(Ring::bytes_for(std::numeric_limits<std::uint64_t>::max() / sizeof(Item)), 0U);
  EXPECT_EQ(other.create(nullptr, 1'000'000, 1), RingStatus::kBadMemory);
  EXPECT_EQ(other.create(memory_.data(), memory_.bytes() - 1, kCapacity), RingStatus::kBadMemory);
  EXPECT_EQ(other.create(memory_.data(), memory_.bytes(), 0), RingStatus::kBadMemory);
  EXPECT_EQ(other.attach(nullptr, 0), RingStatus::kBadMemory);
  EXPECT_EQ(other.attach(memory_.data(), 8), RingStatus::kBadMemory);
  EXPECT_EQ(other.attach(memory_.data(), memory_.bytes() - 1), RingStatus::kBadMemory) << "cut off";
  auto* const unaligned = static_cast<std::byte*>(memory_.data()) + 1;
  EXPECT_EQ(other.attach(unaligned, memory_.bytes() - 1), RingStatus::kBadMemory);
  SharedRing<std::uint64_t> of_others;
  EXPECT_EQ(of_others.attach(memory_.data(), memory_.bytes()), RingStatus::kOtherRing);
  EXPECT_FALSE(other.attached());
}

// Whatever the memory holds, no call leaves it, or hangs: a guard page follows it.
TEST_F(SharedRingTest, SurvivesAnyContent) {
  constexpr int kRounds = 2'000;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto* const pages = static_cast<std::byte*>(
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_EQ(::mprotect(pages + page, page, PROT_NONE), 0);
  constexpr std::uint64_t kPlaces = 16;  // the ring then ends where the page does
  const std::size_t bytes = Ring::bytes_for(kPlaces);
  std::byte* const memory = pages + page - bytes;
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % Ring::alignment(), 0U);
  std::mt19937 random(1);
  int damaged = 0;
  for (int round = 0; round < kRounds; ++round) {
    Ring maker;
    ASSERT_EQ(maker.create(memory, bytes, kPlaces), RingStatus::kOk);
    for (int flips = 0; flips < 3; ++flips) {
      memory[random() % bytes] ^= static_cast<std::byte>(1U << (random() % 8));
    }
    Ring ring;
    const RingStatus status = ring.attach(memory, bytes);
    if (status == RingStatus::kOk) {
      const Deadline at_once = steady_clock::now();
      Item item;
      std::uint64_t size = 0;
      damaged += ring.size(size, at_once) == RingStatus::kDamaged ? 1 : 0;
      (void)ring.push(Item::Of(1), at_once);
      (void)ring.pop(item, at_once);
    }
    std::memset(memory, 0, bytes);  // the mutex may have been made owned by a flip
  }
  EXPECT_GT(damaged, 0);
  ::munmap(pages, 2 * page);
}

TEST_F(SharedRingTest, DeliversEachItemOnceInOrder) {
  constexpr int kProducers = 2;
  constexpr int kConsumers = 2;
  constexpr std::uint64_t kItems = 3'000;
  std::array<std::vector<std::uint64_t>, kConsumers> got;
  std::vector<std::thread> threads;
  for (std::uint64_t producer = 0; producer < kProducers; ++producer) {
    threads.emplace_back([this, producer] {
      for (std::uint64_t i = 0; i < kItems; ++i) {
        ASSERT_EQ(ring_.push(Item::Of(producer * kItems + i)), RingStatus::kOk);
      }
    });
  }
  for (std::vector<std::uint64_t>& mine : got) {
    threads.emplace_back([this, &mine] {
      for (std::uint64_t i = 0; i < kItems * kProducers / kConsumers; ++i) {
        Item item;
        ASSERT_EQ(ring_.pop(item), RingStatus::kOk);
        ASSERT_TRUE(item.whole());
        mine.push_back(item.number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> times(kItems * kProducers);
  for (const std::vector<std::uint64_t>& mine : got) {
    std::array<std::uint64_t, kProducers> next{};
    for (const std::uint64_t number : mine) {
      ++times[number];
      EXPECT_GE(number % kItems, next[number / kItems]) << "in order";
      next[number / kItems] = number % kItems;
    }
  }
  for (const int count : times) EXPECT_EQ(count, 1);
}

TEST_F(SharedRingTest, AChildsItemsComeAndTheDeadDoNotBlock) {
  Child producer([this](process_testing::Channel) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      if (ring_.push(Item::Of(i)) != RingStatus::kOk) return 1;
    }
    return 0;
  });
  Item item;
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_EQ(ring_.pop(item), RingStatus::kOk);
    EXPECT_EQ(item.number, i);
  }
  EXPECT_EQ(producer.wait(), 0);
  Child waiting([this](process_testing::Channel) {
    Item never;
    return ring_.pop(never) == RingStatus::kOk ? 0 : 1;
  });
  process_testing::AwaitSleep(waiting.pid());
  waiting.kill();
  EXPECT_EQ(ring_.push(Item::Of(1)), RingStatus::kOk);
  EXPECT_EQ(ring_.pop(item), RingStatus::kOk);
}

}  // namespace
}  // namespace heddle
