// SPDX-License-Identifier: Apache-2.0
#include "checkers/relacy/cells.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <typeinfo>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/relacy/relacy_headers.h"
#include "checkers/relacy/run_state.h"

namespace heddle::relacy {
namespace {

// The value type of rl::atomic. Besides the value it carries the identity of the store that wrote
// it, so that a load can say which store it saw; only the value takes part in comparisons.
struct Word {
  std::uint64_t value = 0;
  std::uint64_t store = 0;
  std::uint8_t bytes = 8;

  Word() = default;
  Word(int zero) : value(static_cast<std::uint64_t>(zero)) {}  // NOLINT: rl::var assigns 0
  Word(std::uint64_t v, std::uint64_t id, std::uint8_t width) : value(v), store(id), bytes(width) {
    if (bytes < 8) value &= (std::uint64_t{1} << (8 * bytes)) - 1;
  }
  friend bool operator==(const Word& a, const Word& b) { return a.value == b.value; }
  // The right-hand side is the argument of a read-modify-write: it names the new store.
  friend Word operator+(const Word& a, const Word& b) {
    return {a.value + b.value, b.store, b.bytes};
  }
  friend Word operator-(const Word& a, const Word& b) {
    return {a.value - b.value, b.store, b.bytes};
  }
  friend Word operator&(const Word& a, const Word& b) {
    return {a.value & b.value, b.store, b.bytes};
  }
  friend Word operator|(const Word& a, const Word& b) {
    return {a.value | b.value, b.store, b.bytes};
  }
  friend Word operator^(const Word& a, const Word& b) {
    return {a.value ^ b.value, b.store, b.bytes};
  }
  friend std::ostream& operator<<(std::ostream& out, const Word& word) { return out << word.value; }
};

struct Atomic {
  rl::atomic<Word> atomic;
  Word newest;
  ValueKind kind;
};

rl::memory_order Order(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
      return rl::mo_consume;
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    case std::memory_order_seq_cst:
      return rl::mo_seq_cst;
  }
  return rl::mo_seq_cst;
}

rl::debug_info Info(Location where) {
  return {where.function_name(), where.file_name(), where.line()};
}

Atomic& Get(const unsigned char* storage) {
  return *reinterpret_cast<Atomic*>(const_cast<unsigned char*>(storage));
}

rl::var<int>& GetVar(const unsigned char* storage) {
  return *reinterpret_cast<rl::var<int>*>(const_cast<unsigned char*>(storage));
}

std::string_view RmwName(Rmw operation) {
  switch (operation) {
    case Rmw::kExchange:
      return "exchange";
    case Rmw::kAdd:
      return "fetch_add";
    case Rmw::kSub:
      return "fetch_sub";
    case Rmw::kAnd:
      return "fetch_and";
    case Rmw::kOr:
      return "fetch_or";
    case Rmw::kXor:
      return "fetch_xor";
  }
  return "?";
}

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

int TraceStep(Location where, std::string text) {
  RunState& state = State();
  return state.trace.Add(state.Column(), where, std::move(text));
}

// What follows a value that was read: nothing when it was the newest.
std::string Origin(const Word& seen, const Word& newest) {
  if (seen.store == newest.store) return "";
  const Trace& trace = State().trace;
  const int from = trace.StoreStep(seen.store);
  return absl::StrCat(
      "  [stale: ", from == 0 ? "the initial value" : absl::StrCat("stored by step ", from),
      "; newest is step ", trace.StoreStep(newest.store), "]");
}

}  // namespace

AtomicCell::AtomicCell(ValueKind kind, Location where) {
  static_assert(sizeof(Atomic) <= sizeof(storage_) && alignof(Atomic) <= 16);
  auto* atomic = new (storage_) Atomic();
  atomic->kind = kind;
  atomic->newest.bytes = kind.bytes;
  if (State().tracing) State().trace.Declare(this, 'A', "atomic, uninitialized,", where);
}

AtomicCell::AtomicCell(ValueKind kind, std::uint64_t value, Location where) {
  Atomic& atomic = *new (storage_) Atomic();
  atomic.kind = kind;
  RunState& state = State();
  const Word word(value, ++state.last_store, kind.bytes);
  // Nobody else knows the object yet: a scheduling point here would only multiply executions.
  rl::ctx().disable_preemption();
  atomic.atomic(Info(where)).store(word, rl::mo_relaxed);
  rl::ctx().enable_preemption();
  atomic.newest = word;
  if (state.tracing) {
    state.trace.Declare(this, 'A', absl::StrCat("atomic = ", FormatValue(kind, value)), where);
  }
}

AtomicCell::~AtomicCell() { Get(storage_).~Atomic(); }

std::uint64_t AtomicCell::Newest() const { return Get(storage_).newest.value; }

std::uint64_t AtomicCell::Load(std::memory_order order, Location where) const {
  Atomic& atomic = Get(storage_);
  const Word seen = atomic.atomic(Info(where)).load(Order(order));
  RunState& state = State();
  if (state.tracing) {
    TraceStep(where, absl::StrCat(state.trace.Label(this), ".load(", Abseil(OrderName(order)),
                                  ") = ", FormatValue(atomic.kind, seen.value),
                                  Origin(seen, atomic.newest)));
  }
  return seen.value;
}

