// SPDX-License-Identifier: Apache-2.0
//
// Runs the program's threads as the search wants them to.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_SCHEDULER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_SCHEDULER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "checkers/explorer/runtime/describe.h"
#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/loops.h"
#include "checkers/explorer/runtime/prologue.h"
#include "checkers/explorer/runtime/shadow.h"
#include "checkers/explorer/runtime/signals.h"
#include "checkers/explorer/runtime/tracer.h"
#include "checkers/explorer/runtime/weaken.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

// Why an exploration was cut (Scheduler::cut()).
inline constexpr char kOutOfTime[] = "out of time";

struct TrialLog;

class Scheduler final : private Clocks {
 public:
  Scheduler(const ExploreOptions& options, void* (*function)(void*), void* argument);

  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // All executions, or until an error of the program is found.
  void Run();

  // Run(), step by step: Start(), RunOne() again and again, Stop().
  enum class Step : std::uint8_t {
    kEnd,  // the search has no more
    kRan,
    kLearned,  // more is known about loops now: what was explored does not count (loops.h)
    kFound,    // fault()
  };
  void Start();
  Step RunOne();
  void Stop();
  Search& search() { return search_; }
  Loops& loops() { return loops_; }

  const ExploreOptions& options() const { return options_; }
  const Search& search() const { return search_; }
  const std::array<Fiber, kMaxThreads>& fibers() const { return fibers_; }
  // The execution that has just ended is an error's; null verdict: none.
  const Fault& fault() const { return fault_; }
  CutBy cut() const {
    return cut_.why.empty() && narrowed_ != nullptr ? CutBy{.why = narrowed_} : cut_;
  }
  // The program could do more than what is explored. From its threads, so no memory is allocated.
  void Narrow(const char* how) { narrowed_ = how; }
  int threads() const { return threads_; }
  const Heap& heap() const { return heap_; }
  const Weaken& weaken() const { return weaken_; }
  // What replays the execution of the fault.
  const std::string& path() const { return path_; }
  // What is known of the execution of the fault besides.
  const Tracer& tracer() const { return tracer_; }
  // How many of its operations the fault does not need: they are not in the graph.
  int left_out() const { return left_out_; }
  // From the program's running thread, which joins `joined` and has nothing on its stack below
  // `frame`: does that if it takes no other thread to go on.
  bool JoinAtOnce(ThreadId joined, Site site, std::uintptr_t frame);
  // Who holds the lock at `address`; kNoThread: nobody.
  ThreadId HolderOf(std::uintptr_t address) const;
  // The other thread whose stack the address is on; null: none.
  Fiber* StackOf(std::uintptr_t address, ThreadId thread) {
    if (address - kStacks >= kMaxThreads * kStackStride) return nullptr;
    Fiber& fiber = fibers_[(address - kStacks) / kStackStride];
    return fiber.started && fiber.id != thread && fiber.OnStack(address) ? &fiber : nullptr;
  }
  // That thread, where it has left the function whose memory the address is. `clock` is that of the
  // thread that accesses it.
  const Fiber* DeadStack(std::uintptr_t address, ThreadId thread, const View& clock) {
    const Fiber* const owner = StackOf(address, thread);
    if (owner == nullptr) return nullptr;
    const bool dead = owner->finished ||
                      address < reinterpret_cast<std::uintptr_t>(owner->frame->caller()) ||
                      owner->HasLeft(address, clock.count[static_cast<std::size_t>(owner->id)]);
    return dead ? owner : nullptr;
  }
  // Null: it was not started in this execution.
  Fiber* Thread(ThreadId thread) { return fibers_[thread].started ? &fibers_[thread] : nullptr; }

 private:
  friend class AwaitAdmits;

  static constexpr int kMaxOperations = 10000;  // of a thread in one execution

  // Whether the execution goes on.
  enum class Next : std::uint8_t { kGoOn, kStandBack, kStop };

