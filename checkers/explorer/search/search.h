// SPDX-License-Identifier: Apache-2.0
//
// The exploration of a program's execution graphs, each once (TruSt: Kokologiannakis, Marmanis,
// Gladstein, Vafeiadis, "Truly Stateless, Optimal Dynamic Partial Order Reduction", POPL 2022),
// under RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential Consistency in C/C++11",
// PLDI 2017).
//
// The search knows nothing of how threads run. Whoever runs them asks it which thread is next and
// tells it each operation before it takes effect; the search answers what it reads, or that the
// thread has to stand back:
//
//   while (search.Begin()) {
//     ThreadId thread;
//     while ((thread = search.Next()) != kNoThread) run `thread` until it must stand back;
//     search.End();
//   }
//
// A program must do the same whenever its reads and choices return the same. Where it does not, and
// an operation differs from the one in the graph, Failure() says which.
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

enum class Model : std::uint8_t { kRc11, kSc };

enum class Strategy : std::uint8_t {
  kExhaustive,
  // One execution after the other, each drawn at random: which thread goes on at each operation,
  // what it reads, where its writes are placed. How readily threads are switched is drawn for each
  // execution anew: with few switches one thread does a lot while the others wait, and queues fill.
  kRandom,
  // The same, but the thread that goes on is the one of the highest priority; priorities are random
  // and change at `pct_depth` - 1 random operations (Burckhardt, Kothari, Musuvathi, Nagarakatte,
  // "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
  kPct,
  // The first execution follows Options::recorded as far as it can; the others depart from it at a
  // few places, drawn at random.
  kGuided,
};

// What a thread's operation is of: the program's own, or of a modelled function that it calls,
// which does several.
enum class Origin : std::uint8_t { kProgram, kCallBegins, kCallGoesOn };

// An operation that a thread was seen to do in another run of the program. One of what a modelled
// function does stands for all of a call.
struct Recorded {
  enum class Kind : std::uint8_t { kLoad, kStore, kUpdate, kFence, kCall };
  enum class Result : std::uint8_t { kUnknown, kValue, kNotZero };
  ThreadId thread = 0;
  Kind kind = Kind::kCall;
  Result result = Result::kUnknown;  // what was read, or chosen
  Value value = 0;
  int place = 0;  // in the program: the same number, the same place
};

struct Options {
  Model model = Model::kRc11;
  // Release sequences go on over later writes of the same thread (C++11 to C++17).
  bool release_sequence_cxx11 = false;
  Strategy strategy = Strategy::kExhaustive;
  std::uint64_t seed = 1;  // of the random strategies; execution n of a seed is always the same
  int pct_depth = 3;
  // Of kRandom: how probable a switch is at each operation; negative: drawn for each execution.
  double switch_probability = -1;
  std::vector<Recorded> recorded;    // of kGuided, in the order of time
  std::uint64_t max_executions = 0;  // complete and blocked; 0: no bound, unless drawn at random
  // Of the exhaustive search: executions that need more are left out; negative: none. Under kSc an
  // execution's preemptions are those of the interleaving that has the fewest; under kRc11 the
  // order of its events need respect nothing but program order and who reads from whom, so stale
  // reads cost nothing. preemptions.h says what counts.
  int preemptions = -1;
  // Of the exhaustive search: executions that differ only in which of several interchangeable
  // threads (Create() is told of them) did what are explored once. Where that turns out not to be
  // possible, the search starts anew without.
  bool symmetry = false;
  int max_events_per_thread = 10000;
};

// A memory location as an operation names it. Two that overlap must be equal.
struct Access {
  std::uintptr_t address = 0;
  std::uint8_t size = 0;
  Order order = Order::kSeqCst;
  Site site = 0;
  // The location's value before any write of the graph; looked at when the location is new.
  Value initial = 0;
  // Something that a system call does, and that the language says nothing of. What it synchronizes
  // with comes before it for what threads may read, but not for Search::Clock().
  bool internal = false;
};

enum class Rmw : std::uint8_t { kExchange, kAdd, kSub, kAnd, kOr, kXor, kNand, kCompareExchange };

struct Update {
  Rmw operation = Rmw::kExchange;
  Value operand = 0;   // of a compare-exchange: the new value
  Value expected = 0;  // of a compare-exchange
  Order failure = Order::kRelaxed;
  // May fail though the value is the expected one.
  bool weak = false;
};

// The value after `update` to a location of `size` bytes that holds `old`.
Value Updated(const Update& update, Value old, std::uint8_t size);

