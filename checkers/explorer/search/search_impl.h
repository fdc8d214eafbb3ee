// SPDX-License-Identifier: Apache-2.0
//
// The search's inside. Its functions are in several files:
//   executions.cc  which graph is next, how an execution ends
//   turns.cc       which thread is next
//   loop_turns.cc  what turns of loops come to
//   reads.cc       loads and read-modify-writes, waiting ones too
//   operations.cc  what else a thread does
//   revisits.cc    how one graph becomes another
//   random.cc      executions drawn at random
//   guided.cc      executions that follow one of another run
//   probes.cc      how large the search is
//   saved_graph.cc graphs as text
//   symmetry.cc    interchangeable threads
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_IMPL_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_IMPL_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/consistency.h"
#include "checkers/explorer/search/location_table.h"
#include "checkers/explorer/search/program_clocks.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

// A read-modify-write as the search keeps it.
struct KnownUpdate {
  Update update;
  Order success = Order::kSeqCst;

  bool Succeeds(Value old) const {
    return update.operation != Rmw::kCompareExchange || old == update.expected;
  }
};

inline bool Equal(const KnownUpdate& a, const KnownUpdate& b) {
  return a.update.operation == b.update.operation && a.update.operand == b.update.operand &&
         a.update.expected == b.update.expected && a.update.failure == b.update.failure &&
         a.update.weak == b.update.weak && a.success == b.success;
}

// What is still to be explored of an execution graph: the graph up to `event`, changed there.
struct Item {
  enum class Kind : std::uint8_t {
    kReadFrom,  // the read (or kPark) `event` reads from `write`
    kPlace,     // the write `event` stands behind `write` in coherence order
    kRevisit,   // the read `event` reads from the later write `write`
    kChoose,    // the choice `event` is `write`
    kFail,      // the weak compare-exchange whose read is `event` reads from `write` and fails
    kFailNow,   // the one that was revisited fails, in the graph of the first `write` events
  };
  Kind kind = Kind::kReadFrom;
  EventId event = 0;
  EventId write = 0;
  float weight = 0;  // the share of the whole search that is thought to lie behind it
};

struct Execution {
  Graph graph;
  std::vector<Item> items;
};

enum class Standing : std::uint8_t {
  kUnborn,
  kRuns,     // or could
  kReplays,  // waits until `needs` has been replayed
  kJoins,    // waits for the end of a thread
  kParks,    // waits for a write to a location
  kBlocked,
  kFinished,
};
inline constexpr std::size_t kStates = 7;

struct Thread {
  Standing state = Standing::kUnborn;
  std::size_t position = 0;
  EventId needs = kNoEvent;
  ThreadId joined = kNoThread;
  LocationId location = kNoLocation;
  // The newest write to that location would not end the wait.
  bool waits_in_vain = true;
  bool elsewhere = false;  // Admits::elsewhere(), of a thread that parks
  // Of a blocked thread, and one that waits at the end of a turn: its first event that another
  // execution may change; none: -1.
  int first_of_turn = -1;
};

// What a waiting read has been asked about a value.
struct Asked {
  Value value = 0;
  bool admitted = false;
  int turn = -1;           // Admits::turn()
  bool elsewhere = false;  // Admits::elsewhere()
};

// How far an execution has come in following a recorded one.
struct Guide {
  struct Thread {
    std::vector<std::size_t> own;  // its recorded operations
    std::size_t next = 0;          // of them
    std::size_t late = 0;          // it is put off by that many operations
    std::size_t call = 0;          // the number of the one that its latest call follows, and 1
    // Of its next operation, if that is known: whatever the latest one leads to comes first.
    Origin origin = Origin::kCallGoesOn;
    // Operations that were not recorded come right after the recorded one before, not before the
    // next one.
    bool early = false;
    bool waits = false;     // for a value to read that has not been written
    bool gives_in = false;  // nobody else goes on: it reads what there is
  };
  std::array<Thread, kMaxThreads> threads;
  bool exact = true;
  double stray = 0;                  // how probable it is to read another value
  std::vector<std::size_t> changes;  // the operations before which a thread is put off
};

