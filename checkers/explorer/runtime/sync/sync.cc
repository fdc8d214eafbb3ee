// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/sync/sync.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/plain.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kQueues = 1024;

// As the program's own variables are, put back for each execution.
WaitQueue g_queues[kQueues];

}  // namespace

Held* FindHeld(Fiber& fiber, const void* lock) {
  for (int i = fiber.held_count; i-- > 0;) {
    if (fiber.held[i].address == lock) return &fiber.held[i];
  }
  return nullptr;
}

void AddHeld(Call& call, const void* lock, const char* what) {
  Fiber& fiber = call.fiber();
  if (fiber.held_count == kMaxHeld) call.Unsupported("more than %d locks at once", kMaxHeld);
  fiber.held[fiber.held_count++] = {.address = lock, .what = what, .site = call.site(), .count = 1};
}

void RemoveHeld(Fiber& fiber, Held* held) {
  for (; held + 1 < fiber.held.items + fiber.held_count; ++held) held[0] = held[1];
  --fiber.held_count;
}

void LockWord(Call& call, int* word) {
  AdmitsIf free([](Value value) { return value == 0; });
  int expected = 0;
  call.SetLocks(true);
  call.CompareExchange(word, expected, call.thread() + 1, Order::kAcquire, Order::kRelaxed, &free);
  call.SetLocks(false);
}

bool TryLockWord(Call& call, int* word) {
  int expected = 0;
  call.SetLocks(true);
  const bool taken =
      call.CompareExchange(word, expected, call.thread() + 1, Order::kAcquire, Order::kRelaxed);
  call.SetLocks(false);
  return taken;
}

void UnlockWord(Call& call, int* word) {
  call.SetLocks(true);
  call.Store(word, 0, Order::kRelease);
  call.SetLocks(false);
}

WaitQueue& WaitQueue::Lock(Call& call, const void* address) {
  const auto hash = reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15U >> 32;
  WaitQueue& queue = g_queues[hash % kQueues];
  LockWord(call, &queue.lock_);
  return queue;
}

void WaitQueue::Unlock(Call& call) { UnlockWord(call, &lock_); }

void WaitQueue::Enter(Call& call, const void* address, bool in_order) {
  if (used_[call.thread()]) {
    call.Store(&woken_[call.thread()], 0, Order::kRelaxed);
    Changes(used_[call.thread()]) = false;
  }
  int arrival = 0;
  for (const Waiter& waiter : waiters_) {
    if (in_order && waiter.address != nullptr) arrival = std::max(arrival, waiter.arrival + 1);
  }
  Changes(waiters_[call.thread()]) = {.address = address, .arrival = arrival};
}

int WaitQueue::CountAt(const void* address) const {
  return static_cast<int>(
      std::count_if(std::begin(waiters_), std::end(waiters_),
                    [address](const Waiter& waiter) { return waiter.address == address; }));
}

void WaitQueue::Wake(Call& call, const void* address, int place) {
  const auto is_before = [this](ThreadId one, ThreadId other) {
    const int arrivals = waiters_[one].arrival - waiters_[other].arrival;
    return arrivals < 0 || (arrivals == 0 && one < other);
  };
  for (ThreadId thread = 0; thread < kMaxThreads; ++thread) {
    if (waiters_[thread].address != address) continue;
    int before = 0;
    for (ThreadId other = 0; other < kMaxThreads; ++other) {
      if (waiters_[other].address == address && is_before(other, thread)) ++before;
    }
    if (before != place) continue;
    Changes(waiters_[thread]) = {};
    call.Store(&woken_[thread], 1, Order::kRelease);
    return;
  }
}

bool WaitQueue::Leave(Call& call) {
  Waiter& waiter = waiters_[call.thread()];
  if (waiter.address != nullptr) {
    Changes(waiter) = {};
    return true;
  }
  Changes(used_[call.thread()]) = true;
  return false;
}

void WaitQueue::Sleep(Call& call) {
  AdmitsIf woken([](Value value) { return value == 1; });
  call.Load(&woken_[call.thread()], Order::kAcquire, &woken);
  Changes(used_[call.thread()]) = true;
}

}  // namespace heddle::explorer
