// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/sync/sync.h"

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/plain.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kQueues = 1024;

// What is about to be written to: a thread that puts it back has changed nothing (loops.h).
template <typename T>
T& Changes(T& object) {
  LogWrite(reinterpret_cast<std::uintptr_t>(&object), sizeof object);
  return object;
}

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

void WaitQueue::Enter(Call& call, const void* address) {
  if (used_[call.thread()]) {
    call.Store(&woken_[call.thread()], 0, Order::kRelaxed);
    Changes(used_[call.thread()]) = false;
  }
  Changes(waiters_[size_]) = {.address = address, .thread = call.thread()};
  ++Changes(size_);
}

int WaitQueue::CountAt(const void* address) const {
  int count = 0;
  for (int i = 0; i < size_; ++i) count += waiters_[i].address == address ? 1 : 0;
  return count;
}

void WaitQueue::Remove(int index) {
  for (int i = index; i + 1 < size_; ++i) Changes(waiters_[i]) = waiters_[i + 1];
  --Changes(size_);
  Changes(waiters_[size_]) = {};
}

void WaitQueue::Wake(Call& call, const void* address, int place) {
  for (int i = 0; i < size_; ++i) {
    if (waiters_[i].address != address || place-- > 0) continue;
    const ThreadId thread = waiters_[i].thread;
    Remove(i);
    call.Store(&woken_[thread], 1, Order::kRelease);
    return;
  }
}

bool WaitQueue::Leave(Call& call) {
  for (int i = 0; i < size_; ++i) {
    if (waiters_[i].thread != call.thread()) continue;
    Remove(i);
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
