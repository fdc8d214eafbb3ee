// SPDX-License-Identifier: Apache-2.0
//
// A heddle::TicketLock in a CheckedMutex and a std::mutex in opposite orders.
#include <atomic>
#include <mutex>
#include <thread>

#include "checkers/lock_order/checked_mutex.h"
#include "primitives/mutex/ticket_lock.h"

namespace {

const heddle::LockClass kTickets("tickets");
heddle::CheckedMutex<heddle::TicketLock<>> ticket(kTickets);
std::mutex mutex;
std::atomic<bool> go{false};

void Forward() {
  std::lock_guard hold_ticket(ticket);
  std::lock_guard hold_mutex(mutex);
}

void Backward() {
  std::lock_guard hold_mutex(mutex);
  std::lock_guard hold_ticket(ticket);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Backward();
  });
  first.join();
  second.join();
}
