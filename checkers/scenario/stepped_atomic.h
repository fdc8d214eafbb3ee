// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_
#define HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_

#include <atomic>
#include <source_location>

namespace heddle {

// An atomic whose every operation that changes it is a step: Stepper::step(where) comes first. To
// die before a load is to die before what comes after it.
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
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where where = Where::current()) {
    Stepper::step(where);
    if constexpr (requires(Base& base) {
                    base.compare_exchange_strong(expected, desired, success, failure, where);
                  }) {
      return Base::compare_exchange_strong(expected, desired, success, failure, where);
    } else {
      return Base::compare_exchange_strong(expected, desired, success, failure);
    }
  }
#define HEDDLE_STEPPED(operation)                                                  \
  T operation(T value, std::memory_order order, Where where = Where::current()) {  \
    Stepper::step(where);                                                          \
    if constexpr (requires(Base& base) { base.operation(value, order, where); }) { \
      return Base::operation(value, order, where);                                 \
    } else {                                                                       \
      return Base::operation(value, order);                                        \
    }                                                                              \
  }                                                                                \
  static_assert(true)
  HEDDLE_STEPPED(exchange);
  HEDDLE_STEPPED(fetch_add);
  HEDDLE_STEPPED(fetch_sub);
  HEDDLE_STEPPED(fetch_and);
#undef HEDDLE_STEPPED
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_STEPPED_ATOMIC_H_
