// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/search.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/consistency.h"
#include "checkers/explorer/search/location_table.h"

namespace heddle::explorer {

Value Updated(const Update& update, Value old, std::uint8_t size) {
  Value result = update.operand;
  switch (update.operation) {
    case Rmw::kExchange:
    case Rmw::kCompareExchange:
      break;
    case Rmw::kAdd:
      result = old + update.operand;
      break;
    case Rmw::kSub:
      result = old - update.operand;
      break;
    case Rmw::kAnd:
      result = old & update.operand;
      break;
    case Rmw::kOr:
      result = old | update.operand;
      break;
    case Rmw::kXor:
      result = old ^ update.operand;
      break;
    case Rmw::kNand:
      result = ~(old & update.operand);
      break;
  }
  if (size < sizeof(Value)) result &= (Value{1} << (8 * size)) - 1;
  return result;
}

namespace {

// A read-modify-write as the search keeps it.
struct KnownUpdate {
  Update update;
  Order success = Order::kSeqCst;

  bool Succeeds(Value old) const {
    return update.operation != Rmw::kCompareExchange || old == update.expected;
  }
  Order OrderAt(Value old) const { return Succeeds(old) ? success : update.failure; }
};

bool Equal(const KnownUpdate& a, const KnownUpdate& b) {
  return a.update.operation == b.update.operation && a.update.operand == b.update.operand &&
         a.update.expected == b.update.expected && a.update.failure == b.update.failure &&
         a.success == b.success;
}

// What is still to be explored of an execution graph: the graph up to `event`, changed there.
struct Item {
  enum class Kind : std::uint8_t {
    kReadFrom,  // the read (or kPark) `event` reads from `write`
    kPlace,     // the write `event` stands behind `write` in coherence order
    kRevisit,   // the read `event` reads from the later write `write`
    kChoose,    // the choice `event` is `write`
  };
  Kind kind = Kind::kReadFrom;
  EventId event = 0;
  EventId write = 0;
};

struct Execution {
  Graph graph;
  std::vector<Item> items;
};

enum class State : std::uint8_t {
  kUnborn,
  kRuns,     // or could
  kReplays,  // waits until `needs` has been replayed
  kJoins,    // waits for the end of a thread
  kParks,    // waits for a write to a location
  kBlocked,
  kFinished,
};

struct Thread {
  State state = State::kUnborn;
  std::size_t position = 0;
  EventId needs = kNoEvent;
  ThreadId joined = kNoThread;
  LocationId location = kNoLocation;
  // Of a blocked thread: its first event that another execution may change; none: -1.
  int first_of_turn = -1;
};

}  // namespace

class Search::Impl {
 public:
  explicit Impl(const Options& options) : options_(options) {}

  bool Begin();
  ThreadId Next();
  Ending End();
  Answer Read(ThreadId thread, const Access& access, const Update* update, Admits* admits);
  Answer Store(ThreadId thread, const Access& access, Value value);
  Answer Fence(ThreadId thread, Order order, Site site);
  Answer Create(ThreadId thread, Site site);
  Answer Join(ThreadId thread, ThreadId joined, Site site);
  Answer Finish(ThreadId thread);
  Answer Choose(ThreadId thread, int choices, Site site);
  Answer Block(ThreadId thread, int first);
  void Reset();
  std::size_t Split();
  void ChoosePiece(std::size_t piece);

  void GiveUp() { stop_ = Ending::kFailed, stopped_ = true; }
  bool Complete() const { return !cut_ && stack_.empty() && failure_.empty() && !fresh_; }
  int Position(ThreadId thread) const { return static_cast<int>(At(thread).position); }
  const View& Clock(ThreadId thread) const {
    static const View kNone;
    const Event* before = graph().Before(thread, At(thread).position);
    return before == nullptr ? kNone : before->hb;
  }
  const Graph& graph() const { return current_->graph; }
  std::uintptr_t AddressOf(LocationId location) const { return locations_.At(location).address; }
  const Counts& counts() const { return counts_; }
  const std::string& failure() const { return failure_; }
  bool IsBlocked(ThreadId thread) const { return At(thread).state == State::kBlocked; }

 private:
  Thread& At(ThreadId thread) { return threads_[static_cast<std::size_t>(thread)]; }
  const Thread& At(ThreadId thread) const { return threads_[static_cast<std::size_t>(thread)]; }
  Graph& G() { return current_->graph; }

  Order OrderOf(Order order) const {
    return options_.model == Model::kSc && order != Order::kPlain ? Order::kSeqCst : order;
  }
  std::uint16_t Intern(const Update& update, Order success);
  LocationId Locate(const Access& access);

