// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "primitives/hierarchy/ranked_mutex.h"
#include "primitives/mutex/timed_mutex.h"

namespace heddle {
namespace {

struct Reported {};

// A wrong order ends the acquisition, so the scenarios go on where production would abort.
void Report(void*, const RankViolation& violation) {
  if (violation.kind == RankViolation::Kind::kOrder) throw Reported();
  Fail(Verdict::kAssertion, "releases what it does not hold");
}
constexpr RankHandler kReport{&Report, nullptr};

template <class Acquire>
bool IsReported(Acquire acquire) {
  try {
    acquire();
  } catch (const Reported&) {
    return true;
  }
  return false;
}

template <class P>
struct Excludes {
  static constexpr int kThreads = 2;
  LockHierarchy<P> hierarchy{kReport};
  RankedMutex<P> mutex{1, "mutex", hierarchy};
  typename P::template Var<int> balance{0};

  void Thread(int) {
    const Guard hold(mutex);
    balance.set(balance.get() + 1);
  }
  void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.excludes", Excludes);
HEDDLE_MUTANT("hierarchy/ranked_mutex.excludes", Excludes, "leaves_late",
              Verdict::kRace | Verdict::kAssertion);

template <class P>
struct ThreeRanks {
  static constexpr int kThreads = 2;
  using Mutex = RankedMutex<P, typename P::Mutex>;
  LockHierarchy<P> hierarchy{kReport};
  Mutex low{1, "low", hierarchy};
  Mutex mid{2, "mid", hierarchy};
  Mutex high{3, "high", hierarchy};

  bool Refuses(Mutex& mutex) {
    return IsReported([&] { mutex.lock(); });
  }
};

// The wrong order is reported in every execution, not only in those that would deadlock, and before
// the thread waits: none does deadlock.
template <class P>
struct Reports : ThreeRanks<P> {
  void Thread(int index) {
    if (index == 0) {
      this->low.lock();
      this->high.lock();
      this->high.unlock();
      this->low.unlock();
    } else {
      this->high.lock();
      HEDDLE_ASSERT(this->Refuses(this->low));
      this->high.unlock();
    }
  }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.reports", Reports);
HEDDLE_MUTANT("hierarchy/ranked_mutex.reports", Reports, "checks_late",
              Verdict::kDeadlock | Verdict::kDestroyedInUse);

// Two mutexes of one rank have no order.
template <class P>
struct ReportsEqual {
  static constexpr int kThreads = 2;
  using Mutex = RankedMutex<P, typename P::Mutex>;
  LockHierarchy<P> hierarchy{kReport};
  Mutex mutexes[2] = {{1, "one", hierarchy}, {1, "other", hierarchy}};

  void Thread(int index) {
    const Guard hold(mutexes[index]);
    HEDDLE_ASSERT(IsReported([&] { mutexes[1 - index].lock(); }));
  }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.reports_equal", ReportsEqual);
HEDDLE_MUTANT("hierarchy/ranked_mutex.reports_equal", ReportsEqual, "equal_allowed",
              Verdict::kAssertion | Verdict::kDeadlock);

// What a thread holds is known whether it was locked or tried, and in whatever order it is
// released.
template <class P>
struct Tracks : ThreeRanks<P> {
  void Thread(int index) {
    if (index == 0) {
      this->high.lock();
      if (this->low.try_lock()) {
        HEDDLE_ASSERT(this->Refuses(this->mid));
        this->low.unlock();
      }
      HEDDLE_ASSERT(this->Refuses(this->mid));
      this->high.unlock();
    } else if (this->high.try_lock()) {
      HEDDLE_ASSERT(this->Refuses(this->low));
      this->high.unlock();
    } else {
      this->low.lock();
      this->low.unlock();
    }
  }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.tracks", Tracks);
HEDDLE_MUTANT("hierarchy/ranked_mutex.tracks", Tracks, "unsorted", Verdict::kAssertion);
HEDDLE_MUTANT("hierarchy/ranked_mutex.tracks", Tracks, "leaves_top", Verdict::kAssertion);
HEDDLE_MUTANT("hierarchy/ranked_mutex.tracks", Tracks, "try_untracked", Verdict::kAssertion);

// A timed acquisition waits too, and so is checked.
template <class P>
struct ReportsTimed {
  static constexpr int kThreads = 2;
  using Mutex = RankedMutex<P, TimedMutex<P>>;
  LockHierarchy<P> hierarchy{kReport};
  Mutex low{1, "low", hierarchy};
  Mutex high{2, "high", hierarchy};

  void Thread(int index) {
    if (index == 0) {
      if (!low.try_lock_until(P::Clock::now())) return;
      high.lock();
      high.unlock();
      low.unlock();
    } else {
      high.lock();
      HEDDLE_ASSERT(IsReported([&] { (void)low.try_lock_until(P::Clock::now()); }));
      high.unlock();
    }
  }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.reports_timed", ReportsTimed);
HEDDLE_MUTANT("hierarchy/ranked_mutex.reports_timed", ReportsTimed, "timed_unchecked",
              Verdict::kAssertion);

// Threads that keep to the ranks are neither stopped nor reported, however they release.
template <class P>
struct Progress : ThreeRanks<P> {
  typename P::template Var<int> climbs{0};

  void Thread(int index) {
    HEDDLE_ASSERT(!this->Refuses(this->low));
    HEDDLE_ASSERT(!this->Refuses(this->high));
    climbs.set(climbs.get() + 1);
    (index == 0 ? this->low : this->high).unlock();
    (index == 0 ? this->high : this->low).unlock();
    HEDDLE_ASSERT(!this->Refuses(this->mid));
    this->mid.unlock();
  }
  void After() { HEDDLE_ASSERT(climbs.get() == 2); }
};
HEDDLE_SCENARIO("hierarchy/ranked_mutex.progress", Progress);
HEDDLE_MUTANT("hierarchy/ranked_mutex.progress", Progress, "never_leaves", Verdict::kAssertion);

}  // namespace
}  // namespace heddle