// One way down the search, drawn at random, and what the earlier ones have told.
struct Probe {
  bool wanted = false;
  bool active = false;
  bool halfway = false;  // not active, but to be gone on with
  // The search's, meanwhile; the probe's, where that is halfway.
  std::vector<std::unique_ptr<Execution>> stack;
  Counts counts;
  double choices = 1;     // there are as many executions like the current one as it stands for
  double executions = 0;  // in the whole search, as this probe guesses
  std::uint64_t length = 0;
  std::uint64_t count = 0;  // of probes, and of what they have guessed:
  double sum = 0;
  std::uint64_t next = 0;    // after how many executions the next one comes
  std::uint64_t events = 0;  // of the executions of all probes, and of those explored:
  std::uint64_t explored_events = 0;
};

class Search::Impl {
 public:
  explicit Impl(const Options& options)
      : options_(options), program_clocks_(options.release_sequence_cxx11) {}

  bool Begin();
  ThreadId Next();
  Ending End();
  bool Skip(const std::vector<Event>& events);
  Answer Read(ThreadId thread, const Access& access, const Update* update, Admits* admits);
  Answer Store(ThreadId thread, const Access& access, Value value);
  Answer Fence(ThreadId thread, Order order, Site site);
  Answer Create(ThreadId thread, Site site, ThreadId like);
  Answer Join(ThreadId thread, ThreadId joined, Site site);
  bool JoinAtOnce(ThreadId thread, ThreadId joined, Site site);
  Answer Finish(ThreadId thread);
  Repeated Repeat(ThreadId thread, const Arrival& arrival);
  Answer Choose(ThreadId thread, int choices, Site site, bool of_wait);
  Answer Block(ThreadId thread, int first);
  Effect EffectOf(ThreadId thread, int first) const;
  bool WritesTwice(const TwoTurns& turns) const;
  // Whether what a thread reads of one of the turns' locks can say which of two turns it may read
  // of another.
  bool OrdersLooks(const TwoTurns& turns) const;
  // Whether a thread that makes none of them may look.
  bool AreWatched(const TwoTurns& turns) const;
  OtherWriter WriterBetween(const TwoTurns& turns) const;
  void Reset();
  std::size_t Split();
  double PieceWeight(std::size_t piece) const { return pieces_[piece]->items.front().weight; }
  void ChoosePiece(std::size_t piece);
  std::string Save(const Part* part) const;
  bool Restore(std::string_view text);

  void Announce(ThreadId thread, Origin origin) { GuideOf(thread).origin = origin; }
  bool IsPart() const { return is_part_; }
  bool Holds(ThreadId thread);
  void SetCounts(const Counts& counts) { counts_ = counts; }

  double Explored() const { return explored_; }
  double Done() const;
  void Estimate() { probe_.wanted = true; }
  bool Estimates() const { return probe_.active; }
  void GiveUp() { stop_ = Ending::kFailed, stopped_ = true; }
  bool LeftOut() const { return left_out_; }
  bool SymmetryFailed() const { return options_.symmetry && twins_differ_ && is_piece_; }
  bool LeftOutTwins() const { return has_twins_ && Symmetric(); }
  bool Complete() const {
    return !cut_ && !Random() && !restored_ && stack_.empty() && failure_.empty() && !fresh_;
  }
  bool TooLong() const { return too_long_; }
  int Position(ThreadId thread) const { return static_cast<int>(At(thread).position); }
  const View& Clock(ThreadId thread) const {
    static const View kNone;
    const Event* before = graph().Before(thread, At(thread).position);
    return before == nullptr ? kNone : before->hb;
  }
  const View& ProgramClock(ThreadId thread) {
    return any_internal_ ? program_clocks_.Before(graph(), thread, At(thread).position)
                         : Clock(thread);
  }
  const View& ProgramClockOf(EventId event) {
    return any_internal_ ? program_clocks_.Of(graph(), event) : graph()[event].hb;
  }
  bool OrdersAll() const { return !any_internal_; }
  const Graph& graph() const { return current_->graph; }
  std::uintptr_t AddressOf(LocationId location) const { return locations_.At(location).address; }
  const Counts& counts() const { return counts_; }
  const std::string& failure() const { return failure_; }
  bool AreAlone(ThreadId thread, int first, int last) const;
  bool IsBlocked(ThreadId thread) const { return At(thread).state == Standing::kBlocked; }

