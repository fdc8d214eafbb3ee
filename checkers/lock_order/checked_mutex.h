// SPDX-License-Identifier: Apache-2.0
//
// Wrappers that show the lock-order analyzer any mutex, under a name and a level:
//
//   inline const heddle::LockClass kAccounts("accounts", /*level=*/20);
//   heddle::CheckedMutex<SpinLock> mutex(kAccounts);
//
// They are as standard mutexes are: std::lock_guard, std::unique_lock, std::scoped_lock,
// std::shared_lock work, and try and timed functions exist where M has them. Without the analyzer
// an operation costs a test of a pointer more than M's own.
//
// For mutexes that the analyzer does not see by itself. A wrapped std::mutex is seen twice.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_CHECKED_MUTEX_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_CHECKED_MUTEX_H_

#include <utility>

#include "checkers/lock_order/heddle_lock_order.h"

namespace heddle {

// A set of locks that are alike. The name must outlive the class: a string literal.
class LockClass {
 public:
  static constexpr int kNoLevel = -1;

  // How locks of the class nest in each other.
  enum class Nesting {
    kUnordered,
    kByAddress,  // smaller addresses outside
  };

  // `level`: locks of greater levels nest inside locks of smaller ones, never the other way round.
  explicit constexpr LockClass(const char* name, int level = kNoLevel,
                               Nesting nesting = Nesting::kUnordered)
      : name_(name), level_(level), nesting_(nesting) {}
  constexpr LockClass(const char* name, Nesting nesting) : LockClass(name, kNoLevel, nesting) {}

  constexpr const char* name() const { return name_; }
  constexpr int level() const { return level_; }
  constexpr Nesting nesting() const { return nesting_; }

 private:
  const char* name_;
  int level_;
  Nesting nesting_;
};

template <class M>
class CheckedMutex {
 public:
  CheckedMutex() { heddle_lock_create(this, nullptr, HEDDLE_LOCK_PLAIN); }
  // The rest goes to M's constructor.
  template <class... Args>
  explicit CheckedMutex(const LockClass& lock_class, Args&&... args)
      : mutex_(std::forward<Args>(args)...) {
    announce(lock_class, HEDDLE_LOCK_PLAIN);
  }
  ~CheckedMutex() { heddle_lock_destroy(this); }
  CheckedMutex(const CheckedMutex&) = delete;
  CheckedMutex& operator=(const CheckedMutex&) = delete;

  void lock() {
    heddle_lock_acquiring(this, HEDDLE_LOCK_EXCLUSIVE);
    mutex_.lock();
    heddle_lock_acquired(this, HEDDLE_LOCK_EXCLUSIVE);
  }

  bool try_lock()
    requires requires(M m) { m.try_lock(); }
  {
    const bool locked = mutex_.try_lock();
    if (locked) heddle_lock_acquired(this, HEDDLE_LOCK_TRY);
    return locked;
  }

  template <class Duration>
  bool try_lock_for(const Duration& duration)
    requires requires(M m) { m.try_lock_for(duration); }
  {
    return timed(HEDDLE_LOCK_TIMED, [&] { return mutex_.try_lock_for(duration); });
  }

  template <class Deadline>
  bool try_lock_until(const Deadline& deadline)
    requires requires(M m) { m.try_lock_until(deadline); }
  {
    return timed(HEDDLE_LOCK_TIMED, [&] { return mutex_.try_lock_until(deadline); });
  }

  void unlock() {
    heddle_lock_released(this);
    mutex_.unlock();
  }

  void assert_held() const { heddle_assert_held(this); }
  void assert_not_held() const { heddle_assert_not_held(this); }

  M& wrapped() { return mutex_; }

 protected:
  struct ReaderWriter {};
  explicit CheckedMutex(ReaderWriter) {
    heddle_lock_create(this, nullptr, HEDDLE_LOCK_READER_WRITER);
  }
  template <class... Args>
  CheckedMutex(ReaderWriter, const LockClass& lock_class, Args&&... args)
      : mutex_(std::forward<Args>(args)...) {
    announce(lock_class, HEDDLE_LOCK_READER_WRITER);
  }

  template <class Operation>
  bool timed(unsigned flags, Operation operation) {
    heddle_lock_acquiring(this, flags);
    const bool locked = operation();
    if (locked) {
      heddle_lock_acquired(this, flags);
    } else {
      heddle_lock_not_acquired(this, flags);
    }
    return locked;
  }

  M mutex_;

 private:
  void announce(const LockClass& lock_class, unsigned kind) {
    if (lock_class.nesting() == LockClass::Nesting::kByAddress) kind |= HEDDLE_LOCK_BY_ADDRESS;
    heddle_lock_create(this, lock_class.name(), kind);
    if (lock_class.level() != LockClass::kNoLevel) {
      heddle_lock_set_level(this, static_cast<unsigned>(lock_class.level()));
    }
  }
};

template <class M>
class CheckedSharedMutex : public CheckedMutex<M> {
  using Base = CheckedMutex<M>;

 public:
  CheckedSharedMutex() : Base(typename Base::ReaderWriter{}) {}
  template <class... Args>
  explicit CheckedSharedMutex(const LockClass& lock_class, Args&&... args)
      : Base(typename Base::ReaderWriter{}, lock_class, std::forward<Args>(args)...) {}

  void lock_shared() {
    heddle_lock_acquiring(this, HEDDLE_LOCK_SHARED);
    this->mutex_.lock_shared();
    heddle_lock_acquired(this, HEDDLE_LOCK_SHARED);
  }

  bool try_lock_shared()
    requires requires(M m) { m.try_lock_shared(); }
  {
    const bool locked = this->mutex_.try_lock_shared();
    if (locked) heddle_lock_acquired(this, HEDDLE_LOCK_SHARED | HEDDLE_LOCK_TRY);
    return locked;
  }

  template <class Duration>
  bool try_lock_shared_for(const Duration& duration)
    requires requires(M m) { m.try_lock_shared_for(duration); }
  {
    return this->timed(HEDDLE_LOCK_SHARED | HEDDLE_LOCK_TIMED,
                       [&] { return this->mutex_.try_lock_shared_for(duration); });
  }

  template <class Deadline>
  bool try_lock_shared_until(const Deadline& deadline)
    requires requires(M m) { m.try_lock_shared_until(deadline); }
  {
    return this->timed(HEDDLE_LOCK_SHARED | HEDDLE_LOCK_TIMED,
                       [&] { return this->mutex_.try_lock_shared_until(deadline); });
  }

  void unlock_shared() {
    heddle_lock_released(this);
    this->mutex_.unlock_shared();
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_CHECKED_MUTEX_H_
