// SPDX-License-Identifier: Apache-2.0
//
// The platform under the Relacy Race Detector. Locations travel by default argument, so a
// counterexample names the primitive's own lines.
#ifndef HEDDLE_CHECKERS_RELACY_RELACY_PLATFORM_H_
#define HEDDLE_CHECKERS_RELACY_RELACY_PLATFORM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "checkers/relacy/cells.h"
#include "checkers/relacy/relacy_shared.h"
#include "checkers/scenario/sim_files.h"
#include "checkers/scenario/sim_shared.h"
#include "primitives/platform.h"

namespace heddle {

// SimFiles' view of the engine.
struct RelacyFileHooks {
  static void step(const char* operation, std::source_location where) {
    relacy::Step(operation, where);
  }
  static void wait(std::source_location where) { relacy::Yield(where); }
  static int choose(int count) { return relacy::Choose(count, std::source_location::current()); }
  static int thread_index() { return relacy::ProcessIndex(); }
};

struct RelacyPlatform {
  static constexpr bool kExhaustive = true;
  static constexpr bool kInterleaves = true;  // one step after the other
  static constexpr int kMaxThreads = 4;

  using Location = std::source_location;

  template <class T>
  class Atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

   public:
    Atomic(Location where = Location::current()) : cell_(kKind, where) {}  // NOLINT
    Atomic(T value, Location where = Location::current())                  // NOLINT
        : cell_(kKind, relacy::ToWord(value), where) {}

    T load(std::memory_order order, Location where = Location::current()) const {
      return relacy::FromWord<T>(cell_.Load(order, where));
    }
    void store(T value, std::memory_order order, Location where = Location::current()) {
      cell_.Store(relacy::ToWord(value), order, where);
    }
    T exchange(T value, std::memory_order order, Location where = Location::current()) {
      return Modify(relacy::Rmw::kExchange, value, order, where);
    }
    T fetch_add(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      return Modify(relacy::Rmw::kAdd, value, order, where);
    }
    T fetch_sub(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      return Modify(relacy::Rmw::kSub, value, order, where);
    }
    T fetch_and(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      return Modify(relacy::Rmw::kAnd, value, order, where);
    }
    T fetch_or(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      return Modify(relacy::Rmw::kOr, value, order, where);
    }
    T fetch_xor(T value, std::memory_order order, Location where = Location::current())
      requires std::integral<T>
    {
      return Modify(relacy::Rmw::kXor, value, order, where);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Location where = Location::current()) {
      return Compare(expected, desired, success, failure, true, where);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure, Location where = Location::current()) {
      return Compare(expected, desired, success, failure, false, where);
    }
    // As libstdc++ does it: a futex on the word, re-checked with the caller's order.
    void wait(T old, std::memory_order order, Location where = Location::current()) const {
      while (relacy::ToWord(load(order, where)) == relacy::ToWord(old)) {
        relacy::Park(&cell_, relacy::ToWord(old), kNever, where);
      }
    }
    void notify_one(Location where = Location::current()) { relacy::Unpark(&cell_, 1, where); }
    void notify_all(Location where = Location::current()) {
      relacy::Unpark(&cell_, kMaxThreads, where);
    }

   private:
    friend struct RelacyPlatform;
    static constexpr relacy::ValueKind kKind = relacy::KindOf<T>();

    T Modify(relacy::Rmw operation, T value, std::memory_order order, Location where) {
      return relacy::FromWord<T>(cell_.Modify(operation, relacy::ToWord(value), order, where));
    }
    bool Compare(T& expected, T desired, std::memory_order success, std::memory_order failure,
                 bool weak, Location where) {
      std::uint64_t word = relacy::ToWord(expected);
      const bool done =
          cell_.CompareExchange(word, relacy::ToWord(desired), success, failure, weak, where);
      expected = relacy::FromWord<T>(word);
      return done;
    }

    relacy::AtomicCell cell_;
  };

  template <class T>
  class Var {
   public:
    Var(Location where = Location::current()) : cell_(false, where) {}  // NOLINT
    Var(T value, Location where = Location::current())                  // NOLINT
        : value_(std::move(value)), cell_(true, where) {}