 private:
  Thread& At(ThreadId thread) { return threads_[static_cast<std::size_t>(thread)]; }
  const Thread& At(ThreadId thread) const { return threads_[static_cast<std::size_t>(thread)]; }
  void Set(ThreadId thread, Standing state) {
    const std::uint32_t bit = 1U << thread;
    in_state_[static_cast<std::size_t>(At(thread).state)] &= ~bit;
    in_state_[static_cast<std::size_t>(state)] |= bit;
    At(thread).state = state;
  }
  template <typename Visit>
  void ForEachIn(Standing state, Visit visit) {
    for (std::uint32_t left = in_state_[static_cast<std::size_t>(state)]; left != 0;
         left &= left - 1) {
      visit(static_cast<ThreadId>(std::countr_zero(left)));
    }
  }
  // Those that run, or could if what they wait for were replayed.
  std::uint32_t Running() const {
    return in_state_[static_cast<std::size_t>(Standing::kRuns)] |
           in_state_[static_cast<std::size_t>(Standing::kReplays)];
  }
  Graph& G() { return current_->graph; }

  // Of an event's order.
  Order OrderOf(Order order) {
    if (options_.model == Model::kSc && order != Order::kPlain) order = Order::kSeqCst;
    any_sc_ = any_sc_ || order == Order::kSeqCst;
    return order;
  }
  bool ScConsistent(const Graph& graph, EventId touched) {
    return !any_sc_ || explorer::ScConsistent(graph, touched, sc_);
  }
  std::uint16_t Intern(const Update& update, Order success);
  LocationId Locate(const Access& access);
  bool IsAt(const Access& access, LocationId location) const {
    const LocationTable::Entry& entry = locations_.At(location);
    return entry.address == access.address && entry.size == access.size;
  }

  // Running.
  void StartRun();
  void ShareWeight(bool ran);
  bool WithinBounds(bool complete);
  // Of a thread that is blocked at the end of a turn: whether it goes round for ever.
  bool Repeats(ThreadId thread) const;
  // Of a turn that a thread goes round in: a write of it will be taken back, or has been.
  bool InTurn(EventId id) const;
  bool OtherTurnLooksAt(ThreadId thread, LocationId location) const;
  bool WaitsForTurn(ThreadId thread) const;
  bool Replaying(ThreadId thread) const {
    return At(thread).position < current_->graph.thread(thread).size();
  }
  const Event& Replayed(ThreadId thread) const {
    return current_->graph[current_->graph.thread(thread)[At(thread).position]];
  }
  bool HasReplayed(EventId id) const {
    const Event& event = current_->graph[id];
    return At(event.thread).position > event.index;
  }
  void Advance(ThreadId thread);
  void Advance(ThreadId thread, EventId id);
  EventId NeededBy(ThreadId thread) const;
  ThreadId Root(ThreadId thread);
  ThreadId NextToReplay() const;
  void WakeJoining();
  void FailToRepeat(ThreadId thread);
  // Of no recorded kind: of a thread's life.
  bool MustYield(ThreadId thread, Recorded::Kind kind = Recorded::Kind::kCall,
                 bool follows = false);
  bool AtEndOfPart(ThreadId thread) const;
  bool GoesOn(ThreadId thread) const { return (part_.going_on >> thread & 1) != 0; }
  ThreadId LowestOfPart() const;
  Answer StandBack() const { return {Action::kStandBack, 0, false}; }
  Answer WaitFor(ThreadId thread, EventId event);
  Answer Stop(Ending ending);
  Answer Fail(std::string what);
  Answer Differs(ThreadId thread, Site site, const char* what);
  Answer Resolve(ThreadId thread, EventId read, Admits* admits);
  // Of an event that is there already. Part of no graph's text.
  void MarkInternal(EventId id, const Access& access) {
    if (!access.internal) return;
    any_internal_ = true;
    G()[id].internal = true;
  }
  void AddJoin(ThreadId thread, ThreadId joined, Site site);
  // Closes the graph's open event, which is then the thread's last.
  EventId Append();
  Answer AddRead(ThreadId thread, const Access& access, LocationId location, const Update* update,
                 Admits* admits, EventId park);
  Answer Park(ThreadId thread, LocationId location);
  bool IsOfAnotherStep(ThreadId thread, int partner, std::uint16_t update_id, LocationId location,
                       EventId write) const;
  bool Taken(LocationId location, std::size_t co, const View& prefix) const;

