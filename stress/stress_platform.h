// SPDX-License-Identifier: Apache-2.0
//
// The platform on real threads: StdPlatform, with a hook before every operation (noise.h), memory
// that tells use after free, and checks that need no order between threads. Nothing here
// synchronizes beyond what the scenario asked for, so ThreadSanitizer and the processor see the
// scenario's own races.
#ifndef HEDDLE_STRESS_STRESS_PLATFORM_H_
#define HEDDLE_STRESS_STRESS_PLATFORM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <source_location>
#include <typeinfo>
#include <utility>

#include "checkers/scenario/description.h"
#include "checkers/scenario/sim_files.h"
#include "checkers/scenario/sim_shared.h"
#include "checkers/scenario/verdict.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"
#include "stress/context.h"
#include "stress/stress_shared.h"

namespace heddle {

namespace stress {

inline void Before(const char* name, const void* address, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Before(name, address, where);
}
inline void Before(const char* name, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Before(name, where);
}
inline void Waits(const char* name, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Waits(name, where);
}
inline bool Spurious() {
  ThreadContext* self = ThreadContext::Current();
  return self != nullptr && self->noise().Spurious();
}
inline Deadline Moved(Deadline deadline) {
  ThreadContext* self = ThreadContext::Current();
  return self == nullptr ? deadline : self->instance().deadlines.Moved(deadline);
}
// As Fail(), but the thread goes no further.
inline void Stop(Verdict verdict, const char* message, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Stop(verdict, message, where);
  Fail(verdict, message, where);
}

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

}  // namespace stress

// The simulated files are one plain structure: only engines that run one thread at a time have
// them.
struct StressFileHooks {
  static void step(const char* /*operation*/, std::source_location where) {
    stress::Stop(
        Verdict::kError,
        "files are simulated under exhaustive engines only: give the scenario a kStress.skip",
        where);
  }
  static void wait(std::source_location /*where*/) { StdPlatform::yield(); }
  static int choose(int /*count*/) { return 0; }
  static int thread_index() { return -1; }
};

struct StressPlatform {
  static constexpr bool kExhaustive = false;
  static constexpr int kMaxThreads = 8;

  using Location = std::source_location;

  template <class T>
  class Atomic {
   public:
    Atomic(Location /*where*/ = Location::current()) {}                           // NOLINT
    Atomic(T value, Location /*where*/ = Location::current()) : value_(value) {}  // NOLINT

    T load(std::memory_order order, Location where = Location::current()) const {
      stress::Before("load", this, where);
      return value_.load(order);
    }
    void store(T value, std::memory_order order, Location where = Location::current()) {
      stress::Before("store", this, where);
      value_.store(value, order);
    }
    T exchange(T value, std::memory_order order, Location where = Location::current()) {
      stress::Before("exchange", this, where);
      return value_.exchange(value, order);
    }
    T fetch_add(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      stress::Before("fetch_add", this, where);
      return value_.fetch_add(value, order);
    }
    T fetch_sub(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      stress::Before("fetch_sub", this, where);
      return value_.fetch_sub(value, order);
    }
    T fetch_and(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      stress::Before("fetch_and", this, where);
      return value_.fetch_and(value, order);
    }
    T fetch_or(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      stress::Before("fetch_or", this, where);
      return value_.fetch_or(value, order);
    }
    T fetch_xor(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      stress::Before("fetch_xor", this, where);
      return value_.fetch_xor(value, order);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Location where = Location::current()) {
      stress::Before("compare_exchange_weak", this, where);
      if (stress::Spurious()) {
        expected = value_.load(failure);
        return false;
      }
      return value_.compare_exchange_weak(expected, desired, success, failure);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure, Location where = Location::current()) {
      stress::Before("compare_exchange_strong", this, where);
      return value_.compare_exchange_strong(expected, desired, success, failure);
    }
    void wait(T old, std::memory_order order, Location where = Location::current()) const {
      stress::Before("wait", this, where);
      value_.wait(old, order);
    }
    void notify_one(Location where = Location::current()) {
      stress::Before("notify_one", where);
      value_.notify_one();
    }
    void notify_all(Location where = Location::current()) {
      stress::Before("notify_all", where);
      value_.notify_all();
    }

   private:
    friend struct StressPlatform;
    std::atomic<T> value_;
  };

#if defined(HEDDLE_TSAN)
  // A plain variable: ThreadSanitizer sees its races.
  template <class T>
  class Var {
   public:
    Var(Location /*where*/ = Location::current()) {}                                      // NOLINT
    Var(T value, Location /*where*/ = Location::current()) : value_(std::move(value)) {}  // NOLINT

    const T& get(Location where = Location::current()) const {
      stress::Before("get", this, where);
      Touch();
      return value_;
    }
    void set(T value, Location where = Location::current()) {
      stress::Before("set", this, where);
      value_ = std::move(value);
    }
    T take(Location where = Location::current()) {
      stress::Before("take", this, where);
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
      if (stress::ThreadContext* self = stress::ThreadContext::Current()) {
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
      if (stress::ThreadContext* self = stress::ThreadContext::Current()) {
        self->Before(name, this, where);
        overlap_.Write(*self, where, action);
      } else {
        action();
      }
    }

    T value_{};
    stress::OverlapDetector overlap_;
  };
#endif

