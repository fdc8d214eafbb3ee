// SPDX-License-Identifier: Apache-2.0
//
// Thousands of operations of each primitive by real threads are linearizable; those of a mutant are
// not.
#include <cstdint>
#include <string>

#include "checkers/linearizability/search.h"
#include "checkers/linearizability/specs/containers.h"
#include "gtest/gtest.h"
#include "models/subjects/blocking_queue.h"
#include "models/subjects/gates.h"
#include "models/subjects/lists.h"
#include "models/subjects/locks.h"
#include "models/subjects/mpmc_ring.h"
#include "models/subjects/mpsc_queue.h"
#include "models/subjects/mutex.h"
#include "models/subjects/semaphores.h"
#include "models/subjects/spsc_ring.h"
#include "models/subjects/treiber_stack.h"
#include "models/subjects/two_lock_queue.h"
#include "primitives/list/coarse_list.h"
#include "primitives/mutant.h"
#include "primitives/std_platform.h"
#include "stress/histories/long_run.h"

namespace heddle::stress {
namespace {

using linearizability::Judgement;

#if defined(HEDDLE_TSAN)
constexpr bool kTsan = true;
constexpr int kCalls = 500;
#else
constexpr bool kTsan = false;
constexpr int kCalls = 4000;
#endif

// Excludes nobody.
template <class P>
struct NoLock {
  void lock() {}
  bool try_lock() { return true; }
  void unlock() {}
};
template <class P>
using NoLockSubject = MutexSubject<P, NoLock<P>>;

// Two threads may both be told that they have inserted the same value.
template <class P>
struct TwoStepList : CoarseList<int, P> {
  bool insert(int value) {
    if (this->contains(value)) return false;
    P::yield();
    CoarseList<int, P>::insert(value);
    return true;
  }
};
template <class P>
using TwoStepListSubject = ListSubject<P, TwoStepList<P>>;

template <template <class> class SubjectOf>
void ExpectOk(LongRun run) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    run.seed = seed;
    const LongRunResult result = Run<SubjectOf<StdPlatform>>(run);
    EXPECT_EQ(result.judgement, Judgement::kOk) << result.text;
    // Most calls count.
    EXPECT_GT(result.operations, static_cast<std::size_t>(run.calls)) << "seed " << seed;
  }
}

// Within a hundred runs. One thread is enough for what would hang with more. Mutants race, too:
// ThreadSanitizer would see that first.
template <class Subject>
void ExpectSubjectViolated(LongRun run) {
  if (kTsan) return;
  LongRunResult result;
  for (run.seed = 1; run.seed <= 100 && result.judgement == Judgement::kOk; ++run.seed) {
    result = Run<Subject>(run);
  }
  EXPECT_EQ(result.judgement, Judgement::kViolated) << "after " << run.seed << " runs";
  EXPECT_NE(result.text, "");
}
template <template <class> class SubjectOf, MutantName kName>
void ExpectViolated(const LongRun& run) {
  ExpectSubjectViolated<SubjectOf<Mutated<StdPlatform, kName>>>(run);
}

TEST(Histories, NoLock) { ExpectSubjectViolated<NoLockSubject<StdPlatform>>({.calls = kCalls}); }
TEST(Histories, FutexMutex) { ExpectOk<FutexMutexSubject>({.calls = kCalls}); }
TEST(Histories, TicketLock) { ExpectOk<TicketLockSubject>({.calls = kCalls}); }
TEST(Histories, TtasLock) { ExpectOk<TtasLockSubject>({.calls = kCalls}); }
TEST(Histories, McsLock) { ExpectOk<McsLockSubject>({.calls = kCalls}); }
TEST(Histories, ClhLock) { ExpectOk<ClhLockSubject>({.calls = kCalls}); }
TEST(Histories, TimedMutex) { ExpectOk<TimedMutexSubject>({.calls = kCalls}); }
TEST(Histories, RecursiveMutex) {
  ExpectOk<RecursiveMutexSubject>({.calls = kCalls});
  ExpectViolated<RecursiveMutexSubject, "anybody_unlocks">({.threads = 1, .calls = 50});
}
TEST(Histories, RankedMutex) {
  ExpectOk<RankedMutexSubject>({.calls = kCalls});
  ExpectViolated<RankedMutexSubject, "never_leaves">({.threads = 1, .calls = 50});
}
TEST(Histories, LockAll) { ExpectOk<LockAllSubject>({.calls = kCalls}); }

TEST(Histories, Semaphore) { ExpectOk<SemaphoreSubject>({.calls = kCalls}); }
TEST(Histories, BinarySemaphore) {
  ExpectOk<BinarySemaphoreSubject>({.calls = kCalls});
  ExpectViolated<BinarySemaphoreSubject, "release_adds">({.calls = 50});
}
TEST(Histories, Event) { ExpectOk<EventSubject>({.calls = kCalls, .objects = kCalls / 4}); }
TEST(Histories, Latch) {
  ExpectOk<LatchSubject>({.threads = 3, .calls = kCalls, .objects = kCalls / 8});
}
TEST(Histories, SenseBarrier) { ExpectOk<SenseBarrierSubject>({.threads = 2, .calls = kCalls}); }

TEST(Histories, SpscRing) {
  ExpectOk<SpscRingSubject>({.threads = 2, .calls = kCalls});
  ExpectViolated<SpscRingSubject, "pop_trusts_cache">({.threads = 2, .calls = 500});
}
TEST(Histories, MpmcRing) { ExpectOk<MpmcRingSubject>({.calls = kCalls}); }
TEST(Histories, MpscQueue) { ExpectOk<MpscQueueSubject>({.calls = kCalls}); }
TEST(Histories, MpscQueuePerProducer) { ExpectOk<MpscQueuePerProducerSubject>({.calls = kCalls}); }
TEST(Histories, TwoLockQueue) { ExpectOk<TwoLockQueueSubject>({.calls = kCalls}); }
TEST(Histories, BlockingQueue) {
  ExpectOk<BlockingQueueSubject>({.calls = kCalls, .objects = kCalls / 50});
  ExpectViolated<BlockingQueueSubject, "close_drops_items">({.calls = 500, .objects = 50});
}
TEST(Histories, TreiberStack) { ExpectOk<TreiberStackSubject>({.calls = kCalls}); }
TEST(Histories, IndexStack) {
  ExpectOk<IndexStackSubject>({.calls = kCalls,
                               .beginning = {{.function = linearizability::kPush, .argument = 0},
                                             {.function = linearizability::kPush, .argument = 1},
                                             {.function = linearizability::kPush, .argument = 2}}});
}

TEST(Histories, CoarseList) {
  ExpectOk<CoarseListSubject>({.calls = kCalls});
  ExpectSubjectViolated<TwoStepListSubject<StdPlatform>>({.calls = kCalls});
}
TEST(Histories, HandOverHandList) { ExpectOk<HandOverHandListSubject>({.calls = kCalls}); }

}  // namespace
}  // namespace heddle::stress