  // Running.
  void StartRun();
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
  ThreadId Root(ThreadId thread);
  bool MustYield(ThreadId thread) const;
  Answer StandBack() const { return {Action::kStandBack, 0, false}; }
  Answer WaitFor(ThreadId thread, EventId event);
  Answer Stop(Ending ending);
  Answer Fail(std::string what);
  Answer Differs(ThreadId thread, Site site, const char* what);
  Answer Resolve(ThreadId thread, EventId read, Admits* admits);
  EventId Append(Event event);
  Answer AddRead(ThreadId thread, const Access& access, LocationId location, const Update* update,
                 Admits* admits, EventId floor, bool parked);
  Answer Park(ThreadId thread, LocationId location);
  bool Taken(LocationId location, std::size_t co, const View& prefix) const;

  // Changing graphs.
  bool Apply(const Item& item);
  bool ApplyRevisit(const Execution& from, EventId read, EventId write);
  // Sets what a read reads from; for a read-modify-write also its order.
  void SetReadsFrom(Graph& graph, EventId read, EventId write);
  bool WritesNow(const Graph& graph, EventId read) const;
  // The write of the read-modify-write whose read is given. False: another one reads the same
  // write, and only the revisits that undo that one are to be explored.
  bool AddUpdateWrite(Execution& execution, EventId read);
  View ReleaseOf(const Graph& graph, EventId write) const;
  void Revisits(Execution& execution, EventId write, std::size_t conflict);
  bool IsMaximal(const Graph& graph, EventId read, EventId write) const;
  void Wake(LocationId location);

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

  LocationTable locations_;
  std::vector<KnownUpdate> updates_;
  bool any_fence_ = false;
  std::vector<EventId> renumbered_;
  std::vector<EventId> others_;
  std::vector<std::pair<Value, bool>> admitted_;