  static void fence(std::memory_order order, Location where = Location::current()) {
    stress::Before("fence", where);
    StdPlatform::fence(order);
  }
  static void pause(Location where = Location::current()) {
    stress::Waits("pause", where);
    // The thread waited for may need this one's processor: there are often more threads than those.
    thread_local int turns = 0;
    if (++turns % 64 == 0) {
      StdPlatform::yield();
    } else {
      StdPlatform::pause();
    }
  }
  static void yield(Location where = Location::current()) {
    stress::Waits("yield", where);
    StdPlatform::yield();
  }

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline,
                         Location where = Location::current()) {
    stress::Before("park", word, where);
    if (stress::Spurious()) return ParkResult::kWoken;
    return StdPlatform::park(&word->value_, value, stress::Moved(deadline));
  }
  static void unpark(Atomic<std::uint32_t>* word, int count, Location where = Location::current()) {
    stress::Before("unpark", where);
    StdPlatform::unpark(&word->value_, count);
  }

  struct Clock {
    static Deadline now() { return StdPlatform::Clock::now(); }
    static bool expired(Deadline deadline, Location where = Location::current()) {
      stress::Before("expired", where);
      return StdPlatform::Clock::expired(stress::Moved(deadline));
    }
    static std::chrono::system_clock::time_point wall() { return StdPlatform::Clock::wall(); }
  };

  class CondVar;

  class Mutex {
   public:
    Mutex() = default;
    ~Mutex() {
      if (owner_.load(std::memory_order_relaxed) != nullptr) {
        stress::Stop(Verdict::kDestroyedInUse, "a mutex is destroyed while it is locked",
                     Location::current());
      }
    }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(Location where = Location::current()) {
      stress::Before("Mutex::lock", this, where);
      if (owner_.load(std::memory_order_relaxed) == Self()) {
        stress::Stop(Verdict::kDeadlock, "a thread locks a mutex that it holds already", where);
      }
      mutex_.lock();
      owner_.store(Self(), std::memory_order_relaxed);
    }
    bool try_lock(Location where = Location::current()) {
      stress::Before("Mutex::try_lock", this, where);
      // std::mutex leaves trying one's own mutex undefined.
      if (owner_.load(std::memory_order_relaxed) == Self() || !mutex_.try_lock()) return false;
      owner_.store(Self(), std::memory_order_relaxed);
      return true;
    }
    void unlock(Location where = Location::current()) {
      stress::Before("Mutex::unlock", this, where);
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
        stress::Stop(Verdict::kBadUnlock, "a thread unlocks a mutex that it does not hold", where);
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
      stress::Before("CondVar::wait", this, where);
      Wait(mutex, kNever, where);
    }
    ParkResult wait_until(Mutex& mutex, Deadline deadline, Location where = Location::current()) {
      stress::Before("CondVar::wait_until", this, where);
      return Wait(mutex, stress::Moved(deadline), where);
    }
    void notify_one(Location where = Location::current()) {
      stress::Before("CondVar::notify_one", this, where);
      condition_.notify_one();
    }
    void notify_all(Location where = Location::current()) {
      stress::Before("CondVar::notify_all", this, where);
      condition_.notify_all();
    }

   private:
    ParkResult Wait(Mutex& mutex, Deadline deadline, Location where) {
      mutex.Disown(where);
      std::unique_lock<std::mutex> hold(mutex.mutex_, std::adopt_lock);
      ParkResult result = ParkResult::kWoken;
      if (stress::Spurious()) {
        hold.unlock();
        hold.lock();
      } else if (deadline == kNever) {
        condition_.wait(hold);
      } else if (condition_.wait_until(hold, deadline) == std::cv_status::timeout) {
        result = ParkResult::kTimedOut;
      }
      hold.release();
      mutex.owner_.store(Mutex::Self(), std::memory_order_relaxed);
      return result;
    }

    std::condition_variable condition_;
  };

  template <class T, class... Args>
  static T* create(Args&&... args) {
    stress::ThreadContext* self = stress::ThreadContext::Current();
    if (self == nullptr) return new T(std::forward<Args>(args)...);
    void* memory = self->instance().heap.Allocate(sizeof(T), alignof(T), typeid(T));
    if (memory == nullptr) {
      self->Stop(Verdict::kError, "the scenario allocates more than 1 MiB", Location::current());
    }
    return new (memory) T(std::forward<Args>(args)...);
  }
  template <class T>
  static void destroy(T* pointer) {
    if (pointer == nullptr) return;
    stress::ThreadContext* self = stress::ThreadContext::Current();
    if (self == nullptr) {
      delete pointer;
      return;
    }
    self->Before("destroy", Location::current());
    stress::Heap& heap = self->instance().heap;
    if (heap.CheckLive(pointer) == stress::HeapError::kNone) {
      pointer->~T();
      if (heap.Release(pointer, alignof(T)) == stress::HeapError::kNone) return;
    }
    self->Stop(Verdict::kDoubleFree, "destroy() of an object that is not alive",
               Location::current());
  }

  static int choose(int count, Location where = Location::current()) {
    stress::ThreadContext* self = stress::ThreadContext::Current();
    if (self == nullptr) return StdPlatform::choose(count);
    self->Before("choose", where);
    return static_cast<int>(self->noise().random().Below(static_cast<std::uint32_t>(count)));
  }
  static int thread_index() {
    const stress::ThreadContext* self = stress::ThreadContext::Current();
    return self == nullptr ? 0 : self->index();
  }

  template <class T>
  class PerThread {
   public:
    T& local() { return slots_[static_cast<std::size_t>(thread_index())].value; }

   private:
    struct alignas(kCacheLine) Slot {
      T value{};
    };
    std::array<Slot, kMaxThreads> slots_{};
  };

  using Files = SimFiles<StressFileHooks>;
  using Shared = SimShared<StressPlatform, StressSharedHooks<StressPlatform>>;
};

static_assert(RobustPlatform<StressPlatform>);

}  // namespace heddle

#endif  // HEDDLE_STRESS_STRESS_PLATFORM_H_
