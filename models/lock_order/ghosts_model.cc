// SPDX-License-Identifier: Apache-2.0
// A mutex that passes for its predecessor, its owner, and a thread that comes near it meanwhile:
// nothing that the owner did is lost, and the owner's unlock finds its lock (checkers/lock_order/
// runtime/ghosts.h, invariant 3).
#include <cstdint>

#include "checkers/lock_order/runtime/futex_lock.h"
#include "checkers/lock_order/runtime/ghost_words.h"
#include "checkers/scenario/scenario.h"
#include "models/lock_order/seam.h"

namespace heddle {
namespace {

constexpr std::uint64_t kGhostTag = 1;
constexpr std::uint64_t kNodeTag = 2;
constexpr std::uint32_t kPrivate = 1;  // the predecessor's node
constexpr std::uint32_t kMade = 2;     // the mutex's own

template <class P>
struct Ghosts {
  static constexpr int kThreads = 2;
  using Words = lock_order::GhostWords<RecorderSeam<P>>;

  typename Words::Tag tag{0};
  typename Words::Length steps{0};
  typename P::template Var<int> log[2];
  typename P::template Atomic<std::uint32_t> held{0};  // the owner's entry
  lock_order::BasicFutexLock<RecorderSeam<P>> lock;
  // Under the lock: what is recorded of the owner's steps.
  typename P::template Var<int> recorded{0};

  void Thread(int index) {
    if (index == 0) {
      Own();
    } else {
      lock.lock();
      if (NodeBehind() == 0 && !Words::exchange(tag, 0, kNodeTag)) {
        HEDDLE_ASSERT(NodeBehind() == kMade);
      }
      lock.unlock();
    }
  }
  void After() {
    HEDDLE_ASSERT(held.load(std::memory_order_relaxed) == 0);
    if (tag.load(std::memory_order_relaxed) == kNodeTag) HEDDLE_ASSERT(recorded.get() == 3);
  }

  void Own() {
    // Acquired: the step is in the log, the lock is held, then the tag tells.
    log[0].set(1);
    Words::lengthen(steps, 1);
    held.store(kPrivate, std::memory_order_relaxed);
    if (!Words::exchange(tag, 0, kGhostTag)) {
      lock.lock();
      const std::uint32_t made = NodeBehind();
      RecordSteps();
      held.store(made, std::memory_order_relaxed);
      lock.unlock();
    }
    // Another lock under it: in the log if the mutex is a ghost still, else under its node.
    bool logged = false;
    if (tag.load(std::memory_order_relaxed) == kGhostTag) {
      log[1].set(2);
      Words::lengthen(steps, 2);
      logged = Words::exchange(tag, kGhostTag, kGhostTag);
    }
    if (!logged) {
      lock.lock();
      recorded.set(recorded.get() | 2);
      lock.unlock();
    }
    // Released.
    if (tag.load(std::memory_order_relaxed) != kGhostTag ||
        held.load(std::memory_order_relaxed) != kPrivate) {
      lock.lock();
      HEDDLE_ASSERT(NodeBehind() == kMade);
      lock.unlock();
      HEDDLE_ASSERT(held.load(std::memory_order_relaxed) == kMade);
    }
    held.store(0, std::memory_order_relaxed);
  }

  // The mutex's node, made for it if it is a ghost; 0: it has none and is no ghost.
  std::uint32_t NodeBehind() {
    while (true) {
      const std::uint64_t seen = tag.load(std::memory_order_acquire);
      if (seen != kGhostTag) return seen == kNodeTag ? kMade : 0;
      Rename();
      if (!Words::exchange(tag, seen, kNodeTag)) {
        P::pause();
        continue;
      }
      RecordSteps();
      Rename();
      return kMade;
    }
  }
  void RecordSteps() {
    const std::uint32_t length = Words::length(steps);
    for (std::uint32_t i = 0; i < length; ++i) recorded.set(recorded.get() | log[i].get());
  }
  void Rename() {
    std::uint32_t expected = kPrivate;
    held.compare_exchange_strong(expected, kMade, std::memory_order_relaxed,
                                 std::memory_order_relaxed);
  }
};
HEDDLE_SCENARIO("analyzer/ghosts.logged", Ghosts);
HEDDLE_MUTANT("analyzer/ghosts.logged", Ghosts, "exchange_relaxed",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("analyzer/ghosts.logged", Ghosts, "lengthen_relaxed",
              Verdict::kRace | Verdict::kUninitialized);
HEDDLE_MUTANT("analyzer/ghosts.logged", Ghosts, "length_relaxed",
              Verdict::kRace | Verdict::kUninitialized);

}  // namespace
}  // namespace heddle