  std::array<Thread, kMaxThreads> threads_;
  // A revisited read of a thread that waits: it is not known yet whether it admits the value.
  EventId tentative_ = kNoEvent;
  bool stopped_ = false;
  Ending stop_ = Ending::kComplete;
};

// ---- Executions

std::unique_ptr<Execution> Search::Impl::NewExecution() {
  if (unused_.empty()) return std::make_unique<Execution>();
  std::unique_ptr<Execution> execution = std::move(unused_.back());
  unused_.pop_back();
  return execution;
}

void Search::Impl::Recycle() {
  stack_.back()->items.clear();
  stack_.back()->graph.Clear();
  unused_.push_back(std::move(stack_.back()));
  stack_.pop_back();
}

void Search::Impl::Reset() {
  while (!stack_.empty()) Recycle();
  counts_ = Counts();
  cut_ = false;
  fresh_ = true;
}

bool Search::Impl::Begin() {
  if (!failure_.empty()) return false;
  if (options_.max_executions != 0 &&
      counts_.complete + counts_.blocked >= options_.max_executions) {
    cut_ = cut_ || fresh_ || std::any_of(stack_.begin(), stack_.end(), [](const auto& execution) {
             return !execution->items.empty();
           });
    return false;
  }
  if (fresh_) {
    fresh_ = false;
    stack_.push_back(NewExecution());
    StartRun();
    return true;
  }
  while (!stack_.empty()) {
    if (stack_.back()->items.empty()) {
      Recycle();
      continue;
    }
    const Item item = stack_.back()->items.back();
    stack_.back()->items.pop_back();
    tentative_ = kNoEvent;
    if (Apply(item)) {
      StartRun();
      return true;
    }
    if (!failure_.empty()) return false;
  }
  return false;
}

void Search::Impl::StartRun() {
  current_ = stack_.back().get();
  threads_.fill(Thread());
  At(0).state = State::kRuns;
  stopped_ = false;
}

Ending Search::Impl::End() {
  if (stopped_) {
    if (stop_ == Ending::kDropped) ++counts_.dropped;
    if (stop_ == Ending::kBlocked) ++counts_.blocked;
    return stop_;
  }
  bool all_finished = true;
  bool hang = true;
  for (ThreadId id = 0; id < kMaxThreads; ++id) {
    const Thread& thread = At(id);
    if (thread.state == State::kUnborn || thread.state == State::kFinished) continue;
    all_finished = false;
    if (thread.state != State::kBlocked) continue;
    // A turn that has changed nothing, in which all was as new as can be, repeats for ever.
    hang = hang && thread.first_of_turn >= 0;
    const std::vector<EventId>& own = graph().thread(id);
    for (std::size_t i = static_cast<std::size_t>(std::max(thread.first_of_turn, 0));
         hang && i < own.size(); ++i) {
      const Event& event = graph()[own[i]];
      if (event.kind != Kind::kRead) continue;
      // Its own silent write may have come behind what it read.
      const std::size_t newest = graph().location(event.location).writes.size();
      hang = graph().Co(event.reads_from) + (event.update ? 1U : 0U) >= newest;
    }
  }
  if (all_finished) {
    ++counts_.complete;
    return Ending::kComplete;
  }
  ++counts_.blocked;
  return hang ? Ending::kHang : Ending::kBlocked;
}

// ---- Whose turn it is

// Who has to run so that a thread that waits for a replayed event can go on.
ThreadId Search::Impl::Root(ThreadId thread) {
  for (int i = 0; i < kMaxThreads; ++i) {
    const Thread& it = At(thread);
    if (it.state == State::kRuns) return thread;
    if (it.state == State::kReplays) {
      thread = graph()[it.needs].thread;
    } else if (it.state == State::kUnborn && graph().creator(thread) != kNoEvent) {
      thread = graph()[graph().creator(thread)].thread;
    } else {
      break;
    }
  }
  return kNoThread;
}

ThreadId Search::Impl::Next() {
  if (stopped_) return kNoThread;
  ThreadId lowest = kNoThread;
  if (tentative_ != kNoEvent) {
    lowest = graph()[tentative_].thread;
  } else {
    for (ThreadId thread = 0; thread < kMaxThreads && lowest == kNoThread; ++thread) {
      const State state = At(thread).state;
      if (state == State::kRuns || state == State::kReplays) lowest = thread;
    }
    if (lowest == kNoThread) return kNoThread;
  }
  const ThreadId root = Root(lowest);
  if (root == kNoThread) {
    Fail("the program did not repeat: thread " + std::to_string(lowest) +
         " waits for an operation that its thread does not do again");
  }
  return root;
}

bool Search::Impl::MustYield(ThreadId thread) const {
  if (tentative_ != kNoEvent) return true;
  for (ThreadId lower = 0; lower < thread; ++lower) {
    const State state = At(lower).state;
    if (state == State::kRuns || state == State::kReplays) return true;
  }
  return false;
}

void Search::Impl::Advance(ThreadId thread) {
  const EventId id = graph().thread(thread)[At(thread).position];
  Advance(thread, id);
}

void Search::Impl::Advance(ThreadId thread, EventId id) {
  ++At(thread).position;
  for (Thread& other : threads_) {
    if (other.state == State::kReplays && other.needs == id) other.state = State::kRuns;
  }
}

Answer Search::Impl::WaitFor(ThreadId thread, EventId event) {
  At(thread).state = State::kReplays;
  At(thread).needs = event;
  return StandBack();
}

Answer Search::Impl::Stop(Ending ending) {
  stopped_ = true;
  stop_ = ending;
  return {Action::kStop, 0, false};
}

Answer Search::Impl::Fail(std::string what) {
  if (failure_.empty()) failure_ = std::move(what);
  return Stop(Ending::kFailed);
}

Answer Search::Impl::Differs(ThreadId thread, Site site, const char* what) {
  const Event& event = Replayed(thread);
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "the program did not repeat: operation %d of thread %d is now %s at 0x%zx, and was "
                "another at 0x%zx",
                Position(thread), thread, what, static_cast<std::size_t>(site),
                static_cast<std::size_t>(event.site));
  return Fail(text.data());
}

std::uint16_t Search::Impl::Intern(const Update& update, Order success) {
  const KnownUpdate wanted{update, success};
  for (std::size_t i = updates_.size(); i-- > 0;) {
    if (Equal(updates_[i], wanted)) return static_cast<std::uint16_t>(i);
  }
  updates_.push_back(wanted);
  return static_cast<std::uint16_t>(updates_.size() - 1);
}

LocationId Search::Impl::Locate(const Access& access) {
  const LocationId id = locations_.Find(access.address, access.size);
  if (id == kNoLocation) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(),
                  "atomic accesses of different sizes overlap at address 0x%zx: not supported",
                  static_cast<std::size_t>(access.address));
    Fail(text.data());
    return id;
  }
  Graph::Location& location = G().Touch(id);
  if (location.accesses.empty()) location.initial = access.initial;
  return id;
}

EventId Search::Impl::Append(Event event) {
  ++counts_.events;
  const EventId id = G().Add(event);
  ++At(event.thread).position;
  return id;
}

void Search::Impl::Wake(LocationId location) {
  for (Thread& thread : threads_) {
    if (thread.state == State::kParks && thread.location == location) thread.state = State::kRuns;
  }
}

// ---- Reads

