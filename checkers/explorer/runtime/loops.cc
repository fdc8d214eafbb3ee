// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/loops.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <cstdio>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/later.h"
#include "checkers/explorer/runtime/words.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kFirstSites = 256;
// How many turns of a thread are run that change nothing, but can be seen, back to one state.
constexpr int kIdleTurns = 6;
// That change something, back to one state: how many are looked at for whether they take it back. A
// loop that counts in memory has as many as it has made turns.
constexpr int kChangingTurns = 16;
// How many states are looked at behind which the thread has looked at the clock, and at how many
// visits: a loop that counts comes to another state each time.
constexpr std::size_t kLooked = 128;
constexpr int kLookingVisits = 16;
// Of one thread in an execution: how many are looked at for whether they can go on for ever.
constexpr std::size_t kRounds = 8;

}  // namespace

Loops::Loops(int unroll, bool lasting) : sites_(kFirstSites), unroll_(unroll), lasting_(lasting) {}

Loops::SiteState& Loops::Find(Site site) {
  for (std::size_t i = Hash(site, sites_.size());; i = (i + 1) & (sites_.size() - 1)) {
    SiteState& state = sites_[i];
    if (state.site == site) return state;
    if (state.site != 0) continue;
    if (used_ * 2 < sites_.size()) {
      ++used_;
      state.site = site;
      return state;
    }
    std::vector<SiteState> old(sites_.size() * 2);
    old.swap(sites_);
    used_ = 0;
    for (const SiteState& known : old) {
      if (known.site != 0) At(known.site) = known;
    }
    return At(site);
  }
}

std::string Loops::Save() const {
  std::string text;
  for (const SiteState& state : sites_) {
    const auto add = [&](char kind) {
      char site[32];
      snprintf(site, sizeof site, "%c%lx ", kind, static_cast<unsigned long>(state.site));
      text += site;
    };
    if (state.start) add('b');
    if (state.open) add('o');
    if (state.exits) add('e');
    if (state.turns) add('t');
    if (state.loop) add(state.await ? 'a' : state.seen ? 's' : 'l');
    if (!state.loop && state.await) add('w');
  }
  return text;
}

bool Loops::Restore(std::string_view text) {
  ++version_;
  std::string rest(text);
  for (const char* at = rest.c_str(); *at != 0;) {
    if (strchr("alswboet", *at) == nullptr) return false;
    const char kind = *at;
    char* end;
    const Site site = strtoul(at + 1, &end, 16);
    if (site == 0 || *end != ' ') return false;
    SiteState& state = At(site);
    at = end + 1;
    if (bool* const flag = kind == 'b'   ? &state.start
                           : kind == 'o' ? &state.open
                           : kind == 'e' ? &state.exits
                           : kind == 't' ? &state.turns
                                         : nullptr;
        flag != nullptr) {
      *flag = true;
      continue;
    }
    if (kind == 'w') {
      state.await = true;
      continue;
    }
    state.loop = any_ = true;
    state.await = kind == 'a';
    state.seen = kind == 's';
  }
  return true;
}

bool Loops::NothingWritten(const LoopHistory& history, std::size_t from) {
  const std::vector<LoggedWrite>& writes = history.writes;
  for (std::size_t i = from; i < writes.size(); ++i) {
    const LoggedWrite& write = writes[i];
    bool first = true;
    for (std::size_t k = from; k < i && first; ++k) {
      first = writes[k].address != write.address || writes[k].size != write.size;
    }
    if (!first) continue;
    if (ReadMemory(write.address, write.size) != write.old) return false;
  }
  return true;
}

const LoopState* Loops::FindSame(const Fiber& fiber, const ThreadState& now, Clocks* clocks,
                                 bool known, const LoopState* below) {
  const LoopHistory& history = fiber.loop;
  std::size_t i = below != nullptr ? static_cast<std::size_t>(below - history.states.data())
                                   : history.states.size();
  for (std::size_t looked = 0; i-- > 0;) {
    const LoopState& state = history.states[i];
    if (state.effects != history.effects) break;
    const bool looks = state.looks != history.looks;
    if (looks && (clocks == nullptr || ++looked > kLooked)) break;
    if (state.stack != now.stack() || state.stack_size != now.stack_size() ||
        state.rest_size != now.rest_size()) {
      continue;
    }
    const unsigned char* const stack = history.bytes.data() + state.bytes;
    const unsigned char* const rest = stack + state.stack_size;
    const std::int64_t passed = fiber.nanoseconds - state.nanoseconds;
    const bool may_be = looks ? state.in_time == fiber.in_time &&
                                    MayDifferInTime(stack, now.stack(), state.stack_size, passed) &&
                                    MayDifferInTime(rest, now.rest(), state.rest_size, passed)
                              : memcmp(stack, now.stack(), now.stack_size()) == 0 &&
                                    std::equal(now.rest(), now.rest() + now.rest_size(), rest);
    if (!may_be || !NothingWritten(history, state.writes)) continue;
    // It takes a while to find out: of one.
    return !looks || clocks->IsLater(fiber, now, state, known) ? &state : nullptr;
  }
  return nullptr;
}

