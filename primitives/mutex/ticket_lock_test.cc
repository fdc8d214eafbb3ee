// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/ticket_lock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(TicketLock, LockSuite, TicketLock<>);

TEST(TicketLockTest, ServesInTheOrderOfTickets) {
  TicketLock<> lock;
  std::vector<TicketLock<>::Ticket> tickets(8);
  for (TicketLock<>::Ticket& ticket : tickets) ticket = lock.join();
  EXPECT_FALSE(lock.try_lock());
  std::vector<int> order;
  OnThreads(8, [&](int index) {
    lock.wait(tickets[static_cast<std::size_t>(index)]);
    order.push_back(index);
    lock.unlock();
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(TicketLockTest, FailedTryLockDrawsNoTicket) {
  TicketLock<> lock;
  lock.lock();
  EXPECT_FALSE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  lock.lock();  // would wait for ever for the tickets of those who went away
  lock.unlock();
}

}  // namespace
}  // namespace heddle
