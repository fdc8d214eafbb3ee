// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_
#define HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_

#include <atomic>
#include <source_location>
#include <utility>

namespace heddle {

// An atomic whose every operation that changes it is a step: Stepper::step(where) comes first, and
// Stepper::wrote(address, value), where there is such a function, after each that wrote. To die
// before a load is to die before what comes after it.
template <class Base, class T, class Stepper>
class SteppedAtomic : public Base {
  using Where = std::source_location;

 public:
  using Base::Base;

  T load(std::memory_order order, Where where = Where::current()) const {
    if constexpr (requires(const Base& base) { base.load(order, where); }) {
      return Base::load(order, where);
    } else {
      return Base::load(order);
    }
  }
  void store(T value, std::memory_order order, Where where = Where::current()) {
    Stepper::step(where);
    if constexpr (requires(Base& base) { base.store(value, order, where); }) {
      Base::store(value, order, where);
    } else {
      Base::store(value, order);
    }
    Wrote(value);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where where = Where::current()) {
    Stepper::step(where);
    bool done = false;
    if constexpr (requires(Base& base) {
                    base.compare_exchange_strong(expected, desired, success, failure, where);
                  }) {
      done = Base::compare_exchange_strong(expected, desired, success, failure, where);
    } else {
      done = Base::compare_exchange_strong(expected, desired, success, failure);
    }
    if (done) Wrote(desired);
    return done;
  }
#define HEDDLE_STEPPED(operation, after)                                           \
  T operation(T value, std::memory_order order, Where where = Where::current()) {  \
    Stepper::step(where);                                                          \
    T old;                                                                         \
    if constexpr (requires(Base& base) { base.operation(value, order, where); }) { \
      old = Base::operation(value, order, where);                                  \
    } else {                                                                       \
      old = Base::operation(value, order);                                         \
    }                                                                              \
    Wrote(static_cast<T>(after));                                                  \
    return old;                                                                    \
  }                                                                                \
  static_assert(true)
  HEDDLE_STEPPED(exchange, value);
  HEDDLE_STEPPED(fetch_add, old + value);
  HEDDLE_STEPPED(fetch_sub, old - value);
  HEDDLE_STEPPED(fetch_and, old& value);
#undef HEDDLE_STEPPED

 private:
  void Wrote(T value) const {
    if constexpr (requires { Stepper::wrote(this, value); }) Stepper::wrote(this, value);
  }
};

// Likewise a Platform::Var.
template <class Base, class T, class Stepper>
class SteppedVar : public Base {
  using Where = std::source_location;

 public:
  using Base::Base;

  void set(T value, Where where = Where::current()) {
    Stepper::step(where);
    if constexpr (requires(Base& base) { base.set(std::move(value), where); }) {
      Base::set(std::move(value), where);
    } else {
      Base::set(std::move(value));
    }
    if constexpr (requires { Stepper::wrote(); }) Stepper::wrote();
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_
