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

Answer Search::Impl::Read(ThreadId thread, const Access& access, const Update* update,
                          Admits* admits) {
  if (stopped_) return Stop(stop_);
  LocationId location = kNoLocation;
  EventId park = kNoEvent;
  const std::vector<EventId>& own = graph().thread(thread);
  if (Replaying(thread)) {
    const Event& first = Replayed(thread);
    location = first.location;
    if ((first.kind != Kind::kRead && first.kind != Kind::kPark) || !IsAt(access, location) ||
        first.update != (update != nullptr)) {
      return Differs(thread, access.site, update == nullptr ? "a load" : "a read-modify-write");
    }
    while (Replaying(thread) && Replayed(thread).kind == Kind::kPark) {
      park = own[At(thread).position];
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
      MarkInternal(id, access);
      if (id == tentative_) return Resolve(thread, id, admits);
      Answer answer{Action::kGo, event.value, true};
      if (update != nullptr) {
        answer.success = WritesNow(graph(), id);
        if (updates_[event.update_id].update.operation == Rmw::kCompareExchange &&
            (update->expected != updates_[event.update_id].update.expected ||
             update->operand != updates_[event.update_id].update.operand)) {
          return Differs(thread, access.site, "a compare-exchange of other values");
        }
      }
      Advance(thread);
      if (update != nullptr && answer.success) {
        if (!Replaying(thread)) return Fail("internal: a read-modify-write without its write");
        MarkInternal(own[At(thread).position], access);
        Advance(thread);
      }
      return answer;
    }
  } else if (!own.empty() && graph()[own.back()].kind == Kind::kPark) {
    park = own.back();
  }
  if (MustYield(thread, update == nullptr ? Recorded::Kind::kLoad : Recorded::Kind::kUpdate)) {
    return StandBack();
  }
  if (location == kNoLocation) location = Locate(access);
  if (location == kNoLocation) return Stop(Ending::kFailed);
  if (own.size() >= static_cast<std::size_t>(options_.max_events_per_thread) ||
      graph().size() + kMaxThreads >= kNoEvent) {
    cut_ = too_long_ = true;
    return Stop(Ending::kBlocked);
  }
  return AddRead(thread, access, location, update, admits, park);
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
                             const Update* update, Admits* admits, EventId park) {
  const Order order = OrderOf(access.order);
  std::uint16_t update_id = 0;
  if (update != nullptr) {
    Update known = *update;
    known.failure = OrderOf(known.failure);
    update_id = Intern(known, order);
  }

  if (admits != nullptr && FollowsTwin(thread, location)) return Park(thread, location);

  admitted_.clear();
  int turn = -1;
  bool elsewhere = false;
  const int partner = admits == nullptr ? -1 : admits->partner();
  const auto admitted = [&](EventId write) {
    if (admits == nullptr) return true;
    elsewhere = true;
    if (partner >= 0 && IsOfAnotherStep(thread, partner, update_id, location, write)) return false;
    const Value value = graph().ValueOf(write, location);
    auto asked = std::find_if(admitted_.begin(), admitted_.end(),
                              [value](const Asked& earlier) { return earlier.value == value; });
    if (asked == admitted_.end()) {
      const bool answer = (*admits)(value);
      asked = admitted_.insert(asked, {.value = value,
                                       .admitted = answer,
                                       .turn = admits->turn(),
                                       .elsewhere = admits->elsewhere()});
    }
    turn = asked->turn;
    elsewhere = asked->elsewhere;
    return asked->admitted;
  };

  // A thread that waits has been offered all that was there when it began to. Where a revisit has
  // made it wait, it waits for what follows from the write that did: the rest is read where that
  // write is not what it waits behind.
  const bool parked = park != kNoEvent;
  const EventId behind = parked ? graph()[park].reads_from : kNoEvent;
  const auto offered = [&](EventId write) {
    if (!parked) return true;
    return write != kInit && write > park &&
           (behind == kNoEvent || Follows(graph(), write, behind));
  };

  const Event* before = graph().Before(thread, At(thread).position);
  static const View kNone;
  const View& clock = before == nullptr ? kNone : before->hb;
  View extended;
  if (Symmetric()) {
    extended = CounterpartPrefix(graph(), thread, At(thread).position);
    if (before != nullptr) extended.Join(before->porf);
  }
  const View& prefix = Symmetric() ? extended : before == nullptr ? kNone : before->porf;
  const std::size_t newest = graph().location(location).writes.size();
  others_.clear();
  failures_.clear();
  const auto may_fail = [&](EventId write) {
    if (update == nullptr) return;
    const Value value = graph().ValueOf(write, location);
    if (!MayFail(update_id, value)) return;
    if (admits == nullptr ||
        (offered(write) &&
         (partner < 0 || !IsOfAnotherStep(thread, partner, update_id, location, write)) &&
         admits->MayFail(value))) {
      failures_.push_back(write);
    }
  };
  if (order != Order::kPlain) {
    const std::size_t lowest = graph().LowerBound(location, clock);
    for (std::size_t co = lowest; co < newest; ++co) {
      const EventId write = graph().WriteAt(location, co);
      may_fail(write);
      if (update != nullptr && updates_[update_id].Succeeds(graph().ValueOf(write, location)) &&
          Taken(location, co, prefix)) {
        continue;
      }
      if (offered(write) && admitted(write)) others_.push_back(write);
    }
  }
  const bool ends = admitted(graph().Newest(location));
  const bool goes_on = ends && offered(graph().Newest(location));
  At(thread).waits_in_vain = !ends;
  At(thread).elsewhere = elsewhere;
  At(thread).first_of_turn = turn;
  may_fail(graph().Newest(location));
  const bool only_waits = !goes_on && others_.empty() && failures_.empty();
  if (only_waits && parked) return Park(thread, location);
  if (goes_on && Guided() &&
      !FindGuidedWrite(thread, location, update != nullptr, admits != nullptr)) {
    return StandBack();
  }
  Event& event = G().Open(thread, goes_on ? Kind::kRead : Kind::kPark);
  event.order = order;
  event.location = location;
  event.size = access.size;
  event.site = access.site;
  event.update = update != nullptr;
  event.update_id = update_id;
  event.is_await = admits != nullptr;
  event.internal = access.internal;
  any_internal_ = any_internal_ || access.internal;
  if (!goes_on) event.reads_from = behind;
  const EventId id = Append();
  if (!goes_on) {
    G().StartViews(id);
    AddCounterpart(G(), id);
  }
  if (!Random()) {
    for (const EventId write : others_) {
      current_->items.push_back({Item::Kind::kReadFrom, id, write});
    }
    for (const EventId write : failures_) {
      current_->items.push_back({Item::Kind::kFail, id, write});
    }
  }
  if (!goes_on) return Park(thread, location);

  SetReadsFrom(G(), id, Random() ? DrawWrite(id) : graph().Newest(location));
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

// Whether a read-modify-write would succeed with the write, and its partner does not read it.
bool Search::Impl::IsOfAnotherStep(ThreadId thread, int partner, std::uint16_t update_id,
                                   LocationId location, EventId write) const {
  const EventId read = graph().thread(thread)[static_cast<std::size_t>(partner)];
  return graph()[read].reads_from != write &&
         updates_[update_id].Succeeds(graph().ValueOf(write, location));
}

Answer Search::Impl::Park(ThreadId thread, LocationId location) {
  Set(thread, Standing::kParks);
  At(thread).location = location;
  return StandBack();
}

// A waiting read was revisited: does it admit what it reads now?
Answer Search::Impl::Resolve(ThreadId thread, EventId read, Admits* admits) {
  tentative_ = kNoEvent;
  const Event event = graph()[read];
  const int partner = admits == nullptr ? -1 : admits->partner();
  const bool steps = partner < 0 || !IsOfAnotherStep(thread, partner, event.update_id,
                                                     event.location, event.reads_from);
  if (admits == nullptr || (steps && (*admits)(event.value))) {
    if (admits != nullptr && event.update && MayFail(event.update_id, event.value) &&
        admits->MayFail(event.value)) {
      current_->items.push_back({Item::Kind::kFailNow, read, static_cast<EventId>(graph().size())});
    }
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
  AddCounterpart(G(), read);
  Advance(thread);
  At(thread).waits_in_vain = true;
  At(thread).elsewhere = !steps || admits->elsewhere();
  At(thread).first_of_turn = admits->turn();
  return Park(thread, event.location);
}

}  // namespace heddle::explorer
