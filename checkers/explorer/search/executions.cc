// SPDX-License-Identifier: Apache-2.0
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
#include "checkers/explorer/search/preemptions.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

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
  if (probe_.active) std::swap(stack_, probe_.stack);
  probe_.stack.clear();
  const bool wanted = probe_.wanted;
  probe_ = Probe();
  probe_.wanted = wanted;
  while (!stack_.empty()) Recycle();
  pieces_.clear();
  counts_ = Counts();
  explored_ = 0;
  weight_ = 1;
  first_item_ = 0;
  cut_ = false;
  left_out_ = false;
  fresh_ = true;
  tentative_ = kNoEvent;
}

bool Search::Impl::Begin() {
  if (!failure_.empty()) return false;
  if (restored_) {
    if (begun_) return false;
    begun_ = true;
    StartRun();
    return true;
  }
  if (options_.symmetry && twins_differ_ && !GiveSymmetryUp()) return false;
  if (options_.max_executions != 0 &&
      counts_.complete + counts_.blocked >= options_.max_executions) {
    cut_ = cut_ || fresh_ || std::any_of(stack_.begin(), stack_.end(), [](const auto& execution) {
             return !execution->items.empty();
           });
    return false;
  }
  if (fresh_) {
    fresh_ = false;
    if (Random()) {
      BeginRandom();
      return true;
    }
    stack_.push_back(NewExecution());
    StartRun();
    return true;
  }
  if (Random() && !restored_) {
    BeginRandom();
    return true;
  }
  if (probe_.active ? ContinueProbe() : BeginProbe()) return true;
  while (!stack_.empty()) {
    if (stack_.back()->items.empty()) {
      Recycle();
      continue;
    }
    const Item item = stack_.back()->items.back();
    stack_.back()->items.pop_back();
    tentative_ = kNoEvent;
    weight_ = item.weight;
    first_item_ = item.kind == Item::Kind::kRevisit ? 0 : stack_.back()->items.size();
    if (Apply(item) && WithinBounds(false)) {
      StartRun();
      return true;
    }
    ShareWeight(false);
    if (!failure_.empty()) return false;
  }
  return options_.symmetry && twins_differ_ && Begin();
}

void Search::Impl::StartRun() {
  program_clocks_.Forget();
  too_long_ = false;
  current_ = stack_.back().get();
  threads_.fill(Thread());
  in_state_.fill(0);
  last_ = kNoThread;
  waiting_for_.fill(kNoThread);
  replaying_ = 0;
  for (ThreadId thread = 0; thread < graph().threads(); ++thread) {
    if (!graph().thread(thread).empty()) replaying_ |= 1U << thread;
  }
  Set(0, is_part_ && AtEndOfPart(0) && !GoesOn(0) ? Standing::kBlocked : Standing::kRuns);
  stopped_ = false;
}

// What was found on the way shares the weight of where it was found (Knuth, "Estimating the
// Efficiency of Backtrack Programs", 1975).
void Search::Impl::ShareWeight(bool ran) {
  std::vector<Item>& items = stack_.back()->items;
  const std::size_t shares = items.size() - std::min(first_item_, items.size()) + (ran ? 1 : 0);
  if (shares == 0) {
    explored_ += weight_;
    return;
  }
  const double share = weight_ / static_cast<double>(shares);
  for (std::size_t i = first_item_; i < items.size(); ++i) {
    items[i].weight = static_cast<float>(share);
  }
  if (ran) explored_ += share;
}

// On the way to an execution within the bound there are graphs that need more preemptions: where
// threads have done what a revisit is going to delete, each of them may have been left once for
// that, but the last (after Marmanis, Vafeiadis, "Reconciling Preemption Bounding with DPOR", TACAS
// 2023, where the slack is the number of threads less two).
bool Search::Impl::WithinBounds(bool complete) {
  if (options_.preemptions < 0 || Random() || restored_) return true;
  const Graph& graph = stack_.back()->graph;
  int slack = 0;
  if (!complete) {
    int unsettled = 0;
    for (ThreadId thread = 0; thread < graph.threads(); ++thread) {
      const std::vector<EventId>& own = graph.thread(thread);
      unsettled += std::any_of(own.begin(), own.end(), [&](EventId id) {
        const Event& event = graph[id];
        return event.revisitable && event.maximal && event.kind != Kind::kCreate;
      });
    }
    slack = std::max(0, std::min(graph.threads() - 2, unsettled - 1));
  }
  const bool within =
      WithinPreemptions(graph, options_.preemptions + slack, options_.model == Model::kSc);
  left_out_ = left_out_ || !within;
  return within;
}