Answer Search::Impl::Read(ThreadId thread, const Access& access, const Update* update,
                          Admits* admits) {
  if (stopped_) return Stop(stop_);
  const LocationId location = Locate(access);
  if (location == kNoLocation) return Stop(Ending::kFailed);
  EventId floor = kNoEvent;
  bool parked = false;
  const auto park = [&](const Event& event, EventId id) {
    parked = true;
    floor = event.reads_from == kNoEvent ? id : event.reads_from;
  };
  const std::vector<EventId>& own = graph().thread(thread);
  if (Replaying(thread)) {
    const Event& first = Replayed(thread);
    if ((first.kind != Kind::kRead && first.kind != Kind::kPark) || first.location != location ||
        first.update != (update != nullptr)) {
      return Differs(thread, access.site, update == nullptr ? "a load" : "a read-modify-write");
    }
    while (Replaying(thread) && Replayed(thread).kind == Kind::kPark) {
      park(Replayed(thread), own[At(thread).position]);
      Advance(thread);
    }
    if (Replaying(thread)) {
      const EventId id = own[At(thread).position];
      const Event& event = graph()[id];
      if (event.kind != Kind::kRead || event.location != location) {
        return Differs(thread, access.site, "a waiting read");
      }
      if (event.reads_from != kInit && !HasReplayed(event.reads_from)) {
        return WaitFor(thread, event.reads_from);
      }
      if (id == tentative_) return Resolve(thread, id, admits);
      Answer answer{Action::kGo, event.value, true};
      if (update != nullptr) {
        answer.success = updates_[event.update_id].Succeeds(event.value);
        if (updates_[event.update_id].update.operation == Rmw::kCompareExchange &&
            (update->expected != updates_[event.update_id].update.expected ||
             update->operand != updates_[event.update_id].update.operand)) {
          return Differs(thread, access.site, "a compare-exchange of other values");
        }
      }
      Advance(thread);
      if (update != nullptr && answer.success) {
        if (!Replaying(thread)) return Fail("internal: a read-modify-write without its write");
        Advance(thread);
      }
      return answer;
    }
  } else if (!own.empty() && graph()[own.back()].kind == Kind::kPark) {
    park(graph()[own.back()], own.back());
  }
  if (MustYield(thread)) return StandBack();
  if (own.size() >= static_cast<std::size_t>(options_.max_events_per_thread) ||
      graph().size() + kMaxThreads >= kNoEvent) {
    cut_ = true;
    return Stop(Ending::kBlocked);
  }
  return AddRead(thread, access, location, update, admits, floor, parked);
}

// Whether a read-modify-write that is there to stay reads the write at this place.
bool Search::Impl::Taken(LocationId location, std::size_t co, const View& prefix) const {
  const std::vector<EventId>& writes = graph().location(location).writes;
  if (co >= writes.size()) return false;
  const Event& next = graph()[writes[co]];
  if (!next.update) return false;
  const EventId read = graph().thread(next.thread)[next.index - std::size_t{1}];
  if (!graph()[read].revisitable || graph().Contains(prefix, read)) return true;
  const EventId write = graph().WriteAt(location, co);
  return write != kInit && graph().Contains(graph()[write].porf, read);
}

Answer Search::Impl::AddRead(ThreadId thread, const Access& access, LocationId location,
                             const Update* update, Admits* admits, EventId floor, bool parked) {
  const Order order = OrderOf(access.order);
  Event event;
  event.kind = Kind::kRead;
  event.thread = static_cast<std::uint8_t>(thread);
  event.order = order;
  event.location = location;
  event.size = access.size;
  event.site = access.site;
  event.update = update != nullptr;
  event.is_await = admits != nullptr;
  if (update != nullptr) {
    Update known = *update;
    known.failure = OrderOf(known.failure);
    event.update_id = Intern(known, order);
  }

  admitted_.clear();
  const auto admitted = [&](EventId write) {
    if (parked && (write == kInit || write <= floor)) return false;
    if (admits == nullptr) return true;
    const Value value = graph().ValueOf(write, location);
    for (const auto& [known, answer] : admitted_) {
      if (known == value) return answer;
    }
    const bool answer = (*admits)(value);
    admitted_.emplace_back(value, answer);
    return answer;
  };

  const Event* before = graph().Before(thread, At(thread).position);
  const View clock = before == nullptr ? View() : before->hb;
  const View prefix = before == nullptr ? View() : before->porf;
  const std::size_t newest = graph().location(location).writes.size();
  others_.clear();
  if (order != Order::kPlain) {
    for (std::size_t co = graph().LowerBound(location, clock); co < newest; ++co) {
      const EventId write = graph().WriteAt(location, co);
      if (update != nullptr &&
          updates_[event.update_id].Succeeds(graph().ValueOf(write, location)) &&
          Taken(location, co, prefix)) {
        continue;
      }
      if (admitted(write)) others_.push_back(write);
    }
  }
  const bool goes_on = admitted(graph().Newest(location));
  EventId id = kNoEvent;
  if (goes_on) {
    id = Append(event);
  } else {
    if (parked && others_.empty()) return Park(thread, location);
    event.kind = Kind::kPark;
    id = Append(event);
  }
  for (const EventId write : others_) {
    current_->items.push_back({Item::Kind::kReadFrom, id, write});
  }
  if (!goes_on) return Park(thread, location);

  SetReadsFrom(G(), id, graph().Newest(location));
  Answer answer{Action::kGo, graph()[id].value, true};
  if (update != nullptr) {
    answer.success = WritesNow(graph(), id);
    if (answer.success) {
      AddUpdateWrite(*current_, id);
      ++At(thread).position;
    }
  }
  return answer;
}

