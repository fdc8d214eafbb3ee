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
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

Answer Search::Impl::Store(ThreadId thread, const Access& access, Value value) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    const Event& event = Replayed(thread);
    if (event.kind != Kind::kWrite || event.update || !IsAt(access, event.location) ||
        event.value != value) {
      return Differs(thread, access.site, "a store (perhaps of another value)");
    }
    MarkInternal(graph().thread(thread)[At(thread).position], access);
    Advance(thread);
    return {};
  }
  if (MustYield(thread, Recorded::Kind::kStore, true)) return StandBack();
  const LocationId location = Locate(access);
  if (location == kNoLocation) return Stop(Ending::kFailed);
  if (graph().thread(thread).size() >= static_cast<std::size_t>(options_.max_events_per_thread) ||
      graph().size() + kMaxThreads >= kNoEvent) {
    cut_ = too_long_ = true;
    return Stop(Ending::kBlocked);
  }
  Event& event = G().Open(thread, Kind::kWrite);
  event.order = OrderOf(access.order);
  event.location = location;
  event.size = access.size;
  event.site = access.site;
  event.value = value;
  event.internal = access.internal;
  any_internal_ = any_internal_ || access.internal;
  const View clock = Clock(thread);
  const EventId id = Append();
  SettleEvent(G(), id);
  const std::vector<EventId>& writes = graph().location(location).writes;
  if (event.order != Order::kPlain && Random()) {
    PlaceAtRandom(id, graph().LowerBound(location, clock));
  } else if (event.order != Order::kPlain) {
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
  if (MustYield(thread, Recorded::Kind::kFence, true)) return StandBack();
  any_fence_ = true;
  Event& event = G().Open(thread, Kind::kFence);
  event.order = OrderOf(order);
  event.site = site;
  SettleEvent(G(), Append());
  return {};
}

Answer Search::Impl::Create(ThreadId thread, Site site, ThreadId like) {
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
    const auto twin = static_cast<std::uint64_t>(TwinFor(thread, like)) + 1;  // 0: none
    Event& event = G().Open(thread, Kind::kCreate);
    event.peer = static_cast<std::uint8_t>(created);
    event.site = site;
    event.value = twin;
    has_twins_ = has_twins_ || event.value != 0;
    G().StartViews(Append());
  }
  const bool stays = is_part_ && AtEndOfPart(created) && !GoesOn(created);
  Set(created, stays ? Standing::kBlocked : Standing::kRuns);
  return {Action::kGo, static_cast<Value>(created), true};
}

Answer Search::Impl::Join(ThreadId thread, ThreadId joined, Site site) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    const Event& event = Replayed(thread);
    if (event.kind != Kind::kJoin || event.peer != joined) {
      return Differs(thread, site, "a thread's join");
    }
    if (At(joined).state != Standing::kFinished) {
      return WaitFor(thread, graph().thread(joined).back());
    }
    Advance(thread);
    return {};
  }
  if (MustYield(thread)) return StandBack();
  const bool waits = At(joined).state != Standing::kFinished;
  if (waits || (!Random() && (Running() & ~(1U << thread)) != 0)) {
    Set(thread, Standing::kJoins);
    At(thread).joined = joined;
    return StandBack();
  }
  AddJoin(thread, joined, site);
  return {};
}

bool Search::Impl::JoinAtOnce(ThreadId thread, ThreadId joined, Site site) {
  if (stopped_ || replaying_ != 0 || tentative_ != kNoEvent || is_part_ || Random() ||
      Running() != 1U << thread || At(joined).state != Standing::kFinished) {
    return false;
  }
  AddJoin(thread, joined, site);
  return true;
}

void Search::Impl::AddJoin(ThreadId thread, ThreadId joined, Site site) {
  Event& event = G().AddOwn(thread, Kind::kJoin);
  event.peer = static_cast<std::uint8_t>(joined);
  event.site = site;
  const Event& finish = graph()[graph().thread(joined).back()];
  event.hb.Join(finish.hb);
  event.porf.Join(finish.porf);
  ++counts_.events;
  ++At(thread).position;
}

