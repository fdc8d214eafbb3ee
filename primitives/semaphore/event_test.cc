// SPDX-License-Identifier: Apache-2.0
#include "primitives/semaphore/event.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/semaphore/counting_platform.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

TEST(EventTest, HappensOnceAndStays) {
  Event<> event;
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait_until(Deadline{}));
  event.set();
  event.set();
  EXPECT_TRUE(event.is_set());
  EXPECT_TRUE(event.wait_until(Deadline{}));
  event.wait();
}

TEST(EventTest, TimesOutNotBeforeTheDeadline) {
  Event<> event;
  const Deadline start = std::chrono::steady_clock::now();
  EXPECT_FALSE(event.wait_until(start + milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  event.set();
  EXPECT_TRUE(event.wait_until(kNever));
}

TEST(EventTest, SetMakesNoSystemCallWhenNobodyWaits) {
  CountingPlatform::reset();
  Event<CountingPlatform> event;
  event.set();
  event.wait();
  EXPECT_EQ(CountingPlatform::unparks, 0);
  EXPECT_EQ(CountingPlatform::parks, 0);
}

TEST(EventTest, WakesAllSleepersAtOnce) {
  constexpr int kWaiters = 8;
  CountingPlatform::reset();
  Event<CountingPlatform> event;
  std::vector<std::thread> waiters;
  std::vector<int> seen(kWaiters, 0);
  int data = 0;
  for (int i = 0; i < kWaiters; ++i) {
    waiters.emplace_back([&, i] {
      event.wait();
      seen[static_cast<std::size_t>(i)] = data;
    });
  }
  while (CountingPlatform::parks < kWaiters) std::this_thread::yield();
  data = 7;
  event.set();
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(seen, std::vector<int>(kWaiters, 7));
  EXPECT_EQ(CountingPlatform::unparks, 1);
}

TEST(EventTest, PublishesToWhoeverSeesIt) {
  for (int i = 0; i < 2000; ++i) {
    Event<> event;
    int data = 0;
    std::thread setter([&] {
      data = 1;
      event.set();
    });
    if (i % 2 == 0) {
      event.wait();
    } else {
      while (!event.is_set()) std::this_thread::yield();
    }
    ASSERT_EQ(data, 1);
    setter.join();
  }
}

TEST(EventTest, MayBeDestroyedByTheWaiter) {
  for (int i = 0; i < 300; ++i) {
    auto* event = new Event<>;
    std::thread setter([=] { event->set(); });
    event->wait();
    delete event;
    setter.join();
  }
}

}  // namespace
}  // namespace heddle
