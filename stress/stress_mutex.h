// SPDX-License-Identifier: Apache-2.0
//
// StressPlatform::Mutex and StressPlatform::CondVar.
#ifndef HEDDLE_STRESS_STRESS_MUTEX_H_
#define HEDDLE_STRESS_STRESS_MUTEX_H_

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "checkers/scenario/verdict.h"
#include "primitives/platform.h"
#include "stress/context.h"
#include "stress/hooks.h"

namespace heddle::stress {

class CondVar;

class Mutex {
 public:
  Mutex() = default;
  ~Mutex() {
    if (owner_.load(std::memory_order_relaxed) != nullptr) {
      Stop(Verdict::kDestroyedInUse, "a mutex is destroyed while it is locked",
           Location::current());
    }
  }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock(Location where = Location::current()) {
    Before("Mutex::lock", this, where);
    if (owner_.load(std::memory_order_relaxed) == Self()) {
      Stop(Verdict::kDeadlock, "a thread locks a mutex that it holds already", where);
    }
    ThreadContext* const self = ThreadContext::Current();
    if (self != nullptr) self->log().Open();
    mutex_.lock();
    if (self != nullptr) self->log().Close();
    owner_.store(Self(), std::memory_order_relaxed);
  }
  bool try_lock(Location where = Location::current()) {
    Before("Mutex::try_lock", this, where);
    // std::mutex leaves trying one's own mutex undefined.
    if (owner_.load(std::memory_order_relaxed) == Self()) return Result(false);
    if (!mutex_.try_lock()) return Result(false);
    owner_.store(Self(), std::memory_order_relaxed);
    return Result(true);
  }
  void unlock(Location where = Location::current()) {
    Before("Mutex::unlock", this, where);
    Disown(where);
    mutex_.unlock();
  }

 private:
  friend class CondVar;

  static const void* Self() {
    thread_local const char self = 0;
    return &self;
  }
  void Disown(Location where) {
    if (owner_.load(std::memory_order_relaxed) != Self()) {
      Stop(Verdict::kBadUnlock, "a thread unlocks a mutex that it does not hold", where);
    }
    owner_.store(nullptr, std::memory_order_relaxed);
  }

  std::mutex mutex_;
  // Only ever equal to Self() in the thread that holds the mutex, so relaxed suffices.
  std::atomic<const void*> owner_{nullptr};
};

class CondVar {
 public:
  void wait(Mutex& mutex, Location where = Location::current()) {
    Before("CondVar::wait", this, where);
    Wait(mutex, kNever, where);
  }
  ParkResult wait_until(Mutex& mutex, Deadline deadline, Location where = Location::current()) {
    Before("CondVar::wait_until", this, where);
    return Wait(mutex, Moved(deadline), where);
  }
  void notify_one(Location where = Location::current()) {
    Before("CondVar::notify_one", this, where);
    condition_.notify_one();
  }
  void notify_all(Location where = Location::current()) {
    Before("CondVar::notify_all", this, where);
    condition_.notify_all();
  }

 private:
  ParkResult Wait(Mutex& mutex, Deadline deadline, Location where) {
    mutex.Disown(where);
    std::unique_lock<std::mutex> hold(mutex.mutex_, std::adopt_lock);
    ParkResult result = ParkResult::kWoken;
    if (Spurious()) {
      hold.unlock();
      hold.lock();
    } else if (deadline == kNever) {
      condition_.wait(hold);
    } else if (condition_.wait_until(hold, deadline) == std::cv_status::timeout) {
      result = ParkResult::kTimedOut;
    }
    hold.release();
    mutex.owner_.store(Mutex::Self(), std::memory_order_relaxed);
    return Result(result);
  }

  std::condition_variable condition_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_STRESS_MUTEX_H_