  // Changing graphs.
  bool Apply(const Item& item);
  bool ApplyRevisit(const Execution& from, EventId read, EventId write);
  // Sets what a read reads from; for a read-modify-write also its order.
  void SetReadsFrom(Graph& graph, EventId read, EventId write);
  bool WritesNow(const Graph& graph, EventId read) const;
  // Whether it may read `write` and fail all the same, as the weak ones do.
  bool MayFail(const Event& event, Value value) const {
    return event.update && !event.is_await && MayFail(event.update_id, value);
  }
  bool MayFail(std::uint16_t update_id, Value value) const;
  // The write of the read-modify-write whose read is given. False: another one reads the same
  // write, and only the revisits that undo that one are to be explored.
  bool AddUpdateWrite(Execution& execution, EventId read);
  View ReleaseOf(const Graph& graph, EventId write) const;
  // Gives an event the views that follow from those of the events before it.
  void SettleEvent(Graph& graph, EventId id);
  bool Settle(Graph& graph);
  static bool FitTogether(const Graph& graph);
  bool UpdatesFit(const Graph& graph) const;
  void Revisits(Execution& execution, EventId write, std::size_t conflict);
  // The write behind which a waiting read has waited, if a revisit has made it; else kNoEvent.
  static EventId Behind(const Graph& graph, const Event& read);
  // A revisit has made a read wait behind a write, the newest then. It may read `write` if that
  // comes of it and nothing else that comes with `write` is newer than what it waits behind; or if
  // that is so step by step. Otherwise it reads `write` where it waits behind something else, and
  // only there.
  static bool Follows(const Graph& graph, EventId write, EventId behind);
  bool IsMaximal(const Graph& graph, EventId read, EventId write) const;
  void Wake(LocationId location);

  // Probes for the size of the search.
  bool BeginProbe();
  bool ProbesAreCheap() const;
  void EnterProbe();
  void LeaveProbe();
  Item DrawItem(const Execution& execution);
  bool ContinueProbe();
  Ending EndProbe();
  Ending Judge();

  // Interchangeable threads.
  bool Symmetric() const { return options_.symmetry && !twins_differ_ && !Random() && !restored_; }
  ThreadId TwinFor(ThreadId creator, ThreadId like) const;
  // Of the counterpart of the thread's event behind its first `count` ones.
  View CounterpartPrefix(const Graph& graph, ThreadId thread, std::size_t count) const;
  void AddCounterpart(Graph& graph, EventId id) const;
  bool FollowsTwin(ThreadId thread, LocationId location);
  // The event does not come before its counterpart; no event of the graph does.
  bool InOrder(const Graph& graph, EventId id) const;
  bool InOrder(const Graph& graph) const;
  void CheckOrderOf(const Graph& graph, EventId write);
  void CheckJoins(ThreadId thread);
  // Starts anew without. False: not possible.
  bool GiveSymmetryUp();

