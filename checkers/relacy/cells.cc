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
#include "checkers/relacy/trace_step.h"

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

}  // namespace heddle::relacy
