// SPDX-License-Identifier: Apache-2.0
//
// StressPlatform::Atomic.
#ifndef HEDDLE_STRESS_STRESS_ATOMIC_H_
#define HEDDLE_STRESS_STRESS_ATOMIC_H_

#include <atomic>
#include <concepts>
#include <cstdint>

#include "stress/context.h"
#include "stress/hooks.h"

namespace heddle {
struct StressPlatform;
}

namespace heddle::stress {

template <class T>
class Atomic {
 public:
  Atomic(Location /*where*/ = Location::current()) {}                           // NOLINT
  Atomic(T value, Location /*where*/ = Location::current()) : value_(value) {}  // NOLINT

  T load(std::memory_order order, Location where = Location::current()) const {
    Before("load", this, where);
    return Result(value_.load(order));
  }
  void store(T value, std::memory_order order, Location where = Location::current()) {
    Before("store", this, where);
    value_.store(value, order);
  }
  T exchange(T value, std::memory_order order, Location where = Location::current()) {
    Before("exchange", this, where);
    return Result(value_.exchange(value, order));
  }
  T fetch_add(T value, std::memory_order order, Location where = Location::current())
    requires std::integral<T>
  {
    Before("fetch_add", this, where);
    return Result(value_.fetch_add(value, order));
  }
  T fetch_sub(T value, std::memory_order order, Location where = Location::current())
    requires std::integral<T>
  {
    Before("fetch_sub", this, where);
    return Result(value_.fetch_sub(value, order));
  }
  T fetch_and(T value, std::memory_order order, Location where = Location::current())
    requires std::integral<T>
  {
    Before("fetch_and", this, where);
    return Result(value_.fetch_and(value, order));
  }
  T fetch_or(T value, std::memory_order order, Location where = Location::current())
    requires std::integral<T>
  {
    Before("fetch_or", this, where);
    return Result(value_.fetch_or(value, order));
  }
  T fetch_xor(T value, std::memory_order order, Location where = Location::current())
    requires std::integral<T>
  {
    Before("fetch_xor", this, where);
    return Result(value_.fetch_xor(value, order));
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, Location where = Location::current()) {
    Before("compare_exchange_weak", this, where);
    if (Spurious()) {
      expected = Result(value_.load(failure));
      return false;
    }
    const bool done = value_.compare_exchange_weak(expected, desired, success, failure);
    Result(expected);  // what it has read
    return done;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Location where = Location::current()) {
    Before("compare_exchange_strong", this, where);
    const bool done = value_.compare_exchange_strong(expected, desired, success, failure);
    Result(expected);  // what it has read
    return done;
  }
  void wait(T old, std::memory_order order, Location where = Location::current()) const {
    Before("wait", this, where);
    value_.wait(old, order);
  }
  void notify_one(Location where = Location::current()) {
    Before("notify_one", where);
    value_.notify_one();
  }
  void notify_all(Location where = Location::current()) {
    Before("notify_all", where);
    value_.notify_all();
  }

 private:
  friend struct heddle::StressPlatform;
  std::atomic<T> value_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_STRESS_ATOMIC_H_
