// SPDX-License-Identifier: Apache-2.0
//
// StressPlatform::Var.
#ifndef HEDDLE_STRESS_STRESS_VAR_H_
#define HEDDLE_STRESS_STRESS_VAR_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "checkers/scenario/verdict.h"
#include "stress/context.h"
#include "stress/hooks.h"

namespace heddle::stress {

// Sees overlapping accesses to a plain variable, without ordering them. The number is even when
// nobody writes. An access that sees it odd, or changed, began before a write ended and ended after
// that write began. Had the two been ordered by happens-before, coherence would have shown the
// later one both ends of the earlier: so they are a data race.
class OverlapDetector {
 public:
  explicit OverlapDetector(bool initialized) : turn_(initialized ? 2 : 0) {}
  OverlapDetector(const OverlapDetector&) = delete;
  OverlapDetector& operator=(const OverlapDetector&) = delete;

  void Read(ThreadContext& self, Location where) const {
    const std::uint32_t before = turn_.load(std::memory_order_relaxed);
    self.noise().Point();
    const std::uint32_t after = turn_.load(std::memory_order_relaxed);
    if (before % 2 != 0 || before != after) {
      Fail(Verdict::kRace, "a read while another thread writes", where);
    } else if (before == 0) {
      Fail(Verdict::kUninitialized, "a read of a variable that nobody has written", where);
    }
  }

  template <class Action>
  void Write(ThreadContext& self, Location where, Action write) {
    const std::uint32_t before = turn_.load(std::memory_order_relaxed);
    turn_.store(before | 1, std::memory_order_relaxed);
    write();
    self.noise().Point();
    const bool alone = before % 2 == 0 && turn_.load(std::memory_order_relaxed) == (before | 1);
    turn_.store((before | 1) + 1, std::memory_order_relaxed);
    if (!alone) Fail(Verdict::kRace, "a write while another thread writes", where);
  }

 private:
  std::atomic<std::uint32_t> turn_;
};

#if defined(HEDDLE_TSAN)
// A plain variable: ThreadSanitizer sees its races.
template <class T>
class Var {
 public:
  Var(Location /*where*/ = Location::current()) {}                                      // NOLINT
  Var(T value, Location /*where*/ = Location::current()) : value_(std::move(value)) {}  // NOLINT

  const T& get(Location where = Location::current()) const {
    Before("get", this, where);
    Touch();
    return value_;
  }
  void set(T value, Location where = Location::current()) {
    Before("set", this, where);
    value_ = std::move(value);
  }
  T take(Location where = Location::current()) {
    Before("take", this, where);
    return std::move(value_);
  }

 private:
  // The caller may not look at what get() returns, or look when it has lost the right to.
  void Touch() const {
    static_cast<void>(*reinterpret_cast<const volatile unsigned char*>(&value_));
  }

  T value_{};
};
#else
template <class T>
class Var {
 public:
  Var(Location /*where*/ = Location::current()) : overlap_(false) {}  // NOLINT
  Var(T value, Location /*where*/ = Location::current())              // NOLINT
      : value_(std::move(value)), overlap_(true) {}

  const T& get(Location where = Location::current()) const {
    if (ThreadContext* self = ThreadContext::Current()) {
      self->Before("get", this, where);
      overlap_.Read(*self, where);
    }
    return value_;
  }
  void set(T value, Location where = Location::current()) {
    Write("set", where, [&] { value_ = std::move(value); });
  }
  T take(Location where = Location::current()) {
    T result{};
    Write("take", where, [&] { result = std::move(value_); });
    return result;
  }

 private:
  template <class Action>
  void Write(const char* name, Location where, Action action) {
    if (ThreadContext* self = ThreadContext::Current()) {
      self->Before(name, this, where);
      overlap_.Write(*self, where, action);
    } else {
      action();
    }
  }

  T value_{};
  OverlapDetector overlap_;
};
#endif

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_STRESS_VAR_H_
