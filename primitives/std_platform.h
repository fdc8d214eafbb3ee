// SPDX-License-Identifier: Apache-2.0
//
// The production platform: std::atomic, plain variables, futex, real clocks and files. Every member
// compiles to what one would have written by hand.
#ifndef HEDDLE_PRIMITIVES_STD_PLATFORM_H_
#define HEDDLE_PRIMITIVES_STD_PLATFORM_H_

#include <sched.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include "primitives/platform.h"
#include "primitives/std_files.h"
#include "primitives/std_futex.h"
#include "primitives/std_shared.h"
#include "primitives/thread_index.h"

#if defined(__SANITIZE_THREAD__)
#define HEDDLE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_TSAN 1
#endif
#endif

namespace heddle {

struct StdPlatform {
  static constexpr bool kExhaustive = false;

  template <class T>
  using Atomic = std::atomic<T>;

  template <class T>
  class Var {
   public:
    Var() = default;
    Var(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    const T& get() const { return value_; }
    void set(T value) { value_ = std::move(value); }
    T take() { return std::move(value_); }

   private:
    T value_;
  };

  static void fence(std::memory_order order) {
#if defined(HEDDLE_TSAN)
    // TSan reports false races around fences. The read-modify-write orders more than the fence
    // does.
    static std::atomic<int> dummy{0};
    (void)order;
    dummy.fetch_add(0, std::memory_order_acq_rel);
#else
    std::atomic_thread_fence(order);
#endif
  }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  static void yield() { sched_yield(); }

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    return futex::Wait(word, value, deadline, FUTEX_PRIVATE_FLAG);
  }

  static void unpark(Atomic<std::uint32_t>* word, int count) {
    futex::Wake(word, count, FUTEX_PRIVATE_FLAG);
  }

  struct Clock {
    static Deadline now() { return std::chrono::steady_clock::now(); }
    static bool expired(Deadline deadline) { return deadline != kNever && now() >= deadline; }
    static std::chrono::system_clock::time_point wall() { return std::chrono::system_clock::now(); }
  };

  class Mutex {
   public:
    void lock() { mutex_.lock(); }
    bool try_lock() { return mutex_.try_lock(); }
    void unlock() { mutex_.unlock(); }

   private:
    std::mutex mutex_;
  };

  class CondVar {
   public:
    void wait(Mutex& mutex) { condition_.wait(mutex); }
    ParkResult wait_until(Mutex& mutex, Deadline deadline) {
      if (deadline == kNever) {
        condition_.wait(mutex);
        return ParkResult::kWoken;
      }
      return condition_.wait_until(mutex, deadline) == std::cv_status::timeout
                 ? ParkResult::kTimedOut
                 : ParkResult::kWoken;
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

   private:
    std::condition_variable_any condition_;
  };

  template <class T, class... Args>
  static T* create(Args&&... args) {
    return new T(std::forward<Args>(args)...);
  }
  template <class T>
  static void destroy(T* pointer) {
    delete pointer;
  }

  static int choose(int count) {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_int_distribution<int>(0, count - 1)(generator);
  }

  static constexpr int kMaxThreads = ThreadIndex::kMax;
  static int thread_index() { return ThreadIndex::get(); }

  template <class T>
  class PerThread {
   public:
    T& local() { return slots_[static_cast<std::size_t>(thread_index())].value; }

   private:
    struct alignas(kCacheLine) Slot {
      T value{};
    };
    std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(kMaxThreads);
  };

  using Files = StdFiles;
  using Shared = StdShared;
};

static_assert(RobustPlatform<StdPlatform>);
static_assert(sizeof(StdPlatform::Atomic<std::uint32_t>) == 4, "the kernel waits on four bytes");

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_STD_PLATFORM_H_