// The next turn reads the newest writes. Where those are of the same values, it is the same turn.
bool Search::Impl::Repeats(ThreadId thread) const {
  const std::vector<EventId>& own = graph().thread(thread);
  bool reads = At(thread).state == Standing::kParks;  // the newest write would not end that
  for (auto i = static_cast<std::size_t>(At(thread).first_of_turn); i < own.size(); ++i) {
    const Event& event = graph()[own[i]];
    // What a lock protects is another thing once somebody else has had it; and who knows what will
    // be chosen next.
    if (event.kind == Kind::kWrite) {
      const std::vector<EventId>& writes = graph().location(event.location).writes;
      if (!std::all_of(writes.begin() + event.co, writes.end(),
                       [this](EventId later) { return InTurn(later); })) {
        return false;
      }
    }
    if (event.kind == Kind::kChoose && !event.is_await) return false;
    if (event.kind != Kind::kRead) continue;
    reads = true;
    // What the turn itself has written it writes again. Where another turn looks at that it hangs
    // on their pace whether both go on.
    const EventId from = event.reads_from;
    if (from != kInit && graph()[from].thread == thread && InTurn(from) &&
        !OtherTurnLooksAt(thread, event.location)) {
      continue;
    }
    if (event.value != graph().ValueOf(graph().Newest(event.location), event.location)) {
      return false;
    }
  }
  return reads;
}

bool Search::Impl::OtherTurnLooksAt(ThreadId thread, LocationId location) const {
  const std::vector<EventId>& accesses = graph().location(location).accesses;
  return std::any_of(accesses.begin(), accesses.end(), [&](EventId id) {
    return graph()[id].thread != thread && graph()[id].kind == Kind::kRead && InTurn(id);
  });
}

bool Search::Impl::InTurn(EventId id) const {
  const Event& event = graph()[id];
  const Thread& thread = At(event.thread);
  return thread.state == Standing::kBlocked && thread.first_of_turn >= 0 &&
         event.index >= thread.first_of_turn;
}

// What a thread waits for may be there for a while whenever another one goes round. The value that
// is there in the end is known not to be it.
bool Search::Impl::WaitsForTurn(ThreadId thread) const {
  const LocationId location = At(thread).location;
  const std::vector<EventId>& writes = graph().location(location).writes;
  const Value in_the_end = graph().ValueOf(graph().Newest(location), location);
  return std::any_of(writes.begin(), writes.end(), [&](EventId id) {
    return InTurn(id) && graph().ValueOf(id, location) != in_the_end;
  });
}

Effect Search::Impl::EffectOf(ThreadId thread, int first) const {
  const std::vector<EventId>& own = graph().thread(thread);
  const auto begin = static_cast<std::size_t>(first);
  const std::size_t end = std::min(At(thread).position, own.size());
  const auto writes_to = [&](std::size_t i, LocationId location) {
    return graph()[own[i]].kind == Kind::kWrite && graph()[own[i]].location == location;
  };
  bool seen = false;
  for (std::size_t opening = begin; opening < end; ++opening) {
    const LocationId location = graph()[own[opening]].location;
    if (!writes_to(opening, location)) continue;
    std::size_t before = opening;  // the thread's write to the location before this one
    do {
      --before;
    } while (before != static_cast<std::size_t>(-1) && !writes_to(before, location));
    if (before != static_cast<std::size_t>(-1) && before >= begin) continue;  // not the first
    // Only of what the thread knows itself can it know that it is back to that.
    Value found = 0;
    bool next_to = true;
    if (graph()[own[opening]].update && opening > begin) {
      found = graph()[own[opening - 1]].value;
    } else if (before != static_cast<std::size_t>(-1)) {
      found = graph()[own[before]].value;
      next_to = graph()[own[opening]].co == graph()[own[before]].co + 1;
    } else {
      return Effect::kLasting;
    }
    seen = seen || !next_to;
    EventId last = own[opening];
    for (std::size_t i = opening + 1; i < end; ++i) {
      if (!writes_to(i, location)) continue;
      const Event& write = graph()[own[i]];
      if (write.update && graph()[own[i - 1]].reads_from != last) return Effect::kLasting;
      seen = seen || write.co != graph()[last].co + 1;
      last = own[i];
    }
    if (graph()[last].value != found) return Effect::kLasting;
    for (const EventId id : graph().location(location).accesses) {
      const Event& read = graph()[id];
      if (read.kind != Kind::kRead || read.thread == thread) continue;
      const std::uint16_t co = graph().Co(read.reads_from);
      seen = seen || (co >= graph()[own[opening]].co && co < graph()[last].co);
    }
  }
  return seen ? Effect::kSeen : Effect::kNone;
}

namespace {

bool IsIn(const Event& event, const TwoTurns& turns) {
  const TwoTurnsOf& of = turns[event.thread];
  return event.index >= of.first && event.index < of.end;
}

// The places of a location's writes from the first one of the turns to behind the last one.
std::pair<std::size_t, std::size_t> Written(const Graph& graph, const std::vector<EventId>& writes,
                                            const TwoTurns& turns) {
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (!IsIn(graph[writes[i]], turns)) continue;
    if (end == 0) begin = i;
    end = i + 1;
  }
  return {begin, end};
}

}  // namespace