  // Random executions.
  bool Random() const { return options_.strategy != Strategy::kExhaustive; }
  std::uint64_t Draw();
  // Less than `bound`.
  std::size_t Draw(std::size_t bound) { return static_cast<std::size_t>(Draw() % bound); }
  bool DrawWith(double probability);
  void BeginRandom();
  ThreadId NextAtRandom();
  bool Switches(ThreadId thread);
  EventId DrawWrite(EventId read);
  void PlaceAtRandom(EventId write, std::size_t lowest);

  // Guided executions.
  bool Guided() const { return options_.strategy == Strategy::kGuided; }
  Guide::Thread& GuideOf(ThreadId thread) {
    return guide_.threads[static_cast<std::size_t>(thread)];
  }
  void BeginGuided();
  std::size_t TimeOf(ThreadId thread) const;
  ThreadId NextGuided();
  // The operation of the thread's that it has come to: its number among the thread's recorded ones,
  // or their count.
  std::size_t FindRecorded(ThreadId thread, Recorded::Kind kind);
  // Whether the thread stands back before an operation of that kind; otherwise it has done it.
  bool SwitchesGuided(ThreadId thread, Recorded::Kind kind, bool follows);
  void Follow(ThreadId thread, std::size_t number);
  // Sets what the new read is to read: the newest write, or one of `others_`. False: it has to wait
  // for what was read in the recorded execution.
  bool FindGuidedWrite(ThreadId thread, LocationId location, bool update, bool awaits);
  std::size_t GuidedChoice(ThreadId thread, std::size_t choices);

  std::unique_ptr<Execution> NewExecution();
  void Recycle();

  Options options_;
  Counts counts_;
  std::string failure_;
  std::vector<std::unique_ptr<Execution>> stack_;
  std::vector<std::unique_ptr<Execution>> unused_;
  std::vector<std::unique_ptr<Execution>> pieces_;
  Execution* current_ = nullptr;
  bool fresh_ = true;
  bool cut_ = false;
  bool too_long_ = false;   // a thread has done all that it may in this execution
  bool left_out_ = false;   // an execution, because of its preemptions
  bool has_twins_ = false;  // threads that are interchangeable, until:
  bool twins_differ_ = false;
  bool is_piece_ = false;  // what is explored
  bool restored_ = false;  // and whether that has been explored:
  bool begun_ = false;
  bool is_part_ = false;  // and then:
  Part part_;
  double explored_ = 0;
  double weight_ = 1;           // of the current execution and what was found in it
  std::size_t first_item_ = 0;  // that the current execution has added to its graph's

  Probe probe_;

  LocationTable locations_;
  std::vector<KnownUpdate> updates_;
  bool any_fence_ = false;
  bool any_sc_ = false;        // event is sequentially consistent
  bool any_internal_ = false;  // event orders nothing for the program
  ProgramClocks program_clocks_;
  ScScratch sc_;
  std::vector<EventId> renumbered_;
  std::vector<EventId> others_;
  std::vector<EventId> failures_;
  std::vector<Asked> admitted_;

  std::array<Thread, kMaxThreads> threads_;
  std::array<std::uint32_t, kStates> in_state_{};  // a bit for each thread
  ThreadId last_ = kNoThread;                      // that Next() has named
  // Of a thread that Next() has named, who could not be, then.
  std::array<ThreadId, kMaxThreads> waiting_for_{};
  std::uint32_t replaying_ = 0;  // those with events that have not happened again

  std::uint64_t random_ = 0;
  double switch_probability_ = 0;
  ThreadId turn_ = kNoThread;  // whose next operation is not to be put off
  std::array<std::uint32_t, kMaxThreads> priorities_{};
  std::vector<std::size_t> changes_;  // of priorities: before which operations
  std::size_t operations_ = 0;        // in this execution
  std::size_t longest_ = 1;           // most operations of an execution so far

  Guide guide_;
  EventId guided_write_ = kNoEvent;

  // A revisited read of a thread that waits: it is not known yet whether it admits the value.
  EventId tentative_ = kNoEvent;
  bool stopped_ = false;
  Ending stop_ = Ending::kComplete;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_SEARCH_IMPL_H_
