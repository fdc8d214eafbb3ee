// SPDX-License-Identifier: Apache-2.0
// What orders the segments of threads.
#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

ThreadStart* Recorder::make_start(ThreadState& t, Call call) {
  const SlowPath slow(t);
  if (!slow.entered()) return nullptr;
  const uint32_t chain = held_chain(t, call);
  const uint32_t stack = capture_stack(t, call);
  const FutexLocker locker(lock_);
  if (free_starts_ == nullptr) {
    constexpr size_t kBytes = 1 << 14;
    auto* page = static_cast<ThreadStart*>(map_pages(kBytes));
    if (page == nullptr) return nullptr;
    for (size_t i = 0; i < kBytes / sizeof(ThreadStart); ++i) {
      page[i].next = free_starts_;
      free_starts_ = &page[i];
    }
  }
  ThreadStart* start = free_starts_;
  free_starts_ = start->next;
  *start = ThreadStart();
  start->creator = t.id;
  start->creator_segment = t.segment;
  start->creator_chain = chain;
  start->create_stack = stack;
  start->create_sequence = t.record->sequence;
  next_segment(t);
  return start;
}

void Recorder::free_start(ThreadStart* start) {
  ThreadState& t = t_self;
  ++t.busy;
  {
    const FutexLocker locker(lock_);
    start->next = free_starts_;
    free_starts_ = start;
  }
  --t.busy;
}

void Recorder::joined(ThreadState& t, uint64_t handle, uint32_t other, Call call) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const Thread& thread = threads_.at(other);
  next_segment(t);
  Event event{};
  event.kind = kEventJoin;
  event.other = other;
  event.other_segment = load_word(thread.segment);
  add_event(t, event, &call);
  // What this thread held from before the creation until now guarded all that the other did.
  if (thread.creator == t.id) {
    for (uint32_t i = 0; i < t.record->depth; ++i) {
      const Held held = held_at(t, i);
      if (held.node == 0 || held.sequence > thread.create_sequence) continue;
      Event guard{};
      guard.kind = kEventGuard;
      guard.other = other;
      guard.node = held.node;
      add_event(t, guard, nullptr);
    }
  }
  const FutexLocker locker(lock_);
  if (handles_.find(handle) == other) handles_.set(handle, 0);
}

// Barriers: address -> number << 40 | arrivals; their sizes by number.
void Recorder::barrier_made(ThreadState& t, uint64_t key, uint32_t count, Call call) {
  (void)call;
  const SlowPath slow(t);
  if (!slow.entered() || count == 0) return;
  const FutexLocker locker(lock_);
  barriers_.set(key, (static_cast<uint64_t>(++last_barrier_) << 32));
  barrier_sizes_.set(last_barrier_, count);
}

void Recorder::barrier_gone(ThreadState& t, uint64_t key) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  barriers_.set(key, 0);
}

uint32_t Recorder::barrier_entered(ThreadState& t, uint64_t key, uint32_t* id) {
  const SlowPath slow(t);
  if (!slow.entered()) return 0;
  const FutexLocker locker(lock_);
  const uint64_t value = barriers_.find(key);
  if (value == 0) return 0;
  *id = static_cast<uint32_t>(value >> 32);
  const auto arrivals = static_cast<uint32_t>(value);
  barriers_.set(key, (value & ~0xFFFFFFFFULL) | (arrivals + 1));
  return arrivals / static_cast<uint32_t>(barrier_sizes_.find(*id)) + 1;
}

void Recorder::barrier_left(ThreadState& t, uint32_t id, uint32_t round, Call call) {
  if (id == 0) return;
  (void)call;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  next_segment(t);
  Event event{};
  event.kind = kEventBarrier;
  event.node = id;
  event.generation = round;
  add_event(t, event, nullptr);
}

// Once: address of the control -> thread << 32 | its segment when the routine ended.
void Recorder::once_ran(ThreadState& t, uint64_t control) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  {
    const FutexLocker locker(lock_);
    onces_.set(control, (uint64_t{t.id} << 32) | t.segment);
  }
  next_segment(t);
}

bool Recorder::once_known(ThreadState& t, uint64_t control) const {
  const uint64_t value = onces_.find(control);
  return value != 0 && t.once_seen[mix(control) % kOncesSeen] == control;
}

void Recorder::once_passed(ThreadState& t, uint64_t control, Call call) {
  (void)call;
  const uint64_t value = onces_.find(control);
  if (value == 0) return;
  t.once_seen[mix(control) % kOncesSeen] = control;
  if (static_cast<uint32_t>(value >> 32) == t.id) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  next_segment(t);
  Event event{};
  event.kind = kEventOnce;
  event.other = static_cast<uint32_t>(value >> 32);
  event.other_segment = static_cast<uint32_t>(value);
  add_event(t, event, nullptr);
}

// Semaphores: address -> posts (2 bits: 0, 1, many) << 62 | thread << 32 | segment of the one post.
// A semaphore that started with units, or whose making was not seen, counts as posted often.
namespace {
constexpr uint64_t kMade = 1ULL << 61;
constexpr uint64_t kPosted = 1ULL << 62;
constexpr uint64_t kOften = 1ULL << 63;
}  // namespace

void Recorder::semaphore_made(ThreadState& t, uint64_t key, unsigned value) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  semaphores_.set(key, value == 0 ? kMade : kOften);
}

void Recorder::semaphore_posted(ThreadState& t, uint64_t key) {
  const uint64_t value = semaphores_.find(key);
  if (value == 0 || (value & kOften) != 0) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(lock_);
  if ((value & kPosted) != 0) {
    semaphores_.set(key, kOften);
    const uint32_t node = known_node(key);
    if (node != 0) {
      __atomic_fetch_or(&nodes_.at(node).flags, kNodeManyPosts, __ATOMIC_RELAXED);
    }
    return;
  }
  semaphores_.set(key, kPosted | (uint64_t{t.id & 0xFFFFFFU} << 32) | t.segment);
  next_segment(t);
}

void Recorder::semaphore_passed(ThreadState& t, uint64_t key, Call call) {
  (void)call;
  const uint64_t value = semaphores_.find(key);
  if ((value & kPosted) == 0) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  next_segment(t);
  Event event{};
  event.kind = kEventOneShot;
  event.node = known_node(key);
  event.other = static_cast<uint32_t>(value >> 32) & 0xFFFFFF;
  event.other_segment = static_cast<uint32_t>(value);
  add_event(t, event, nullptr);
}

uint32_t Recorder::wait_began(ThreadState& t, uint64_t condition, uint32_t index,
                              bool others_wait) {
  const auto before = static_cast<uint32_t>(conditions_.find(condition));
  if (before == index) return 0;
  const SlowPath slow(t);
  if (!slow.entered()) return 0;
  {
    const FutexLocker locker(lock_);
    conditions_.set(condition, index);
  }
  const bool other = before != 0 && others_wait && node(before).address != node(index).address;
  return other ? before : 0;
}

void Recorder::report(ThreadState& t, EventKind kind, uint32_t node, Call call, uint32_t other_node,
                      const char* name) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  Event event{};
  event.kind = kind;
  event.node = node;
  event.other_node = other_node;
  if (name != nullptr) {
    const FutexLocker locker(lock_);
    event.name = intern_string(name);
  }
  add_event(t, event, &call);
}

}  // namespace heddle::lock_order
