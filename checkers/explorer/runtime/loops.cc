// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/loops.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <cstdio>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kFirstSites = 256;
// Of one thread: how many turns are run that change nothing, but can be seen.
constexpr int kIdleTurns = 4;
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
    char site[32];
    if (state.start) {
      snprintf(site, sizeof site, "b%lx ", static_cast<unsigned long>(state.site));
      text += site;
    }
    if (!state.loop) continue;
    snprintf(site, sizeof site, "%c%lx ",
             state.await  ? 'a'
             : state.seen ? 's'
                          : 'l',
             static_cast<unsigned long>(state.site));
    text += site;
  }
  return text;
}

bool Loops::Restore(std::string_view text) {
  ++version_;
  std::string rest(text);
  for (const char* at = rest.c_str(); *at != 0;) {
    if (*at != 'a' && *at != 'l' && *at != 's' && *at != 'b') return false;
    const char kind = *at;
    char* end;
    const Site site = strtoul(at + 1, &end, 16);
    if (site == 0 || *end != ' ') return false;
    SiteState& state = At(site);
    at = end + 1;
    if (kind == 'b') {
      state.start = true;
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
    Value now = 0;
    memcpy(&now, reinterpret_cast<const void*>(write.address), write.size);
    if (now != write.old) return false;
  }
  return true;
}

const LoopState* Loops::FindSame(const LoopHistory& history, const ThreadState& now,
                                 const LoopState* below) {
  std::size_t i = below != nullptr ? static_cast<std::size_t>(below - history.states.data())
                                   : history.states.size();
  while (i-- > 0) {
    const LoopState& state = history.states[i];
    if (state.effects != history.effects) break;
    const unsigned char* const bytes = history.bytes.data() + state.bytes;
    if (state.stack == now.stack() && state.stack_size == now.stack_size() &&
        state.rest_size == now.rest_size() && memcmp(bytes, now.stack(), now.stack_size()) == 0 &&
        std::equal(now.rest(), now.rest() + now.rest_size(), bytes + now.stack_size()) &&
        NothingWritten(history, state.writes)) {
      return &state;
    }
  }
  return nullptr;
}

// Two turns from the same state back to it, that take and give back locks and write nothing else.
// Each execution in which the thread goes on behind the second one has its like without that turn,
// so the thread need not go on:
// - Who takes a lock next to the second turn's giving it back takes it next to the first one's. It
//   knows less then, which forbids nothing and hides no race.
// - Who failed to take a lock because the second turn had it fails because the first one has it. It
//   may read that unless it knows of a later write to the lock. Others have written none between
//   the two turns, and of the first turn's own it knows by what that turn has released, which is
//   its locks; but nobody has taken one of those before the second turn did. What it knows of that
//   one, from one of its locks, is the same as of the first.
// What is true of the thread's past is true in all executions that it goes on in: the writes to a
// lock all come before the last one (each reads-from or program order).
bool Loops::IsOneTooMany(const LoopHistory& history, const ThreadState& now, const Search& search,
                         ThreadId thread, const LoopState& same) {
  const LoopState* const before = FindSame(history, now, &same);
  return before != nullptr && before->others == history.others &&
         search.EffectOf(thread, before->position) != Effect::kLasting &&
         search.WritesTwice(thread, before->position, same.position);
}

bool Loops::ComesBack(const LoopHistory& history, const ThreadState& state, int& first) {
  const LoopState* const same = FindSame(history, state);
  if (same == nullptr || same->changes != history.changes) return false;
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

bool Loops::MarkStart(Site site) {
  SiteState& state = At(site);
  if (state.start) return false;
  state.start = true;
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

Turn Loops::Visit(const Search& search, Fiber& fiber, Site address, int& first) {
  LoopHistory& history = fiber.loop;
  SiteState& site = At(address);
  fiber.awaits = site.await;
  const int visits = Visits(site, fiber.id);
  if (!site.loop) {
    if (visits == 1) return Turn::kNew;
    site.loop = any_ = true;
    return Learned();
  }
  if (visits > unroll_) return Turn::kCut;
  here_.Take(fiber, fiber.from_frame ? nullptr : fiber.operation, history.answers);
  ClearBelow(fiber, fiber.frame);
  // What is in the graph has been found to be new before.
  const bool repeated =
      static_cast<std::size_t>(search.Position(fiber.id)) < search.graph().thread(fiber.id).size();
  const LoopState* same = nullptr;
  while ((!repeated || site.seen) && (same = FindSame(history, here_, same)) != nullptr) {
    if (same->changes != history.changes) {
      if (history.rounds.size() < kRounds) {
        history.rounds.push_back({.first = same->position, .last = search.Position(fiber.id)});
      }
      if (lasting_) continue;
      const Effect effect = search.EffectOf(fiber.id, same->position);
      if (effect == Effect::kLasting) continue;
      if (site.seen) {
        if (IsOneTooMany(history, here_, search, fiber.id, *same)) {
          first = same->position;
          return Turn::kSame;
        }
        if (++history.idle <= kIdleTurns) break;
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
  Append(history, search.Position(fiber.id));
  return Turn::kNew;
}

void Loops::KeepState(Fiber& fiber, int position) {
  here_.Take(fiber, nullptr, fiber.loop.answers);
  ClearBelow(fiber, fiber.frame);
  Append(fiber.loop, position);
}

void Loops::Append(LoopHistory& history, int position) const {
  history.states.push_back({.stack = here_.stack(),
                            .bytes = history.bytes.size(),
                            .stack_size = here_.stack_size(),
                            .rest_size = here_.rest_size(),
                            .position = position,
                            .operations = history.operations,
                            .effects = history.effects,
                            .changes = history.changes,
                            .others = history.others,
                            .writes = history.writes.size()});
  history.bytes.insert(history.bytes.end(), here_.stack(), here_.stack() + here_.stack_size());
  history.bytes.insert(history.bytes.end(), here_.rest(), here_.rest() + here_.rest_size());
}

}  // namespace heddle::explorer