  void BeginExecution();
  Surroundings Here() {
    return {.fibers = fibers_,
            .threads = threads_,
            .globals = globals_,
            .heap = heap_,
            .shadow = shadow_,
            .loops = loops_};
  }
  // Before an operation of thread 0, that nobody has looked at.
  void ContinuePrologue(const Operation& operation);
  void NameExecution(std::uint64_t execution);
  void EndExecution();
  void RunThread(Fiber& fiber);
  void Resume(Fiber& fiber);
  // Of a thread that has just entered. False: the program is in error.
  bool KeepsStack(Fiber& fiber) {
    const auto frame = reinterpret_cast<std::uintptr_t>(fiber.frame->caller());
    const bool kept = frame <= fiber.last_frame || LeaveStack(fiber, frame);
    fiber.last_frame = frame;
    return kept;
  }
  bool LeaveStack(Fiber& fiber, std::uintptr_t frame);
  bool CheckLeft(Fiber& fiber, std::uintptr_t frame);
  // Where the thread's clock is known already. `again`: no other thread has run since it entered.
  static void ResumeAgain(Fiber& fiber, bool again);
  // Makes out what a thread that has just entered wants.
  void Take(Fiber& fiber);
  static void TakeAtomic(Frame& frame, Operation& operation);
  static Operation* TakeCall(Frame& frame);
  // Does an operation of the thread that the graph has already, if there is nothing to it: false,
  // it must be told.
  bool Repeat(Fiber& fiber);
  // The same of one that has been taken and looked at: its place is in a loop.
  bool RepeatTaken(Fiber& fiber);
  // With `stopped_` where that finds an error.
  void FinishRepeated(Fiber& fiber, const Arrival& arrival, const Search::Repeated& repeated);
  void EndThread(Fiber& fiber, Operation& operation);
  Next TellPending(Fiber& fiber);
  Next Arrive(Fiber& fiber);
  void LimitChoices(Fiber& fiber);
  void CutLoop(const Operation& operation, std::string why);
  Next ArriveAtCall(Fiber& fiber);
  Next GoRound(Fiber& fiber, Operation& operation, Site site);
  bool SomeTurnWasSeen();
  Next Do(Fiber& fiber, Operation& operation);
  void Announce(const Fiber& fiber, const Operation& operation);
  void Ask(Fiber& fiber, Operation& operation);
  // Whether a waiting thread goes on when it reads `value`; else `turn` is its first event in the
  // turn that brings it back.
  // `fails`: whatever it reads.
  bool GoesOn(Fiber& fiber, const Operation& operation, Value value, int& turn, bool fails = false);
  // Notes loads that begin a step, and finds the compare-exchanges that end one. `position` is the
  // event's, or will be.
  Next MatchStep(Fiber& fiber, int position);
  int PartnerOf(const Fiber& fiber) const;
  // By the thread's event there.
  Value ValueRead(const Fiber& fiber, int position) const;
  // Whether what succeeds with another write of the value that the load has read would do the same
  // if the load had read that write.
  bool SwapsTheSame(const Fiber& fiber, const Operation& operation, int partner) const;
  bool SomeStepWasSeen();
  // Lets the thread go on from where it is suspended, with that answer, over stores, to its next
  // operation. Null: to one that cannot be compared.
  Frame* Try(Fiber& fiber, const Operation& answered, TrialLog& log);
  bool StoresAgain(const Fiber& fiber, const TrialLog& log) const;
  // Whether a thread whose compare-exchange fails with `value` is where it would be if the load
  // before had read that.
  bool Rejoins(Fiber& fiber, const Operation& operation, Value value);
  bool AcquiresNoMore(Order order, Order than) const {
    const auto strength = [](Order of) { return of == Order::kSeqCst ? 2 : IsAcquire(of) ? 1 : 0; };
    return options_.model == Model::kSc || strength(order) <= strength(than);
  }

  // A turn of the thread that may be forgotten: from its event `read` on, at which it was in that
  // state, to before `again`, a later read of the same.
  struct Forgotten {
    std::size_t state;
    int read;
    int again;
  };
  // Where a trial has come to.
  struct Reached {
    const Frame* frame = nullptr;
    bool finished = false;  // the thread has
    void* result = nullptr;
  };
  // Of a read that the thread is about to do.
  void FindForgotten(const Fiber& fiber, const Operation& operation);
  // Whether the thread that reads `value` is where it would be without one of those turns. `turn`:
  // its first event behind where it was the same before; negative: it was not.
  bool Forgets(Fiber& fiber, const Operation& operation, Value value, int& turn);
  bool Follow(Fiber& fiber, const Operation& operation, Value value, const Forgotten& forgotten,
              TrialLog& log, int& same);
  bool RunOn(Fiber& fiber, const Operation& answered, TrialLog& log);
  bool Look(const Fiber& fiber, Reached& reached);
  bool IsAt(const Fiber& fiber, const Reached& reached);
  bool GoesRound(const Fiber& fiber, const Operation& operation, const Forgotten& forgotten,
                 const Reached& reached) const;
  int NextRead(const std::vector<EventId>& own, int at) const;
  void NoteBytes(const LoggedWrite* writes, std::size_t count);
  bool LeavesTheSame(const TrialLog& log) const;