// What a waiting read takes. Read-modify-writes are asked about the value that they would read.
class Admits {
 public:
  virtual bool operator()(Value value) = 0;
  // Of the value refused last: the thread's first event in the turn of the loop that this read
  // ends, whose other reads might let the thread go on, too. Negative: the wait is this read alone.
  virtual int turn() const { return -1; }
  // Of the value refused last: another execution, without some of the thread's events, goes on from
  // there. One in which the thread waits to the end is blocked, and nothing is wrong with it.
  virtual bool elsewhere() const { return false; }
  // Of one that does so with the thread's event of that number, a read of the same location, and
  // that succeeds only where it reads the same write. Negative: of no such.
  virtual int partner() const { return -1; }
  // Of a weak compare-exchange that would succeed with the value: whether that it fails all the
  // same can make a difference. Where the thread would only try again it does not.
  virtual bool MayFail(Value /*value*/) { return false; }

 protected:
  ~Admits() = default;
};

enum class Action : std::uint8_t {
  kGo,         // done: `value` and `success` are the result
  kStandBack,  // suspend the thread; when Next() names it, tell the same operation again
  kStop,       // the execution is given up (End() says why): no thread goes on
};

struct Answer {
  Action action = Action::kGo;
  Value value = 0;      // read before; the thread created; the choice made
  bool success = true;  // of a compare-exchange
};

enum class Ending : std::uint8_t {
  kComplete,  // every thread has finished
  kBlocked,   // some thread cannot go on here, but the same thread might in another execution
  kHang,      // some thread waits, and no write that it could still see ends that
  kDropped,   // given up: redundant or out of bounds, counted nowhere
  kFailed,    // Failure() says why
};

// What the writes of a loop's turn come to.
enum class Effect : std::uint8_t {
  kLasting,
  kNone,  // each location holds again what the turn found there, and nobody has seen another value
  kSeen,  // so, but another thread has seen a value in between, or written one
};

// Two turns of a loop that a thread has made, one after the other: its events from `first` on, from
// `second` on and to before `end`. Negative: it makes none.
struct TwoTurnsOf {
  int first = -1;
  int second = -1;
  int end = -1;
};
using TwoTurns = std::array<TwoTurnsOf, kMaxThreads>;

struct Counts {
  std::uint64_t complete = 0;
  std::uint64_t blocked = 0;  // hangs included
  std::uint64_t dropped = 0;
  std::uint64_t events = 0;  // added, over all executions
};

// Some of a graph's events. With an event there is each one that is (program order or
// reads-from)-before it.
struct Part {
  View events;
  std::uint16_t going_on = 0;  // a bit for each thread
  ThreadId last = kNoThread;
};

// An atomic access that the program makes, before anything is known of it but this.
struct Arrival {
  enum class Kind : std::uint8_t { kLoad, kStore, kUpdate, kCompareExchange, kFence };
  Kind kind = Kind::kLoad;
  std::uint8_t size = 0;
  std::uintptr_t address = 0;
  Value value = 0;  // to store; of a compare-exchange the new one
  Value expected = 0;
};

class Graph;

class Search {
 public:
  explicit Search(const Options& options);
  ~Search();
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Starts an execution. False when all have been explored, or a bound has cut the search.
  bool Begin();
  // The thread that goes on: while events of the graph are to be repeated one whose next event can
  // be, then the lowest that can do something new.
  ThreadId Next();
  Ending End();
  // The execution was cut: a thread has done Options::max_events_per_thread operations.
  bool TooLong() const;
  // Nothing was cut, so far, but what Options::preemptions leaves out: LeftOut() says whether that
  // is anything.
  bool Complete() const;
  bool LeftOut() const;
  // Some executions were left out because of Options::symmetry, so far.
  bool Symmetric() const;

  // Why a piece was not explored: its threads can be told apart (Options::symmetry), which was
  // not known when the space was divided.
  bool SymmetryFailed() const;

  // Right behind Begin(): thread 0 has told `events`, in this order, though it has not run. False:
  // it would tell others in this execution.
  bool Skip(const std::vector<Event>& events);

