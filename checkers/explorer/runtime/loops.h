// SPDX-License-Identifier: Apache-2.0
//
// Loops, found by state: a thread that comes back to the same atomic operation with the same
// registers and the same stack, having changed nothing in between, has made a turn for nothing.
//
// - A site that a thread meets twice in one execution is a loop site: from then on states are kept
//   there.
// - The site of the turn's last operation is an await site where that was a read: from then on it
//   reads only what does not bring the thread back unchanged. It is one read, however long it
//   waits.
// - Where the last operation was none, or the turn wrote something that it took back, the thread
//   goes on only in executions in which the turn reads something else.
// - A turn that took a lock, or the like, and gave it back has changed nothing either, unless
//   another thread has seen it have it: without the turn the same would have happened. Where one
//   has, in some execution, a few of the turns that come to that site are run; and no more than
//   two that take and give back the same locks while nobody else takes one of them, or others make
//   two such turns with it, each time the same (IsTwice).
// - A load and a compare-exchange of the same location behind it are one step where the loop that
//   they are in goes on from a value that the compare-exchange finds as it would if the load had
//   found it, and nobody else sees what is done in between (steps.cc).
// - Where a turn looks at the clock it is the same, but for the time (later.h).
// - A turn that has changed nothing but what the thread writes anew before it looks at it has been
//   for nothing, too: the thread reads nothing behind it that takes it where it would have come
//   without the turn (forgotten.cc).
// Whenever a site is found to be one of these the search starts anew, so that all its executions
// have been run with the same knowledge.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_LOOPS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_LOOPS_H_

#include <string.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/runtime/state.h"
#include "checkers/explorer/runtime/thread_state.h"
#include "checkers/explorer/search/rounds.h"

namespace heddle::explorer {

// A thread's state at an operation: thread_state.h.
struct LoopState {
  const unsigned char* stack;
  std::size_t bytes;  // its place in LoopHistory::bytes: the stack, and then the rest
  std::size_t stack_size;
  std::size_t rest_size;
  int position;              // events before
  std::uint32_t operations;  // before
  std::uint32_t effects;     // before
  std::uint32_t changes;     // before
  std::uint32_t others;      // before
  std::uint32_t looks;       // before
  std::int64_t nanoseconds;  // of the thread's clock
  bool in_time;              // Fiber::in_time
  std::size_t writes;        // logged before
  int previous;              // the newest earlier one that is the same, if that is known; -1
};

struct LoggedWrite {
  std::uintptr_t address;
  std::uint8_t size;
  Value old;
};

// A load that a compare-exchange may make one step with.
struct StepStart {
  Site site = 0;  // of the load
  std::uintptr_t address = 0;
  std::uint8_t size = 0;
  Order order = Order::kRelaxed;
  int position = 0;  // of its event, or of one that it waited at
  // Behind it.
  std::uint32_t operations = 0;
  std::uint32_t quiet = 0;
  std::uint32_t effects = 0;
  std::uint32_t looks = 0;
  std::uint32_t accesses = 0;
  std::size_t writes = 0;
  // The thread's state before it, where it is known to be such a load: its frame and the stack
  // above.
  const Frame* frame = nullptr;
  std::vector<unsigned char> bytes;
};

// Writes within a step: what another thread makes of them decides whether it may be taken for one.
struct StepWrites {
  Site site;  // of the load
  int first;  // the thread's events from `first` on, and before `last`
  int last;
};

// What one thread has done in this execution that matters for loops.
struct LoopHistory {
  std::vector<LoopState> states;
  std::vector<unsigned char> bytes;
  std::vector<LoggedWrite> writes;
  std::uint32_t operations = 0;
  std::uint32_t effects = 0;       // of operations: each has changed something for good
  std::uint32_t changes = 0;       // of atomics, which the thread may take back
  std::uint32_t others = 0;        // of them, those that are no lock taken or given back
  Site last_read = 0;              // of the last operation, if that was a read that changed nothing
  std::uint32_t looks = 0;         // at the clock
  std::uint32_t accesses = 0;      // plain ones, but for the thread's own stack
  std::vector<Round> rounds;       // that have changed something and taken it back, the first ones
  std::uint32_t quiet = 0;         // of operations: the program's own loads and stores
  std::array<StepStart, 4> steps;  // the latest, of different locations
  std::size_t step_count = 0;      // of all
  bool stepping = false;           // one of them is known to be one
  std::vector<StepWrites> step_writes;
  // Of the modelled function that the thread is in.
  std::vector<CallAnswer> answers;

  void Clear() {
    states.clear();
    bytes.clear();
    writes.clear();
    operations = 0;
    effects = 0;
    changes = 0;
    others = 0;
    looks = 0;
    last_read = 0;
    accesses = 0;
    rounds.clear();
    quiet = 0;
    step_count = 0;
    stepping = false;
    step_writes.clear();
    answers.clear();
  }
};

class Search;
struct Fiber;
using Fibers = std::array<Fiber, kMaxThreads>;

enum class Turn : std::uint8_t {
  kNew,      // nothing known about the site, or the state is a new one
  kLearned,  // more is known about the site now: start anew
  kSame,     // a turn that has changed nothing, from the event `first` on
  kCut,      // too many visits
  kTwice,    // turns that have changed nothing, and those of others with them, for the second time
  kIdle,     // too many turns that have changed nothing, while others have looked
};

// Who knows what the clock has to do with a thread's state.
class Clocks {
 public:
  // Whether the state differs from that earlier one in the time only: later.h. With `known`,
  // whether that has come up before.
  virtual bool IsLater(const Fiber& fiber, const ThreadState& now, const LoopState& then,
                       bool known) = 0;
  // Whether the execution is run to have a look at this state, and no further.
  virtual bool Watches(Fiber& fiber, const ThreadState& now) = 0;