  // An execution that is run up to a thread's visit of a loop, and what there is then (later.cc).
  struct Watch {
    ThreadId thread = kNoThread;
    std::uint32_t operations = 0;
    std::uint32_t pause_at = 0;  // then the thread pauses:
    std::int64_t pause = 0;      // for so long
    bool arrived = false;
    std::vector<unsigned char> state = {};
    std::vector<unsigned char> memory = {};
  };
  bool IsLater(const Fiber& fiber, const ThreadState& now, const LoopState& then,
               bool known) override;
  bool TryLater(const Fiber& fiber, const LoopState& then, std::int64_t passed);
  bool Watches(Fiber& fiber, const ThreadState& now) override;

  // False: the program is in error.
  bool Finished(Fiber& fiber, Operation& operation);
  bool Accessed(Fiber& fiber, Operation& operation);
  bool CheckMemory(Fiber& fiber, const Operation& operation);
  bool EnterShadow(Fiber& fiber, const Access& access, const View& clock, bool write);
  bool CheckInitialized(const Fiber& fiber, const Operation& operation);
  static void Return(Fiber& fiber, const Operation& operation);
  ThreadId Like(const Fiber& creator, const Operation& operation);
  void StartThread(Fiber& creator, const Operation& operation);
  void Fail(const Fault& fault);
  bool SomeWaitExpires() const;
  bool SomeThreadEndsProgram() const;
  bool DescribeEndless();
  bool FindRounds(ThreadId thread, Rounds& rounds);
  void DescribeRounds(const Rounds& rounds);
  void DescribeLength();
  void DescribeHang();
  bool HasChanged(std::uintptr_t word, std::uint32_t since) const;
  bool SleepsInVain(const Fiber& fiber) const;

  // What comes of a fault (retell.cc).
  void RunExecution();
  void Retell();
  bool TellAgain(const std::string& graph, const Fault& found);
  bool TakeReplay(std::string_view path);
  std::string SavePart(const Fault& fault, int& left_out) const;
  ThreadId WaitsFor(ThreadId thread) const;
  // Threads each of which waits for the next, and the last for the first.
  std::vector<ThreadId> Cycle() const;
  void TraceOperation(Fiber& fiber, const Operation& operation);
  void TraceWaits();

  ExploreOptions options_;
  Search search_;
  Loops loops_;
  Weaken weaken_;
  Shadow shadow_;
  Heap heap_;
  Globals globals_;
  std::array<Fiber, kMaxThreads> fibers_;
  void* (*function_)(void*);
  void* argument_;

  Prologue prologue_;
  bool in_prologue_ = false;  // which is to be kept: only thread 0 has run
  bool repeats_ = false;      // operations that are there already take the short way
  bool plainly_ = false;      // and nobody chooses who goes on, or looks at what is done
  bool steps_ = false;        // loads and compare-exchanges are taken for one step where they are
  bool stopped_ = false;      // this execution
  bool learned_ = false;      // about a loop: everything starts anew
  Fault fault_;
  CutBy cut_;
  const char* narrowed_ = nullptr;
  std::optional<SignalHandlers> handlers_;
  std::string path_;
  std::string replayed_;  // the graph, if it is a part of one
  bool part_ = false;     // a part of a graph is run
  int left_out_ = 0;
  Tracer tracer_;
  int threads_ = 0;
  std::vector<unsigned char> saved_;    // a stack, during a trial
  std::vector<unsigned char> reached_;  // another
  std::vector<Value> values_;           // that trials must leave alike
  std::vector<Value> undone_;           // for a trial
  std::vector<Forgotten> forgotten_;
  std::vector<std::pair<std::uintptr_t, unsigned char>> after_;  // that trials must leave alike
  ThreadState there_;                                            // during a trial
  std::vector<unsigned char> rest_;                              // of the state before it
  Watch* watch_ = nullptr;
  std::unordered_map<std::string, bool> later_;  // of two states and the time between
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_SCHEDULER_H_