    const T& get(Location where = Location::current()) const {
      cell_.Read(where);
      Note(false, "get", where);
      return value_;
    }
    void set(T value, Location where = Location::current()) {
      cell_.Write(where);
      value_ = std::move(value);
      Note(true, "set", where);
    }
    T take(Location where = Location::current()) {
      cell_.Write(where);
      Note(true, "take", where);
      return std::move(value_);
    }

   private:
    void Note(bool write, const char* text, Location where) const {
      if (!relacy::VarCell::Tracing()) return;
      if constexpr (relacy::KindOf<T>().printable) {
        cell_.Note(write, text, relacy::KindOf<T>(), relacy::ToWord(value_), where);
      } else {
        cell_.Note(write, text, relacy::KindOf<T>(), 0, where);
      }
    }

    T value_{};
    relacy::VarCell cell_;
  };

  static void fence(std::memory_order order, Location where = Location::current()) {
    relacy::Fence(order, where);
  }
  static void pause(Location where = Location::current()) { relacy::Yield(where); }
  static void yield(Location where = Location::current()) { relacy::Yield(where); }

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline,
                         Location where = Location::current()) {
    return relacy::Park(&word->cell_, value, deadline, where);
  }
  static void unpark(Atomic<std::uint32_t>* word, int count, Location where = Location::current()) {
    relacy::Unpark(&word->cell_, count, where);
  }

  struct Clock {
    // A fixed instant, so that deadlines computed from it repeat exactly.
    static Deadline now() { return Deadline(std::chrono::hours(1)); }
    static bool expired(Deadline deadline, Location where = Location::current()) {
      return relacy::Expired(deadline, where);
    }
    static std::chrono::system_clock::time_point wall() {
      return std::chrono::system_clock::time_point(std::chrono::hours(24 * 365));
    }
  };

  class CondVar;

  class Mutex {
   public:
    Mutex(Location where = Location::current()) : cell_(where) {}  // NOLINT
    void lock(Location where = Location::current()) { cell_.Lock(where); }
    bool try_lock(Location where = Location::current()) { return cell_.TryLock(where); }
    void unlock(Location where = Location::current()) { cell_.Unlock(where); }

   private:
    friend class CondVar;
    relacy::MutexCell cell_;
  };

  class CondVar {
   public:
    void wait(Mutex& mutex, Location where = Location::current()) {
      cell_.Wait(mutex.cell_, kNever, where);
    }
    ParkResult wait_until(Mutex& mutex, Deadline deadline, Location where = Location::current()) {
      return cell_.Wait(mutex.cell_, deadline, where);
    }
    void notify_one(Location where = Location::current()) { cell_.Notify(false, where); }
    void notify_all(Location where = Location::current()) { cell_.Notify(true, where); }

   private:
    relacy::CondVarCell cell_;
  };

  template <class T, class... Args>
  static T* create(Args&&... args) {
    return new (relacy::Allocate(sizeof(T), typeid(T))) T(std::forward<Args>(args)...);
  }
  template <class T>
  static void destroy(T* pointer) {
    if (pointer == nullptr) return;
    relacy::CheckLive(pointer);
    pointer->~T();
    relacy::Release(pointer);
  }

  static int choose(int count, Location where = Location::current()) {
    return relacy::Choose(count, where);
  }
  static int thread_index() { return relacy::ThreadIndex(); }

  // For each of the scenario's threads, how many of its events happen before the calling thread's
  // next one. Only in Thread().
  using Past = std::array<std::uint32_t, kMaxThreads>;
  static Past past() {
    Past events{};
    relacy::Past(events.data(), kMaxThreads);
    return events;
  }

  template <class T>
  class PerThread {
   public:
    T& local() { return slots_[static_cast<std::size_t>(thread_index())]; }

   private:
    std::array<T, kMaxThreads> slots_{};
  };

  using Files = SimFiles<RelacyFileHooks>;
  using Shared = SimShared<RelacyPlatform, RelacySharedHooks<RelacyPlatform>>;
};

static_assert(RobustPlatform<RelacyPlatform>);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_RELACY_RELACY_PLATFORM_H_