namespace {

const LoopState* Previous(const LoopHistory& history, const LoopState& state) {
  return state.previous < 0 ? nullptr : &history.states[static_cast<std::size_t>(state.previous)];
}

// Adds to the turns those that other threads make with them. They have to lie in `before`.
// False: there are none that fit.
bool AddOthers(const Search& search, const Fibers& fibers, const View& before, TwoTurns& turns) {
  const Search::OtherWriter writer = search.WriterBetween(turns);
  if (writer.thread == kNoThread) return search.WritesTwice(turns);
  const auto at = static_cast<std::size_t>(writer.thread);
  if (turns[at].first >= 0 || !fibers[at].started) return false;
  const LoopHistory& history = fibers[at].loop;
  for (std::size_t i = history.states.size(); i-- > 0;) {
    const LoopState& end = history.states[i];
    if (end.position <= writer.last) break;
    if (end.position > before.count[at]) continue;
    const LoopState* second = &end;
    while ((second = Previous(history, *second)) != nullptr) {
      // As much once as again.
      const std::uint32_t changes = end.changes - second->changes;
      const LoopState* first = Previous(history, *second);
      while (first != nullptr && second->changes - first->changes < changes) {
        first = Previous(history, *first);
      }
      if (first == nullptr || first->others != end.others) break;
      if (second->changes - first->changes != changes || first->position > writer.first) continue;
      turns[at] = {.first = first->position, .second = second->position, .end = end.position};
      if (AddOthers(search, fibers, before, turns)) return true;
    }
  }
  turns[at] = {};
  return false;
}

}  // namespace

// Two turns from the same state back to it, that take and give back locks and write nothing else;
// of one thread, or of several, each of which makes two, where those take the same locks in turn.
// The threads write the same in the second turns as in the first, lock by lock in the same order,
// and nobody else takes one of the locks in between. Each execution in which the thread goes on
// behind them has its like without the second turns, so the thread need not go on:
// - Each thread is back where it was, and so is each lock. Who takes a lock next to the second
//   turns' last giving it back takes it next to the first ones'. It knows less then, which forbids
//   nothing and hides no race.
// - Who failed to take a lock because a second turn had it fails because the first one, at the same
//   place, has it. It may read that unless it knows of a later write to the lock. Others have
//   written none between the turns, and of the turns' own it knows by what those have released,
//   which is their locks; but nobody else has taken one of those before the second turns had done
//   with them. What it knows of a second turn, from one of its locks, it then knows of the first.
//   Only where all is in one order, or a fence lies between a turn's locks, does it know by a lock
//   that it finds taken what came before, and so that another one has been given back: then the
//   thread goes on, unless nobody is there to look.
// What is true of the past of the thread, (program order or reads-from)-before it, is true in all
// executions that it goes on in: the writes to a lock all come before the last one (each reads-from
// or program order).
bool Loops::IsTwice(const Search& search, const Fibers& fibers, const Fiber& fiber,
                    const LoopState& same, bool alone) {
  const LoopHistory& history = fiber.loop;
  const auto at = static_cast<std::size_t>(fiber.id);
  const int end = search.Position(fiber.id);
  const std::uint32_t changes = history.changes - same.changes;
  const Graph& graph = search.graph();
  const View& before = graph[graph.thread(fiber.id)[static_cast<std::size_t>(end) - 1]].porf;
  const LoopState* first = &same;
  while ((first = Previous(history, *first)) != nullptr && first->others == history.others) {
    if (same.changes - first->changes < changes) continue;
    if (same.changes - first->changes > changes) return false;
    TwoTurns turns;
    turns[at] = {.first = first->position, .second = same.position, .end = end};
    if (alone ? search.WriterBetween(turns).thread == kNoThread && search.WritesTwice(turns)
              : AddOthers(search, fibers, before, turns)) {
      return true;
    }
  }
  return false;
}

int Loops::TurnsTo(const LoopHistory& history, const LoopState& state) {
  int turns = 0;
  for (const LoopState* same = &state; same != nullptr; same = Previous(history, *same)) ++turns;
  return turns;
}

bool Loops::ComesBack(const Fiber& fiber, const ThreadState& state, int& first) {
  const LoopState* const same = FindSame(fiber, state, nullptr, false);
  if (same == nullptr || same->changes != fiber.loop.changes) return false;
  first = same->position;
  return true;
}

bool Loops::Count(ThreadId thread, Site at) { return Visits(At(at), thread) <= unroll_; }

Turn Loops::Learned() {
  ++version_;
  // What was seen may have been seen by a loop's idle turn.
  for (SiteState& site : sites_) site.seen = false;
  return Turn::kLearned;
}