Answer Search::Impl::Park(ThreadId thread, LocationId location) {
  At(thread).state = State::kParks;
  At(thread).location = location;
  return StandBack();
}

// A waiting read was revisited: does it admit what it reads now?
Answer Search::Impl::Resolve(ThreadId thread, EventId read, Admits* admits) {
  tentative_ = kNoEvent;
  const Event event = graph()[read];
  if (admits == nullptr || (*admits)(event.value)) {
    Advance(thread);
    Answer answer{Action::kGo, event.value, true};
    if (event.update) {
      answer.success = WritesNow(graph(), read);
      if (answer.success) {
        if (!AddUpdateWrite(*current_, read)) return Stop(Ending::kDropped);
        ++At(thread).position;
      }
    }
    return answer;
  }
  // Only the newest write makes it wait: what comes next in coherence order could end the wait.
  if (!event.maximal) return Stop(Ending::kDropped);
  G().TurnIntoPark(read);
  Advance(thread);
  return Park(thread, event.location);
}

// ---- Other operations

Answer Search::Impl::Store(ThreadId thread, const Access& access, Value value) {
  if (stopped_) return Stop(stop_);
  const LocationId location = Locate(access);
  if (location == kNoLocation) return Stop(Ending::kFailed);
  if (Replaying(thread)) {
    const Event& event = Replayed(thread);
    if (event.kind != Kind::kWrite || event.update || event.location != location ||
        event.value != value) {
      return Differs(thread, access.site, "a store (perhaps of another value)");
    }
    Advance(thread);
    return {};
  }
  if (MustYield(thread)) return StandBack();
  if (graph().thread(thread).size() >= static_cast<std::size_t>(options_.max_events_per_thread) ||
      graph().size() + kMaxThreads >= kNoEvent) {
    cut_ = true;
    return Stop(Ending::kBlocked);
  }
  Event event;
  event.kind = Kind::kWrite;
  event.thread = static_cast<std::uint8_t>(thread);
  event.order = OrderOf(access.order);
  event.location = location;
  event.size = access.size;
  event.site = access.site;
  event.value = value;
  const View clock = Clock(thread);
  const EventId id = Append(event);
  G()[id].release = ReleaseOf(graph(), id);
  const std::vector<EventId>& writes = graph().location(location).writes;
  if (event.order != Order::kPlain) {
    for (std::size_t co = graph().LowerBound(location, clock); co + 1 < writes.size(); ++co) {
      if (graph()[writes[co]].update) continue;  // nothing comes between it and what it reads
      current_->items.push_back({Item::Kind::kPlace, id, graph().WriteAt(location, co)});
    }
  }
  Revisits(*current_, id, graph().size());
  Wake(location);
  return {};
}

Answer Search::Impl::Fence(ThreadId thread, Order order, Site site) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    if (Replayed(thread).kind != Kind::kFence) return Differs(thread, site, "a fence");
    Advance(thread);
    return {};
  }
  if (MustYield(thread)) return StandBack();
  any_fence_ = true;
  Event event;
  event.kind = Kind::kFence;
  event.thread = static_cast<std::uint8_t>(thread);
  event.order = OrderOf(order);
  event.site = site;
  const EventId id = Append(event);
  if (IsAcquire(event.order)) {
    for (const EventId own : graph().thread(thread)) {
      const Event& read = graph()[own];
      if (read.kind == Kind::kRead && read.reads_from != kInit) {
        G()[id].hb.Join(graph()[read.reads_from].release);
      }
    }
  }
  return {};
}