 protected:
  ~Clocks() = default;
};

class Loops {
 public:
  struct SiteState {
    Site site = 0;
    bool loop = false;
    bool await = false;
    bool seen = false;   // what a turn that comes here changes in passing
    bool turns = false;  // some turn that comes here takes and gives back locks
    bool start = false;  // a load that a loop's compare-exchange makes one step with
    bool open = false;   // ... and what is written in between is seen
    bool exits = false;  // a compare-exchange that ends a loop by failing with some value
    std::uint32_t execution = 0;
    std::uint16_t visits[kMaxThreads] = {};
  };

  // With `lasting` turns that take back what they change count as turns.
  Loops(int unroll, bool lasting);

  // What is known of sites, as text, and back; false: the text is not that.
  std::string Save() const;
  bool Restore(std::string_view text);

  bool Any() const { return any_; }
  // Another one whenever more is known of sites.
  std::uint32_t version() const { return version_; }
  void NewExecution() { ++execution_; }
  SiteState& StateOf(Site site) { return At(site); }
  // Whether nothing can be learned from a visit, which then has only to be counted: it is the
  // thread's first in this execution, and no states are kept there.
  bool Passes(const SiteState& state, ThreadId thread) const {
    return !state.loop && !state.await && !state.start && SoFar(state, thread) == 0;
  }
  // Of a visit by way of an atomic operation that the graph has: it was found to be new when that
  // was added, and there is nothing to it but to count it and to KeepState().
  bool PassesAgain(const SiteState& state, ThreadId thread) const {
    return state.loop && !state.seen && !state.turns && SoFar(state, thread) < unroll_;
  }
  // Of a thread that is at an atomic operation and had told `position` events before.
  void KeepState(Fiber& fiber, int position);
  // Counts one; how many there are now.
  int Visits(SiteState& state, ThreadId thread) {
    if (state.execution != execution_) {
      state.execution = execution_;
      memset(state.visits, 0, sizeof state.visits);
    }
    return ++state.visits[thread];
  }
  // The sites that the thread has visited in this execution, and how often; and back.
  std::vector<std::pair<Site, int>> VisitsOf(ThreadId thread) const;
  void SetVisits(Site site, ThreadId thread, int visits);
  // The thread is at an atomic operation that reads.
  Turn Visit(const Search& search, const Fibers& fibers, Fiber& fiber, Site address, int& first,
             Clocks* clocks = nullptr);
  bool IsLoop(Site site) { return At(site).loop; }
  // States are to be kept there, too. False: they are.
  bool MarkLoop(Site site);
  bool IsStart(Site site) { return At(site).start; }
  // False: that is known.
  bool MarkStart(Site site) { return Mark(At(site).start); }
  // What is written between the load and the compare-exchange others may see: where something is,
  // the two are no step.
  bool IsOpen(Site site) { return At(site).open; }
  bool MarkOpen(Site site) { return Mark(At(site).open); }
  // Of a step's compare-exchange: with some value it does not only try again.
  bool Exits(Site site) { return At(site).exits; }
  bool MarkExits(Site site) { return Mark(At(site).exits); }
  // The thread is at something else that it can be at again and again. False: too often.
  bool Count(ThreadId thread, Site at);
  // Of a turn that was taken for one that has changed nothing: somebody has seen it.
  void MarkSeen(Site site) {
    At(site).seen = true;
    ++version_;
  }
  // Of a thread that has run on from an await: whether it is back where it has been since its last
  // effect. `first` as above.
  static bool ComesBack(const Fiber& fiber, const ThreadState& state, int& first);

 private:
  bool Mark(bool& flag);
  // The newest such state; before `below` where that is given. `known`: Clocks::IsLater().
  static const LoopState* FindSame(const Fiber& fiber, const ThreadState& now, Clocks* clocks,
                                   bool known, const LoopState* below = nullptr);
  // Whether the turn from `same` on has only done once more what the one before it did; `alone`, or
  // together with turns of other threads.
  static bool IsTwice(const Search& search, const Fibers& fibers, const Fiber& fiber,
                      const LoopState& same, bool alone);
  // How many turns have come back to the state, when one more does.
  static int TurnsTo(const LoopHistory& history, const LoopState& state);
  // Of loops and waits.
  Turn Learned();
  int SoFar(const SiteState& state, ThreadId thread) const {
    return state.execution == execution_ ? state.visits[thread] : 0;
  }
  // Keeps `here_`.
  void Append(Fiber& fiber, int position, const LoopState* previous) const;
  SiteState& At(Site site) {
    SiteState& state = sites_[Hash(site, sites_.size())];
    return state.site == site ? state : Find(site);
  }
  SiteState& Find(Site site);
  static std::size_t Hash(Site site, std::size_t size) {
    return (site * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
  }
  static bool NothingWritten(const LoopHistory& history, std::size_t from);

  ThreadState here_;  // during a visit
  std::vector<SiteState> sites_;
  std::size_t used_ = 0;
  bool any_ = false;  // loop sites
  std::uint32_t version_ = 0;
  std::uint32_t execution_ = 0;
  int unroll_;
  bool lasting_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_LOOPS_H_
