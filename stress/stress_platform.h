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
#include <cstddef>
#include <cstdint>
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
#include "stress/heap.h"
#include "stress/hooks.h"
#include "stress/stress_atomic.h"
#include "stress/stress_mutex.h"
#include "stress/stress_shared.h"
#include "stress/stress_var.h"

namespace heddle {

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
  using Atomic = stress::Atomic<T>;
  template <class T>
  using Var = stress::Var<T>;
  using Mutex = stress::Mutex;
  using CondVar = stress::CondVar;

  static void fence(std::memory_order order, Location where = Location::current()) {
    stress::Before("fence", where);
    StdPlatform::fence(order);
  }
  static void pause() {
    stress::Waits();
    // The thread waited for may need this one's processor: there are often more threads than those.
    thread_local int turns = 0;
    if (++turns % 64 == 0) {
      StdPlatform::yield();
    } else {
      StdPlatform::pause();
    }
  }
  static void yield() {
    stress::Waits();
    StdPlatform::yield();
  }

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline,
                         Location where = Location::current()) {
    stress::Before("park", word, where);
    if (stress::Spurious()) return stress::Result(ParkResult::kWoken);
    return stress::Result(StdPlatform::park(&word->value_, value, stress::Moved(deadline)));
  }
  static void unpark(Atomic<std::uint32_t>* word, int count, Location where = Location::current()) {
    stress::Before("unpark", where);
    StdPlatform::unpark(&word->value_, count);
  }

  struct Clock {
    static Deadline now() { return StdPlatform::Clock::now(); }
    static bool expired(Deadline deadline, Location where = Location::current()) {
      stress::Before("expired", where);
      return stress::Result(StdPlatform::Clock::expired(stress::Moved(deadline)));
    }
    static std::chrono::system_clock::time_point wall() { return StdPlatform::Clock::wall(); }
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
    return stress::Result(
        static_cast<int>(self->noise().random().Below(static_cast<std::uint32_t>(count))));
  }
  // True one time in `count`. The record says 0 or 1, as other engines choose.
  static bool one_in(int count, Location where = Location::current()) {
    stress::ThreadContext* self = stress::ThreadContext::Current();
    if (self == nullptr) return StdPlatform::choose(count) == 0;
    self->Before("choose", where);
    const bool drawn = self->noise().random().Below(static_cast<std::uint32_t>(count)) == 0;
    return stress::Result(drawn ? 1 : 0) == 1;
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