Answer Search::Impl::Create(ThreadId thread, Site site) {
  if (stopped_) return Stop(stop_);
  ThreadId created = kNoThread;
  if (Replaying(thread)) {
    if (Replayed(thread).kind != Kind::kCreate) return Differs(thread, site, "a thread's creation");
    created = Replayed(thread).peer;
    Advance(thread);
  } else {
    if (MustYield(thread)) return StandBack();
    created = graph().UnusedThread();
    if (created == kNoThread) {
      return Fail("more than " + std::to_string(kMaxThreads) + " threads: not supported");
    }
    Event event;
    event.kind = Kind::kCreate;
    event.thread = static_cast<std::uint8_t>(thread);
    event.peer = static_cast<std::uint8_t>(created);
    event.site = site;
    Append(event);
  }
  At(created).state = State::kRuns;
  return {Action::kGo, static_cast<Value>(created), true};
}

Answer Search::Impl::Join(ThreadId thread, ThreadId joined, Site site) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    const Event& event = Replayed(thread);
    if (event.kind != Kind::kJoin || event.peer != joined) {
      return Differs(thread, site, "a thread's join");
    }
    if (At(joined).state != State::kFinished) {
      return WaitFor(thread, graph().thread(joined).back());
    }
    Advance(thread);
    return {};
  }
  if (MustYield(thread)) return StandBack();
  const std::vector<EventId>& events = graph().thread(joined);
  if (events.empty() || graph()[events.back()].kind != Kind::kFinish) {
    At(thread).state = State::kJoins;
    At(thread).joined = joined;
    return StandBack();
  }
  // It may have ended in the graph and not yet have been replayed.
  if (At(joined).state != State::kFinished) return WaitFor(thread, events.back());
  Event event;
  event.kind = Kind::kJoin;
  event.thread = static_cast<std::uint8_t>(thread);
  event.peer = static_cast<std::uint8_t>(joined);
  event.site = site;
  const EventId id = Append(event);
  G()[id].hb.Join(graph()[events.back()].hb);
  G()[id].porf.Join(graph()[events.back()].porf);
  return {};
}

Answer Search::Impl::Finish(ThreadId thread) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    if (Replayed(thread).kind != Kind::kFinish) return Differs(thread, 0, "the thread's end");
    At(thread).state = State::kFinished;
    Advance(thread);
  } else {
    if (MustYield(thread)) return StandBack();
    Event event;
    event.kind = Kind::kFinish;
    event.thread = static_cast<std::uint8_t>(thread);
    Append(event);
    At(thread).state = State::kFinished;
  }
  for (Thread& other : threads_) {
    if (other.state == State::kJoins && other.joined == thread) other.state = State::kRuns;
  }
  return {};
}

Answer Search::Impl::Choose(ThreadId thread, int choices, Site site) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    const Event& event = Replayed(thread);
    if (event.kind != Kind::kChoose) return Differs(thread, site, "a choice");
    Advance(thread);
    return {Action::kGo, event.value, true};
  }
  if (MustYield(thread)) return StandBack();
  Event event;
  event.kind = Kind::kChoose;
  event.thread = static_cast<std::uint8_t>(thread);
  event.site = site;
  const EventId id = Append(event);
  for (int choice = choices - 1; choice > 0; --choice) {
    current_->items.push_back({Item::Kind::kChoose, id, static_cast<EventId>(choice)});
  }
  return {};
}

Answer Search::Impl::Block(ThreadId thread, int first) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) return Fail("the program did not repeat: a thread goes round earlier");
  At(thread).state = State::kBlocked;
  At(thread).first_of_turn = first;
  if (first < 0) return StandBack();
  // A turn's read can still change where it and all the turn's reads behind it were maximal: a
  // revisit deletes those. When none can, the thread is stuck in all that follows.
  const std::vector<EventId>& own = graph().thread(thread);
  bool may_change = false;
  for (std::size_t i = static_cast<std::size_t>(first); i < own.size(); ++i) {
    const Event& event = graph()[own[i]];
    if (event.kind != Kind::kRead) continue;
    may_change = event.maximal && (may_change || event.revisitable);
  }
  return may_change ? StandBack() : Stop(Ending::kBlocked);
}

// ---- Graphs

void Search::Impl::SetReadsFrom(Graph& graph, EventId read, EventId write) {
  Event& event = graph[read];
  if (event.update) {
    event.order = updates_[event.update_id].OrderAt(graph.ValueOf(write, event.location));
  }
  graph.SetReadsFrom(read, write);
}

bool Search::Impl::WritesNow(const Graph& graph, EventId read) const {
  const Event& event = graph[read];
  return event.update && updates_[event.update_id].Succeeds(event.value);
}