bool Loops::MarkLoop(Site site) {
  SiteState& state = At(site);
  if (state.loop) return false;
  state.loop = any_ = true;
  Learned();
  return true;
}

bool Loops::Mark(bool& flag) {
  if (flag) return false;
  flag = true;
  ++version_;
  return true;
}

std::vector<std::pair<Site, int>> Loops::VisitsOf(ThreadId thread) const {
  std::vector<std::pair<Site, int>> visits;
  for (const SiteState& state : sites_) {
    if (state.site == 0 || state.execution != execution_ || state.visits[thread] == 0) continue;
    visits.emplace_back(state.site, state.visits[thread]);
  }
  return visits;
}

void Loops::SetVisits(Site site, ThreadId thread, int visits) {
  SiteState& state = At(site);
  Visits(state, thread);
  state.visits[thread] = static_cast<std::uint16_t>(visits);
}

Turn Loops::Visit(const Search& search, const Fibers& fibers, Fiber& fiber, Site address,
                  int& first, Clocks* clocks) {
  LoopHistory& history = fiber.loop;
  SiteState& site = At(address);
  fiber.awaits = site.await;
  const int visits = Visits(site, fiber.id);
  if (!site.loop) {
    if (visits == 1) return Turn::kNew;
    MarkLoop(address);
    return Turn::kLearned;
  }
  if (visits > unroll_) return Turn::kCut;
  here_.Take(fiber, fiber.from_frame ? nullptr : fiber.operation, history.answers);
  ClearBelow(fiber, fiber.frame);
  if (clocks != nullptr && clocks->Watches(fiber, here_)) return Turn::kLearned;
  // What is in the graph has been found to be new before; but other threads' turns may come back
  // together with the thread's own (AddOthers).
  const bool repeated =
      static_cast<std::size_t>(search.Position(fiber.id)) < search.graph().thread(fiber.id).size();
  const LoopState* same = nullptr;
  const LoopState* newest = nullptr;
  int changing = 0;
  if (visits > kLookingVisits) clocks = nullptr;
  while ((!repeated || site.seen || site.turns) &&
         (same = FindSame(fiber, here_, clocks, repeated, same)) != nullptr) {
    if (newest == nullptr) newest = same;
    if (repeated && (!site.seen || same->looks != history.looks)) break;
    if (same->changes != history.changes) {
      if (history.rounds.size() < kRounds) {
        history.rounds.push_back({.first = same->position, .last = search.Position(fiber.id)});
      }
      if (lasting_) continue;
      if (same->others == history.others && Mark(site.turns)) return Turn::kLearned;
      if (++changing > kChangingTurns) break;
      const Effect effect = search.EffectOf(fiber.id, same->position);
      const bool may_end = site.seen && effect != Effect::kLasting;
      if (may_end && IsTwice(search, fibers, fiber, *same, true)) {
        first = same->position;
        return Turn::kSame;
      }
      if (!repeated && IsTwice(search, fibers, fiber, *same, false)) return Turn::kTwice;
      if (effect == Effect::kLasting) continue;
      if (site.seen) {
        if (TurnsTo(history, *same) <= kIdleTurns) break;
        first = same->position;
        return Turn::kIdle;
      }
      if (effect == Effect::kSeen) {
        site.seen = true;
        ++version_;
        return Turn::kLearned;
      }
      fiber.turn_at = address;
    } else if (history.last_read != 0) {
      SiteState& last = At(history.last_read);
      if (!last.await) {
        last.await = true;
        return Learned();
      }
    }
    first = same->position;
    return Turn::kSame;
  }
  Append(fiber, search.Position(fiber.id), newest);
  return Turn::kNew;
}

void Loops::KeepState(Fiber& fiber, int position) {
  here_.Take(fiber, nullptr, fiber.loop.answers);
  ClearBelow(fiber, fiber.frame);
  Append(fiber, position, nullptr);
}

void Loops::Append(Fiber& fiber, int position, const LoopState* previous) const {
  LoopHistory& history = fiber.loop;
  history.states.push_back(
      {.stack = here_.stack(),
       .bytes = history.bytes.size(),
       .stack_size = here_.stack_size(),
       .rest_size = here_.rest_size(),
       .position = position,
       .operations = history.operations,
       .effects = history.effects,
       .changes = history.changes,
       .others = history.others,
       .looks = history.looks,
       .nanoseconds = fiber.nanoseconds,
       .in_time = fiber.in_time,
       .writes = history.writes.size(),
       .previous = previous == nullptr ? -1 : static_cast<int>(previous - history.states.data())});
  history.bytes.insert(history.bytes.end(), here_.stack(), here_.stack() + here_.stack_size());
  history.bytes.insert(history.bytes.end(), here_.rest(), here_.rest() + here_.rest_size());
}

}  // namespace heddle::explorer