Search::OtherWriter Search::Impl::WriterBetween(const TwoTurns& turns) const {
  OtherWriter writer;
  for (std::size_t i = 0; i < graph().locations(); ++i) {
    const std::vector<EventId>& writes = graph().location(static_cast<LocationId>(i)).writes;
    const auto [begin, end] = Written(graph(), writes, turns);
    for (std::size_t k = begin; k < end; ++k) {
      const Event& write = graph()[writes[k]];
      if (IsIn(write, turns)) continue;
      if (writer.thread == kNoThread) {
        writer = {.thread = write.thread, .first = write.index, .last = write.index};
      }
      if (write.thread != writer.thread) continue;
      writer.first = std::min<int>(writer.first, write.index);
      writer.last = std::max<int>(writer.last, write.index);
    }
  }
  return writer;
}

bool Search::Impl::OrdersLooks(const TwoTurns& turns) const {
  bool fenced = false;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::vector<EventId>& events = graph().thread(static_cast<ThreadId>(i));
    for (int k = turns[i].first; k >= 0 && k < turns[i].end; ++k) {
      fenced = fenced || graph()[events[static_cast<std::size_t>(k)]].kind == Kind::kFence;
    }
  }
  return fenced || options_.model == Model::kSc;
}

bool Search::Impl::AreWatched(const TwoTurns& turns) const {
  for (ThreadId id = 0; id < kMaxThreads; ++id) {
    const Standing state = At(id).state;
    if (state == Standing::kUnborn || turns[static_cast<std::size_t>(id)].first >= 0) continue;
    if (state != Standing::kJoins) return true;
    const std::vector<EventId>& events = graph().thread(id);
    const auto created = std::find_if(events.begin(), events.end(), [this](EventId event) {
      return graph()[event].kind == Kind::kCreate;
    });
    if (std::any_of(created, events.end(),
                    [this](EventId event) { return graph()[event].kind == Kind::kRead; })) {
      return true;
    }
  }
  return false;
}

bool Search::Impl::WritesTwice(const TwoTurns& turns) const {
  std::size_t locks = 0;
  const auto in_second = [&turns](const Event& write) {
    return write.index >= turns[write.thread].second;
  };
  for (std::size_t i = 0; i < graph().locations(); ++i) {
    const std::vector<EventId>& writes = graph().location(static_cast<LocationId>(i)).writes;
    const auto [begin, end] = Written(graph(), writes, turns);
    const std::size_t once = (end - begin) / 2;
    if (once * 2 != end - begin) return false;
    if (once != 0 && ++locks > 1 && OrdersLooks(turns) && AreWatched(turns)) return false;
    for (std::size_t k = begin; k < begin + once; ++k) {
      const Event& write = graph()[writes[k]];
      const Event& copy = graph()[writes[k + once]];
      if (!IsIn(write, turns) || !IsIn(copy, turns) || in_second(write) || !in_second(copy) ||
          write.thread != copy.thread || write.value != copy.value) {
        return false;
      }
    }
  }
  return true;
}

bool Search::Impl::AreAlone(ThreadId thread, int first, int last) const {
  const std::vector<EventId>& own = graph().thread(thread);
  for (int i = first; i < last; ++i) {
    const EventId id = own[static_cast<std::size_t>(i)];
    const Event& write = graph()[id];
    if (write.kind != Kind::kWrite) continue;
    const Event* const before = graph().Before(thread, write.index);
    for (const EventId access : graph().location(write.location).accesses) {
      const Event& other = graph()[access];
      if (other.thread == thread || other.kind == Kind::kPark) continue;
      if (before != nullptr && graph().Contains(before->hb, access)) continue;
      const Event* const earlier = graph().Before(other.thread, other.index);
      if (earlier == nullptr || !graph().Contains(earlier->hb, id)) return false;
    }
  }
  return true;
}

Ending Search::Impl::End() {
  if (probe_.active) return EndProbe();
  probe_.explored_events += graph().size();
  if (!Random()) ShareWeight(true);
  return Judge();
}

Ending Search::Impl::Judge() {
  if (stopped_) {
    if (stop_ == Ending::kDropped) ++counts_.dropped;
    if (stop_ == Ending::kBlocked) ++counts_.blocked;
    return stop_;
  }
  bool all_finished = true;
  bool hang = true;
  for (ThreadId id = 0; id < kMaxThreads; ++id) {
    const Thread& thread = At(id);
    if (thread.state == Standing::kUnborn || thread.state == Standing::kFinished) continue;
    all_finished = false;
    if (thread.state == Standing::kParks) {
      hang = hang && !thread.elsewhere && thread.waits_in_vain && !WaitsForTurn(id) &&
             (thread.first_of_turn < 0 || Repeats(id));
    }
    if (thread.state != Standing::kBlocked) continue;
    hang = hang && thread.first_of_turn >= 0 && Repeats(id);
  }
  hang = hang && !all_finished;
  if (!hang && (!WithinBounds(true) || (all_finished && !InOrder(graph())))) {
    ++counts_.dropped;
    return Ending::kDropped;
  }
  if (all_finished) {
    ++counts_.complete;
    return Ending::kComplete;
  }
  ++counts_.blocked;
  return hang ? Ending::kHang : Ending::kBlocked;
}

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
  is_piece_ = true;
  stack_.push_back(std::move(pieces_[piece]));
  stack_.back()->items.front().weight = 1;
  explored_ = 0;
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
}

}  // namespace heddle::explorer