View Search::Impl::ReleaseOf(const Graph& graph, EventId write) const {
  const Event& event = graph[write];
  View release;
  if (event.order == Order::kPlain) return release;
  const std::vector<EventId>& own = graph.thread(event.thread);
  // [rel] | [F_rel];po, of a write at place `index`.
  const auto headed = [&](const Event& head) {
    if (IsRelease(head.order)) {
      release.Join(head.hb);
    } else if (any_fence_) {
      for (std::size_t i = head.index; i-- > 0;) {
        const Event& earlier = graph[own[i]];
        if (earlier.kind != Kind::kFence || !IsRelease(earlier.order)) continue;
        release.Join(earlier.hb);
        break;
      }
    }
  };
  headed(event);
  if (options_.release_sequence_cxx11) {
    for (std::size_t i = 0; i < event.index; ++i) {
      const Event& earlier = graph[own[i]];
      if (earlier.kind == Kind::kWrite && earlier.location == event.location) headed(earlier);
    }
  }
  if (event.update) {
    const EventId source = graph[own[event.index - std::size_t{1}]].reads_from;
    if (source != kInit) release.Join(graph[source].release);
  }
  return release;
}

bool Search::Impl::AddUpdateWrite(Execution& execution, EventId read) {
  Graph& graph = execution.graph;
  const Event of_read = graph[read];
  Event event;
  event.kind = Kind::kWrite;
  event.thread = of_read.thread;
  event.order = of_read.order;
  event.location = of_read.location;
  event.size = of_read.size;
  event.site = of_read.site;
  event.update = true;
  event.value = Updated(updates_[of_read.update_id].update, of_read.value, of_read.size);
  ++counts_.events;
  const EventId id = graph.Add(event);
  std::size_t conflict = graph.size();
  const std::size_t co = graph.Co(of_read.reads_from);
  const std::vector<EventId>& writes = graph.location(of_read.location).writes;
  if (co + 1 < writes.size()) {
    const Event& next = graph[writes[co]];
    // Two read-modify-writes cannot read the same write.
    if (next.update) conflict = writes[co];
    graph.Place(id, of_read.reads_from);
  }
  graph[id].release = ReleaseOf(graph, id);
  const bool conflicts = conflict != graph.size();
  if (!conflicts && co + 1 < writes.size() && !ScConsistent(graph, id)) return false;
  Revisits(execution, id, conflict);
  if (conflicts) return false;
  Wake(of_read.location);
  return true;
}

// What a write that was just added lets earlier reads of its location read instead. With a
// conflict: only revisits that undo the read-modify-write whose write `conflict` is.
void Search::Impl::Revisits(Execution& execution, EventId write, std::size_t conflict) {
  const Graph& graph = execution.graph;
  const Event& of_write = graph[write];
  const std::vector<EventId>& accesses = graph.location(of_write.location).accesses;
  for (std::size_t i = accesses.size(); i-- > 0;) {
    const EventId read = accesses[i];
    const Event& event = graph[read];
    if (event.kind != Kind::kRead || read > conflict || !event.revisitable || !event.maximal ||
        Graph::Contains(of_write.porf, event)) {
      continue;
    }
    const Event* before = graph.Before(event.thread, event.index);
    const View clock = before == nullptr ? View() : before->hb;
    if (graph.LowerBound(of_write.location, clock) > of_write.co) continue;
    if (!IsMaximal(graph, read, write)) break;
    execution.items.push_back({Item::Kind::kRevisit, read, write});
  }
}

// The events that a revisit deletes are what always taking the maximal choice would add again: so
// this is the one graph from which the revisit is made (TruSt's maximal extensions).
bool Search::Impl::IsMaximal(const Graph& graph, EventId read, EventId write) const {
  const View& prefix = graph[write].porf;
  const auto kept = [&](EventId id) { return id <= read || graph.Contains(prefix, id); };
  const Event& of_write = graph[write];
  const std::vector<EventId>& siblings = graph.location(of_write.location).writes;
  if (!of_write.update && of_write.co < siblings.size() && !kept(siblings[of_write.co])) {
    return false;
  }
  for (std::size_t i = read; i < graph.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    if (id == write || (id != read && kept(id))) continue;
    const Event& event = graph[id];
    if (!event.maximal) return false;
    if (event.kind != Kind::kRead && event.kind != Kind::kWrite) continue;
    const bool is_read = event.kind == Kind::kRead;
    const std::vector<EventId>& writes = graph.location(event.location).writes;
    for (std::size_t co = is_read ? graph.Co(event.reads_from) : event.co; co < writes.size();
         ++co) {
      if (writes[co] != write && kept(writes[co])) return false;
    }
    if (is_read && event.reads_from != kInit && event.reads_from > id && !kept(event.reads_from)) {
      return false;
    }
  }
  return true;
}