Answer Search::Impl::Finish(ThreadId thread) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    if (Replayed(thread).kind != Kind::kFinish) return Differs(thread, 0, "the thread's end");
    Set(thread, Standing::kFinished);
    Advance(thread);
  } else {
    // It is all the same when.
    if ((is_part_ || Random()) && MustYield(thread)) return StandBack();
    G().AddOwn(thread, Kind::kFinish);
    ++counts_.events;
    ++At(thread).position;
    Set(thread, Standing::kFinished);
  }
  if (Random()) WakeJoining();
  return {};
}

Search::Repeated Search::Impl::Repeat(ThreadId thread, const Arrival& arrival) {
  const std::vector<EventId>& own = graph().thread(thread);
  const std::size_t position = At(thread).position;
  if (stopped_ || position >= own.size()) return {};
  const EventId id = own[position];
  const Event& event = graph()[id];
  const Event* last = &event;
  if (arrival.kind == Arrival::Kind::kFence) {
    if (event.kind != Kind::kFence) return {};
  } else {
    if (event.location == kNoLocation) return {};
    const LocationTable::Entry& entry = locations_.At(event.location);
    if (entry.address != arrival.address || entry.size != arrival.size) return {};
    if (arrival.kind == Arrival::Kind::kStore) {
      if (event.kind != Kind::kWrite || event.update || event.value != arrival.value) return {};
    } else if (event.kind != Kind::kRead || id == tentative_ ||
               event.update == (arrival.kind == Arrival::Kind::kLoad) ||
               (event.reads_from != kInit && !HasReplayed(event.reads_from))) {
      return {};
    }
    if (event.kind == Kind::kRead && event.update) {
      const KnownUpdate& known = updates_[event.update_id];
      const bool compares = arrival.kind == Arrival::Kind::kCompareExchange;
      if ((known.update.operation == Rmw::kCompareExchange) != compares ||
          (compares &&
           (known.update.expected != arrival.expected || known.update.operand != arrival.value))) {
        return {};
      }
      if (WritesNow(graph(), id)) {
        if (position + 1 >= own.size()) return {};
        last = &graph()[own[position + 1]];
        Advance(thread, own[position]);
        Advance(thread, own[position + 1]);
        return {&event, last};
      }
    }
  }
  Advance(thread, id);
  return {&event, last};
}

Answer Search::Impl::Choose(ThreadId thread, int choices, Site site, bool of_wait) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) {
    const EventId id = graph().thread(thread)[At(thread).position];
    if (graph()[id].kind != Kind::kChoose) return Differs(thread, site, "a choice");
    G()[id].is_await = of_wait;  // not part of a graph's text
    Advance(thread);
    return {Action::kGo, graph()[id].value, true};
  }
  if (MustYield(thread, Recorded::Kind::kCall, true)) return StandBack();
  Event& event = G().Open(thread, Kind::kChoose);
  event.is_await = of_wait;
  event.site = site;
  const EventId id = Append();
  G().StartViews(id);
  AddCounterpart(G(), id);
  if (Random()) {
    const auto count = static_cast<std::size_t>(choices);
    G()[id].value = Guided() ? GuidedChoice(thread, count) : Draw(count);
    return {Action::kGo, graph()[id].value, true};
  }
  for (int choice = choices - 1; choice > 0; --choice) {
    current_->items.push_back({Item::Kind::kChoose, id, static_cast<EventId>(choice)});
  }
  return {};
}

Answer Search::Impl::Block(ThreadId thread, int first) {
  if (stopped_) return Stop(stop_);
  if (Replaying(thread)) return Fail("the program did not repeat: a thread goes round earlier");
  Set(thread, Standing::kBlocked);
  At(thread).first_of_turn = first;
  if (first < 0) return StandBack();
  // A turn's read can still change where it and all the turn's reads behind it were maximal: a
  // revisit deletes those. When none can, the thread is stuck in all that follows: of interest only
  // where it would be in a fair schedule too.
  const std::vector<EventId>& own = graph().thread(thread);
  bool may_change = false;
  bool writes = false;  // which somebody might see before the turn takes them back
  for (std::size_t i = static_cast<std::size_t>(first); i < own.size(); ++i) {
    const Event& event = graph()[own[i]];
    writes = writes || event.kind == Kind::kWrite;
    if (event.kind != Kind::kRead) continue;
    may_change = event.maximal && (may_change || event.revisitable);
  }
  return may_change || writes || Repeats(thread) ? StandBack() : Stop(Ending::kBlocked);
}

}  // namespace heddle::explorer
