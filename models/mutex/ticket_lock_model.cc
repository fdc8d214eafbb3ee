// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/ticket_lock.h"

namespace heddle {
namespace {

template <class P>
using TicketLockExcludes = Excludes<P, TicketLock<P>>;
HEDDLE_SCENARIO("mutex/ticket_lock.excludes", TicketLockExcludes);
HEDDLE_MUTANT("mutex/ticket_lock.excludes", TicketLockExcludes, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ticket_lock.excludes", TicketLockExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ticket_lock.excludes", TicketLockExcludes, "draws_in_two_steps",
              Verdict::kRace | Verdict::kAssertion | Verdict::kLivelock);
HEDDLE_MUTANT("mutex/ticket_lock.excludes", TicketLockExcludes, "no_wait",
              Verdict::kRace | Verdict::kAssertion | Verdict::kLivelock);

template <class P>
using TicketLockExcludes3 = Excludes<P, TicketLock<P>, 3>;
HEDDLE_SCENARIO("mutex/ticket_lock.excludes3", TicketLockExcludes3);
HEDDLE_MUTANT("mutex/ticket_lock.excludes3", TicketLockExcludes3, "unlock_relaxed", Verdict::kRace);

template <class P>
using TicketLockProgresses = Progresses<P, TicketLock<P>>;
HEDDLE_SCENARIO("mutex/ticket_lock.progresses", TicketLockProgresses);
HEDDLE_MUTANT("mutex/ticket_lock.progresses", TicketLockProgresses, "skips_a_turn",
              Verdict::kLivelock | Verdict::kDeadlock | Verdict::kRace);

template <class P>
using TicketLockTries = Tries<P, TicketLock<P>>;
HEDDLE_SCENARIO("mutex/ticket_lock.tries", TicketLockTries);
HEDDLE_MUTANT("mutex/ticket_lock.tries", TicketLockTries, "try_lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ticket_lock.tries", TicketLockTries, "try_lock_queues",
              Verdict::kLivelock | Verdict::kDeadlock | Verdict::kAssertion);

template <class P>
using TicketLockLastDestroys = LastDestroys<P, TicketLock<P>>;
HEDDLE_SCENARIO("mutex/ticket_lock.last_destroys", TicketLockLastDestroys);
HEDDLE_MUTANT("mutex/ticket_lock.last_destroys", TicketLockLastDestroys, "clears_ticket_late",
              kTouchesFreed);

template <class P>
class TicketPlace {
 public:
  explicit TicketPlace(TicketLock<P>& lock) : lock_(lock) {}
  void join() { ticket_ = lock_.join(); }
  void wait() { lock_.wait(ticket_); }
  void unlock() { lock_.unlock(); }

 private:
  TicketLock<P>& lock_;
  typename TicketLock<P>::Ticket ticket_ = 0;
};
template <class P>
using TicketLockQueues = Queues<P, TicketLock<P>, TicketPlace<P>>;
HEDDLE_SCENARIO("mutex/ticket_lock.queues", TicketLockQueues);
HEDDLE_MUTANT("mutex/ticket_lock.queues", TicketLockQueues, "no_wait",
              Verdict::kAssertion | Verdict::kRace);

}  // namespace
}  // namespace heddle