bool Search::Impl::ApplyRevisit(const Execution& from, EventId read, EventId write) {
  const View prefix = from.graph[write].porf;
  std::unique_ptr<Execution> execution = NewExecution();
  Graph& graph = execution->graph;
  from.graph.Restrict(read + std::size_t{1}, prefix, graph, renumbered_);
  const EventId new_write = renumbered_[write];
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    if (graph.Contains(prefix, id)) graph[id].revisitable = false;
  }
  SetReadsFrom(graph, read, new_write);
  graph[read].maximal = graph.Newest(graph[read].location) == new_write;
  stack_.push_back(std::move(execution));
  if (!ScConsistent(graph, read)) return false;
  if (graph[read].is_await) {
    tentative_ = read;
    return true;
  }
  return !WritesNow(graph, read) || AddUpdateWrite(*stack_.back(), read);
}

bool Search::Impl::Apply(const Item& item) {
  Execution& execution = *stack_.back();
  Graph& graph = execution.graph;
  switch (item.kind) {
    case Item::Kind::kReadFrom: {
      Event event = graph[item.event];
      graph.Cut(item.event);
      event.kind = Kind::kRead;
      event.maximal = false;
      graph.Add(event);
      SetReadsFrom(graph, item.event, item.write);
      if (!ScConsistent(graph, item.event)) return false;
      return !WritesNow(graph, item.event) || AddUpdateWrite(execution, item.event);
    }
    case Item::Kind::kPlace:
      graph.Cut(item.event + std::size_t{1});
      graph.Place(item.event, item.write);
      graph[item.event].maximal = false;
      if (!ScConsistent(graph, item.event)) return false;
      Revisits(execution, item.event, graph.size());
      return true;
    case Item::Kind::kRevisit:
      graph.Cut(item.write + std::size_t{1});
      return ApplyRevisit(execution, item.event, item.write);
    case Item::Kind::kChoose:
      graph.Cut(item.event + std::size_t{1});
      graph[item.event].value = item.write;
      graph[item.event].maximal = false;
      return true;
  }
  return false;
}

// ---- Subtrees

std::size_t Search::Impl::Split() {
  for (const std::unique_ptr<Execution>& execution : stack_) {
    for (const Item& item : execution->items) {
      auto piece = std::make_unique<Execution>(*execution);
      piece->items.assign(1, item);
      pieces_.push_back(std::move(piece));
    }
  }
  while (!stack_.empty()) Recycle();
  return pieces_.size();
}

void Search::Impl::ChoosePiece(std::size_t piece) {
  while (!stack_.empty()) Recycle();
  fresh_ = false;
  stack_.push_back(std::move(pieces_[piece]));
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
}

// ---- The public face

Search::Search(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Search::~Search() = default;
bool Search::Begin() { return impl_->Begin(); }
ThreadId Search::Next() { return impl_->Next(); }
Ending Search::End() { return impl_->End(); }
bool Search::Complete() const { return impl_->Complete(); }
Answer Search::Load(ThreadId thread, const Access& access, Admits* admits) {
  return impl_->Read(thread, access, nullptr, admits);
}
Answer Search::Store(ThreadId thread, const Access& access, Value value) {
  return impl_->Store(thread, access, value);
}
Answer Search::DoUpdate(ThreadId thread, const Access& access, const Update& update,
                        Admits* admits) {
  return impl_->Read(thread, access, &update, admits);
}
Answer Search::Fence(ThreadId thread, Order order, Site site) {
  return impl_->Fence(thread, order, site);
}
Answer Search::Create(ThreadId thread, Site site) { return impl_->Create(thread, site); }
Answer Search::Join(ThreadId thread, ThreadId joined, Site site) {
  return impl_->Join(thread, joined, site);
}
Answer Search::Finish(ThreadId thread) { return impl_->Finish(thread); }
Answer Search::Choose(ThreadId thread, int choices, Site site) {
  return impl_->Choose(thread, choices, site);
}
Answer Search::Block(ThreadId thread, int first, Site /*site*/) {
  return impl_->Block(thread, first);
}
void Search::GiveUp() { impl_->GiveUp(); }
void Search::Reset() { impl_->Reset(); }
int Search::Position(ThreadId thread) const { return impl_->Position(thread); }
const View& Search::Clock(ThreadId thread) const { return impl_->Clock(thread); }
const Graph& Search::graph() const { return impl_->graph(); }
std::uintptr_t Search::AddressOf(LocationId location) const { return impl_->AddressOf(location); }
const Counts& Search::counts() const { return impl_->counts(); }
const std::string& Search::Failure() const { return impl_->failure(); }
std::size_t Search::Split() { return impl_->Split(); }
void Search::ChoosePiece(std::size_t piece) { impl_->ChoosePiece(piece); }

}  // namespace heddle::explorer
