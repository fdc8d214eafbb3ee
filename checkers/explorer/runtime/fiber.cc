// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/fiber.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "checkers/explorer/runtime/fatal.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kLoggedWrites = 1024;
// What functions use of the stack that do not call the runtime, more or less.
constexpr std::ptrdiff_t kBelow = 4096;
// Stacks start in different places of a page: what is in use of all of them would not fit into the
// few places that caches have for addresses with the same low bits.
constexpr std::ptrdiff_t kApart = 448;

}  // namespace

void Fiber::Allocate(ThreadId thread) {
  if (stack_low != nullptr) return;
  id = thread;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  auto* const wanted =
      reinterpret_cast<void*>(kStacks + static_cast<std::uintptr_t>(thread) * kStackStride);
  void* mapped =
      mmap(wanted, kPage + kStackSize, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) {
    mapped = mmap(nullptr, kPage + kStackSize, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  }
  if (mapped == MAP_FAILED || mprotect(mapped, kPage, PROT_NONE) != 0) {
    Fatal("out of memory for a thread's stack");
  }
  stack_low = static_cast<char*>(mapped) + kPage;
  stack_high = stack_low + kStackSize - kApart * thread;
  stack_used = stack_high;
  storage.Allocate();
  // Its room is used on the program's threads, where it cannot grow.
  loop.writes.reserve(kLoggedWrites);
}

void Fiber::Release() {
  if (stack_low == nullptr) return;
  munmap(stack_low - kPage, kPage + kStackSize);
  storage.Release();
}

void Fiber::CopyRooms(const Fiber& other) {
  std::copy_n(other.pending_writes.items, other.pending, pending_writes.items);
  std::copy_n(other.destructors.items, other.destructor_count, destructors.items);
  std::copy_n(other.specific.items, other.key_limit, specific.items);
  std::copy_n(other.held.items, other.held_count, held.items);
}

char* Fiber::LowestUsed() const {
  return stack_used - stack_low > kBelow ? stack_used - kBelow : stack_low;
}

void Fiber::Start(void* (*start)(void*), void* start_argument, bool clear) {
  if (clear && stack_used != nullptr) {
    char* const from = LowestUsed();
    memset(from, 0, static_cast<std::size_t>(stack_high - from));
  }
  storage.Reset();
  started = true;
  finished = false;
  detached = false;
  joined = false;
  ends_program = false;
  endless = false;
  cleanup = nullptr;
  parent = kNoThread;
  created_at = 0;
  function = start;
  argument = start_argument;
  result = nullptr;
  operation = nullptr;
  fresh = false;
  polled = nullptr;
  failed_at = 0;
  turn_at = 0;
  pending = 0;
  told = 0;
  destructor_count = 0;
  keeps_specific = false;
  held_count = 0;
  rethrown = nullptr;
  frees_unordered = false;
  nanoseconds = 0;
  in_time = false;
  pause = 0;
  random = 0;
  if (key_limit != 0) {
    std::fill_n(specific.items, key_limit, nullptr);
    key_limit = 0;
  }
  loop.Clear();
  frame = reinterpret_cast<Frame*>(stack_high - 16) - 1;
  memset(frame, 0, sizeof *frame + 16);
  frame->return_address = reinterpret_cast<std::uint64_t>(heddle_explorer_thread_start);
  left.clear();
  last_frame = reinterpret_cast<std::uintptr_t>(frame->caller());
  foreign_low = UINTPTR_MAX;
  foreign_high = 0;
}

}  // namespace heddle::explorer
