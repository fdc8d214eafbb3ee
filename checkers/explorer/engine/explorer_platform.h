// SPDX-License-Identifier: Apache-2.0
//
// The production platform under the explorer: std::atomic, plain variables, futexes, pthread locks,
// new and delete are StdPlatform's own, seen through the compiler's instrumentation. Only what has
// no answer of its own differs: time passes by choice, files are simulated, thread ids are the
// scenario's.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_PLATFORM_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_PLATFORM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "checkers/explorer/engine/explorer_files.h"
#include "checkers/explorer/engine/explorer_shared.h"
#include "checkers/scenario/sim_shared.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

// Of the engine's own, which is not instrumented.
namespace explorer_engine {

int Choose(int count);
// In the order of the scenario's threads; 0 in set-up and After().
int ThreadIndex();
// Of each of the scenario's threads, how many of its events happen before the next one of the
// calling thread.
void Past(std::uint32_t* events, int threads);
// A choice, both ways; a thread that has seen the deadline expired sees it so from then on.
bool Expired(Deadline deadline);
void SetExpired(Deadline deadline);
// A choice where the scenario asks for it (RelacyOptions::spurious_wakeups), once for each thread.
bool WakesSpuriously();
// A mutated line has run: no event of the program, and kept over executions.
void NoteSite(std::atomic<bool>& reached);

}  // namespace explorer_engine

struct ExplorerPlatform : StdPlatform {
  static constexpr bool kExhaustive = true;
  static constexpr int kMaxThreads = 8;

  // StdPlatform's stands in for what ThreadSanitizer cannot do.
  static void fence(std::memory_order order) { std::atomic_thread_fence(order); }

  struct Clock {
    // A fixed instant, so that deadlines computed from it repeat exactly.
    static Deadline now() { return Deadline(std::chrono::hours(1)); }
    static bool expired(Deadline deadline) { return explorer_engine::Expired(deadline); }
    static std::chrono::system_clock::time_point wall() {
      return std::chrono::system_clock::time_point(std::chrono::hours(24 * 365));
    }
  };

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    if (explorer_engine::WakesSpuriously()) return ParkResult::kWoken;
    const ParkResult result = StdPlatform::park(word, value, deadline);
    if (result == ParkResult::kTimedOut) explorer_engine::SetExpired(deadline);
    return result;
  }

  static int choose(int count) { return explorer_engine::Choose(count); }
  static int thread_index() { return explorer_engine::ThreadIndex(); }

  // For each of the scenario's threads, how many of its events happen before the calling thread's
  // next one. Only in Thread(). No event of the program.
  using Past = std::array<std::uint32_t, kMaxThreads>;
  static Past past() {
    Past events{};
    explorer_engine::Past(events.data(), kMaxThreads);
    return events;
  }

  template <class T>
  class PerThread {
   public:
    T& local() { return slots_[static_cast<std::size_t>(thread_index())]; }

   private:
    std::array<T, kMaxThreads> slots_{};
  };

  using Files = ExplorerFiles;
  using Shared = SimShared<ExplorerPlatform, ExplorerSharedHooks<ExplorerPlatform>>;

  static void note_site(std::atomic<bool>& reached) { explorer_engine::NoteSite(reached); }
};

static_assert(RobustPlatform<ExplorerPlatform>);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_PLATFORM_H_
