// SPDX-License-Identifier: Apache-2.0
//
// Cells and operations that wait, choose or allocate: everything of the platform that is not a
// memory access.
#include <cstddef>
#include <cstdint>
#include <string>
#include <typeinfo>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/relacy/cells.h"
#include "checkers/relacy/relacy_headers.h"
#include "checkers/relacy/run_state.h"
#include "checkers/relacy/trace_step.h"

namespace heddle::relacy {
namespace {

// A wait in construction, After() or destruction, where Relacy does not switch threads: nobody
// else runs, so what has no deadline never ends.
ParkResult WaitAlone(Deadline deadline, Location where) {
  if (deadline == kNever) {
    FailExecution(Verdict::kDeadlock, "a wait that nobody ends: no thread runs", where);
  }
  for (auto& seen : State().deadlines) {
    if (seen.deadline == deadline) seen.expired = true;
  }
  if (State().tracing) TraceStep(where, "the wait times out: no thread runs");
  return ParkResult::kTimedOut;
}

}  // namespace

MutexCell::MutexCell(Location where) : impl_(new rl::mutex()) {
  if (State().tracing) State().trace.Declare(this, 'M', "mutex", where);
}
MutexCell::~MutexCell() { delete static_cast<rl::mutex*>(impl_); }

void MutexCell::Lock(Location where) {
  const bool tracing = State().tracing;
  const int step =
      tracing ? TraceStep(where, absl::StrCat(State().trace.Label(this), ".lock() ..")) : 0;
  static_cast<rl::mutex*>(impl_)->lock(Info(where));
  if (tracing)
    TraceStep(where,
              absl::StrCat(State().trace.Label(this), ".lock() of step ", step, " acquires"));
}

bool MutexCell::TryLock(Location where) {
  const bool locked = static_cast<rl::mutex*>(impl_)->try_lock(Info(where));
  if (State().tracing) {
    TraceStep(where,
              absl::StrCat(State().trace.Label(this), ".try_lock() = ", locked ? "true" : "false"));
  }
  return locked;
}

void MutexCell::Unlock(Location where) {
  static_cast<rl::mutex*>(impl_)->unlock(Info(where));
  if (State().tracing) TraceStep(where, absl::StrCat(State().trace.Label(this), ".unlock()"));
}

CondVarCell::CondVarCell() : impl_(new rl::condition_variable()) {}
CondVarCell::~CondVarCell() { delete static_cast<rl::condition_variable*>(impl_); }

ParkResult CondVarCell::Wait(MutexCell& mutex, Deadline deadline, Location where) {
  auto& condition = *static_cast<rl::condition_variable*>(impl_);
  auto& lock = *static_cast<rl::mutex*>(mutex.impl_);
  if (!State().threads_running) return WaitAlone(deadline, where);
  if (State().tracing) TraceStep(where, "condition.wait()");
  bool woken = true;
  if (deadline == kNever) {
    condition.wait(lock, Info(where));
  } else {
    woken = condition.wait_for(lock, 0, Info(where));
  }
  if (State().tracing)
    TraceStep(where, woken ? "condition.wait() returns" : "condition.wait() times out");
  return woken ? ParkResult::kWoken : ParkResult::kTimedOut;
}

void CondVarCell::Notify(bool all, Location where) {
  auto& condition = *static_cast<rl::condition_variable*>(impl_);
  if (State().tracing) TraceStep(where, all ? "condition.notify_all()" : "condition.notify_one()");
  if (all) {
    condition.notify_all(Info(where));
  } else {
    condition.notify_one(Info(where));
  }
}

void Fence(std::memory_order order, Location where) {
  switch (order) {
    case std::memory_order_relaxed:
      break;
    case std::memory_order_consume:
    case std::memory_order_acquire:
      rl::ctx().atomic_thread_fence_acquire();
      break;
    case std::memory_order_release:
      rl::ctx().atomic_thread_fence_release();
      break;
    case std::memory_order_acq_rel:
      rl::ctx().atomic_thread_fence_acq_rel();
      break;
    case std::memory_order_seq_cst:
      rl::ctx().atomic_thread_fence_seq_cst();
      break;
  }
  if (State().tracing) TraceStep(where, absl::StrCat("fence(", Abseil(OrderName(order)), ")"));
}

void Yield(Location where) {
  if (State().tracing) TraceStep(where, "waits (yield)");
  rl::ctx().yield(1, Info(where));
}

ParkResult Park(const AtomicCell* cell, std::uint64_t expected, Deadline deadline, Location where) {
  RunState& state = State();
  rl::context& context = rl::ctx();
  context.sched();
  // The kernel compares under the lock of its wait queue: it sees the newest value, and neither
  // this nor the wake-up orders any memory for the program. What does hold is that stores become
  // visible in time: like Relacy's yield, a park() forbids this thread to read again an outdated
  // value that it has read before. Otherwise a correct waiting loop could see "0" for ever.
  rl::thread_info_base& self = *context.threadx_;
  const std::uint64_t newest = cell->Newest();
  if (newest != expected) {
    self.last_yield_ = self.own_acq_rel_order_;
    if (state.tracing) {
      TraceStep(where, absl::StrCat("park(", state.trace.Label(cell), " == ", expected,
                                    ") returns: it is ", newest));
    }
    return ParkResult::kWoken;
  }
  if (!state.threads_running) return WaitAlone(deadline, where);
  const bool timed = deadline != kNever;
  if (timed && Expired(deadline, where)) return ParkResult::kTimedOut;
  const int thread = context.current_thread();
  state.parked.push_back({cell, expected, thread, where});
  if (state.tracing) {
    TraceStep(where, absl::StrCat("park(", state.trace.Label(cell), " == ", expected, ") sleeps"));
  }
  const rl::unpark_reason reason =
      context.park_current_thread(timed, state.spurious_wakeups, false, Info(where));
  self.last_yield_ = self.own_acq_rel_order_;
  if (reason != rl::unpark_reason_normal) {
    for (std::size_t i = 0; i < state.parked.size(); ++i) {
      if (state.parked[i].thread == thread) {
        state.parked.erase(state.parked.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
  }
  const bool timed_out = reason == rl::unpark_reason_timeout;
  if (timed_out) {
    for (auto& seen : state.deadlines) {
      if (seen.deadline == deadline) seen.expired = true;
    }
  }
  if (state.tracing) {
    TraceStep(where, timed_out                              ? "park times out"
                     : reason == rl::unpark_reason_spurious ? "park wakes up spuriously"
                                                            : "park wakes up");
  }
  return timed_out ? ParkResult::kTimedOut : ParkResult::kWoken;
}

void Unpark(const AtomicCell* cell, int count, Location where) {
  RunState& state = State();
  rl::context& context = rl::ctx();
  context.sched();
  std::string woken;
  for (; count > 0; --count) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < state.parked.size(); ++i) {
      if (state.parked[i].cell == cell) candidates.push_back(i);
    }
    if (candidates.empty()) break;
    std::size_t pick = 0;
    // Which waiter the kernel wakes is not promised; when all are woken there is nothing to choose.
    if (candidates.size() > static_cast<std::size_t>(count)) {
      pick = context.rand(static_cast<unsigned>(candidates.size()), rl::sched_type_user);
    }
    const int thread = state.parked[candidates[pick]].thread;
    state.parked.erase(state.parked.begin() + static_cast<std::ptrdiff_t>(candidates[pick]));
    if (state.tracing) absl::StrAppend(&woken, woken.empty() ? "thread " : ", ", thread);
    context.unpark_thread(thread, false, Info(where));
  }
  if (state.tracing) {
    TraceStep(where, absl::StrCat("unpark(", state.trace.Label(cell), ") wakes ",
                                  woken.empty() ? "nobody" : woken));
  }
}

int Choose(int count, Location where) {
  if (count <= 1) return 0;
  const int chosen =
      static_cast<int>(rl::ctx().rand(static_cast<unsigned>(count), rl::sched_type_user));
  if (State().tracing) TraceStep(where, absl::StrCat("choose(", count, ") = ", chosen));
  return chosen;
}

int ThreadIndex() { return rl::ctx().current_thread(); }

int ProcessIndex() { return State().Column(); }

void Past(std::uint32_t* events, int threads) {
  rl::context& context = rl::ctx();
  const rl::thread_info_base& self = *context.threadx_;
  for (int i = 0; i < threads && i < static_cast<int>(context.get_thread_count()); ++i) {
    events[i] = static_cast<std::uint32_t>(self.acq_rel_order_[i]);
  }
}

bool Expired(Deadline deadline, Location where) {
  if (deadline == kNever) return false;
  if (deadline <= Deadline(std::chrono::hours(1))) return true;  // not after Clock::now()
  // Two looks may find time left; then it is over, or a polling loop would never end.
  constexpr int kLooks = 2;
  RunState& state = State();
  RunState::SeenDeadline* entry = nullptr;
  for (auto& seen : state.deadlines) {
    if (seen.deadline == deadline) entry = &seen;
  }
  if (entry == nullptr) {
    state.deadlines.push_back({deadline, false, 0});
    entry = &state.deadlines.back();
  }
  if (!entry->expired) {
    entry->expired = entry->looks++ >= kLooks || rl::ctx().rand(2, rl::sched_type_user) == 1;
  }
  const bool expired = entry->expired;
  if (state.tracing)
    TraceStep(where, expired ? "deadline has expired" : "deadline has not expired");
  return expired;
}

void Step(const char* what, Location where) {
  rl::ctx().sched();
  if (State().tracing) TraceStep(where, what);
}

void* Allocate(std::size_t size, const std::type_info& type) {
  Heap& heap = State().heap;
  if (Heap::Block* block = heap.Reusable(size)) {
    if (!State().threads_running || rl::ctx().rand(2, rl::sched_type_mem_realloc) == 0) {
      return heap.Reuse(block, type);
    }
  }
  return heap.Fresh(size, type);
}

void CheckLive(const void* memory) {
  Heap::Block* block = State().heap.Find(memory);
  if (block == nullptr || !block->live) {
    FailExecution(Verdict::kDoubleFree, "destroy() of an object that is not alive",
                  Location::current());
  }
}

void Release(void* memory) {
  Heap& heap = State().heap;
  heap.Free(heap.Find(memory));
}

}  // namespace heddle::relacy