  // Operations of the running thread.
  Answer Load(ThreadId thread, const Access& access, Admits* admits = nullptr);
  Answer Store(ThreadId thread, const Access& access, Value value);
  Answer DoUpdate(ThreadId thread, const Access& access, const Update& update,
                  Admits* admits = nullptr);
  Answer Fence(ThreadId thread, Order order, Site site);
  // The new thread runs the same as `like`, which the thread created last. Value: its id.
  Answer Create(ThreadId thread, Site site, ThreadId like = kNoThread);
  Answer Join(ThreadId thread, ThreadId joined, Site site);
  // Where nothing is left to do but for the thread, and the other one has finished; false: it is to
  // be told as above.
  bool JoinAtOnce(ThreadId thread, ThreadId joined, Site site);
  Answer Finish(ThreadId thread);
  // Tells an operation that was in the graph when the execution began, and that waits for nothing.
  // Its event, and for a read-modify-write that writes also that one's. Null: it must be told as
  // above.
  struct Repeated {
    const Event* event = nullptr;
    const Event* last = nullptr;
  };
  Repeated Repeat(ThreadId thread, const Arrival& arrival);
  // One of 0..choices-1; each is explored. With `of_wait` it is whether a wait that could go on for
  // ever is given up.
  Answer Choose(ThreadId thread, int choices, Site site, bool of_wait = false);
  // The thread goes on in no execution that leaves its reads as they are: assume(false), with
  // `first` -1; or the end of a loop's turn that has changed nothing, whose reads are the thread's
  // events from `first` on. A thread that tells this at the same place again is told the same.
  Answer Block(ThreadId thread, int first, Site site);
  // Of the turn of a loop that the thread has made, from its event `first` on.
  Effect EffectOf(ThreadId thread, int first) const;
  // Whether the second turns write just what the first ones do, in the same order, nobody else
  // writes to a location in between, and whoever reads of a second turn may read the same of the
  // first.
  bool WritesTwice(const TwoTurns& turns) const;
  // A thread, none of theirs, that does, and its first and its last such event.
  struct OtherWriter {
    ThreadId thread = kNoThread;  // there is none
    int first = 0;
    int last = 0;
  };
  OtherWriter WriterBetween(const TwoTurns& turns) const;
  // Whether nobody else has an access of a location that the thread's events from `first` on, and
  // before `last`, write to, but before (happens-before) the thread's write or behind it.
  bool AreAlone(ThreadId thread, int first, int last) const;
  // Ends the execution as kFailed without a text: an error of the program was found in it.
  void GiveUp();
  // Forgets everything, counts too, and starts anew: more is known now of what reads admit.
  void Reset();

  // How many events the thread has told in this execution.
  int Position(ThreadId thread) const;
  // Happens-before the thread's next operation, as far as the program may rely on it.
  const View& Clock(ThreadId thread) const;
  // The same up to and with an event.
  const View& ClockOf(EventId event) const;
  // Whether that is Event::hb, so far.
  bool OrdersAll() const;
  // Clock() and Position() at once.
  struct Place {
    const View* clock = nullptr;
    int position = 0;
  };
  Place PlaceOf(ThreadId thread) const;
  // Why a thread does not go on, after a hang: what it waits for.
  const Graph& graph() const;
  std::uintptr_t AddressOf(LocationId location) const;
  const Counts& counts() const;
  // An estimate of how much of the search is done (of the piece that was chosen), from 0 to 1.
  double Explored() const;
  // The same, closer, of a search that is not in pieces, once Estimate() has been called: from then
  // on a few percent of the executions are there for that alone.
  double Done() const;
  void Estimate();
  // Whether the execution is one of those.
  bool Estimates() const;
  const std::string& Failure() const;

  // The current execution graph as text, and back: after Restore() the next Begin() explores
  // exactly that graph, and then nothing. Restore() comes first of all; false where the text is no
  // graph that this search could have saved.
  std::string Save() const;
  bool Restore(std::string_view text);
  // The same of a part of it. Restored, each thread stops behind its last event of the part, or, if
  // it goes on, before its next one; `part.last` goes on when all others have come so far.
  std::string Save(const Part& part) const;
  bool IsPart() const;
  // Of the restored part: the thread must not run on now, though it has been told all it asked for.
  bool Holds(ThreadId thread);
  // Of Strategy::kGuided: what the thread's next operation is of.
  void Announce(ThreadId thread, Origin origin);
  // For who explores one execution aside: it is not to be counted.
  void SetCounts(const Counts& counts);

  // Subtrees, for a search that is spread over processes. Between two executions: sets all that is
  // still to be explored aside, as pieces that share nothing; how many there are now. ChoosePiece()
  // makes one of them what Begin() explores; the pieces behind it move up.
  std::size_t Split();
  // Of all that Split() has set aside and what was explored before, the part that the piece is
  // thought to be.
  double PieceWeight(std::size_t piece) const;
  void ChoosePiece(std::size_t piece);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_H_