void AtomicCell::Store(std::uint64_t value, std::memory_order order, Location where) {
  Atomic& atomic = Get(storage_);
  RunState& state = State();
  const Word word(value, ++state.last_store, atomic.kind.bytes);
  atomic.atomic(Info(where)).store(word, Order(order));
  atomic.newest = word;
  if (state.tracing) {
    state.trace.RecordStore(word.store,
                            TraceStep(where, absl::StrCat(state.trace.Label(this), ".store(",
                                                          FormatValue(atomic.kind, value), ", ",
                                                          Abseil(OrderName(order)), ")")));
  }
}

std::uint64_t AtomicCell::Modify(Rmw operation, std::uint64_t argument, std::memory_order order,
                                 Location where) {
  Atomic& atomic = Get(storage_);
  RunState& state = State();
  const Word word(argument, ++state.last_store, atomic.kind.bytes);
  auto proxy = atomic.atomic(Info(where));
  const rl::memory_order mo = Order(order);
  Word old;
  Word now = word;
  switch (operation) {
    case Rmw::kExchange:
      old = proxy.exchange(word, mo);
      break;
    case Rmw::kAdd:
      old = proxy.fetch_add(word, mo);
      now = old + word;
      break;
    case Rmw::kSub:
      old = proxy.fetch_sub(word, mo);
      now = old - word;
      break;
    case Rmw::kAnd:
      old = proxy.fetch_and(word, mo);
      now = old & word;
      break;
    case Rmw::kOr:
      old = proxy.fetch_or(word, mo);
      now = old | word;
      break;
    case Rmw::kXor:
      old = proxy.fetch_xor(word, mo);
      now = old ^ word;
      break;
  }
  atomic.newest = now;
  if (state.tracing) {
    state.trace.RecordStore(
        word.store,
        TraceStep(where,
                  absl::StrCat(state.trace.Label(this), ".", Abseil(RmwName(operation)), "(",
                               FormatValue(atomic.kind, argument), ", ", Abseil(OrderName(order)),
                               ") = ", FormatValue(atomic.kind, old.value), ", now ",
                               FormatValue(atomic.kind, now.value))));
  }
  return old.value;
}

bool AtomicCell::CompareExchange(std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failure, bool weak,
                                 Location where) {
  // Relacy answers `false` without doing anything for a failure order that is stronger than the
  // success order, which C++17 allows.
  const bool representable =
      failure == std::memory_order_relaxed ||
      (failure == std::memory_order_acquire &&
       (success == std::memory_order_acquire || success == std::memory_order_acq_rel ||
        success == std::memory_order_seq_cst)) ||
      (failure == std::memory_order_seq_cst && success == std::memory_order_seq_cst);
  if (!representable) {
    FailExecution(Verdict::kError,
                  absl::StrCat("Relacy cannot express compare_exchange(",
                               Abseil(OrderName(success)), ", ", Abseil(OrderName(failure)), ")"),
                  where);
  }
  Atomic& atomic = Get(storage_);
  RunState& state = State();
  const Word word(desired, ++state.last_store, atomic.kind.bytes);
  Word seen(expected, 0, atomic.kind.bytes);
  auto proxy = atomic.atomic(Info(where));
  const bool done = weak
                        ? proxy.compare_exchange_weak(seen, word, Order(success), Order(failure))
                        : proxy.compare_exchange_strong(seen, word, Order(success), Order(failure));
  if (state.tracing) {
    const int step = TraceStep(
        where,
        absl::StrCat(state.trace.Label(this), weak ? ".cas_weak(" : ".cas(",
                     FormatValue(atomic.kind, expected), " -> ", FormatValue(atomic.kind, desired),
                     ", ", Abseil(OrderName(success)), ")",
                     done ? " succeeds"
                     : seen.value == expected
                         ? " fails spuriously"
                         : absl::StrCat(" fails, found ", FormatValue(atomic.kind, seen.value))));
    if (done) state.trace.RecordStore(word.store, step);
  }
  if (done) {
    atomic.newest = word;
  } else {
    expected = seen.value;
  }
  return done;
}

VarCell::VarCell(bool initialized, Location where) {
  static_assert(sizeof(rl::var<int>) <= sizeof(storage_) && alignof(rl::var<int>) <= 16);
  if (initialized) {
    new (storage_) rl::var<int>(0);
  } else {
    new (storage_) rl::var<int>();
  }
  if (State().tracing) {
    State().trace.Declare(this, 'V', initialized ? "variable" : "variable, uninitialized,", where);
  }
}

VarCell::~VarCell() { GetVar(storage_).~var(); }

void VarCell::Read(Location where) const {
  // Written before the check, so that the racing access itself is the last line of the trace.
  RunState& state = State();
  if (state.tracing) state.message = absl::StrCat("read of ", state.trace.Label(this));
  GetVar(storage_)(Info(where)).load();
}

void VarCell::Write(Location where) const {
  RunState& state = State();
  if (state.tracing) state.message = absl::StrCat("write of ", state.trace.Label(this));
  GetVar(storage_)(Info(where)).store(0);
}

void VarCell::Note(bool write, const char* text, ValueKind kind, std::uint64_t word,
                   Location where) const {
  (void)write;
  RunState& state = State();
  state.message.clear();
  TraceStep(where,
            absl::StrCat(state.trace.Label(this), ".", text, "() ", FormatValue(kind, word)));
}

bool VarCell::Tracing() { return State().tracing; }

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
