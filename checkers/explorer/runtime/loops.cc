// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/loops.h"

#include <stdlib.h>
#include <string.h>

#include <cstdio>

namespace heddle::explorer {
namespace {

constexpr std::size_t kFirstSites = 256;

}  // namespace

Loops::Loops(int unroll) : sites_(kFirstSites), unroll_(unroll) {}

Loops::SiteState& Loops::Search(Site site) {
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
    if (!state.loop) continue;
    char site[32];
    snprintf(site, sizeof site, "%c%lx ", state.await ? 'a' : 'l',
             static_cast<unsigned long>(state.site));
    text += site;
  }
  return text;
}

bool Loops::Restore(std::string_view text) {
  std::string rest(text);
  for (const char* at = rest.c_str(); *at != 0;) {
    if (*at != 'a' && *at != 'l') return false;
    const bool await = *at == 'a';
    char* end;
    const Site site = strtoul(at + 1, &end, 16);
    if (site == 0 || *end != ' ') return false;
    SiteState& state = At(site);
    state.loop = true;
    state.await = await;
    at = end + 1;
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

const LoopState* Loops::FindSame(const LoopHistory& history, const Frame& frame,
                                 const char* stack_high) {
  const auto* const low = reinterpret_cast<const char*>(&frame);
  const auto size = static_cast<std::size_t>(stack_high - low);
  for (auto state = history.states.rbegin(); state != history.states.rend(); ++state) {
    if (state->effects != history.effects) break;
    if (state->frame == &frame && state->size == size &&
        memcmp(history.bytes.data() + state->bytes, low, size) == 0 &&
        NothingWritten(history, state->writes)) {
      return &*state;
    }
  }
  return nullptr;
}

bool Loops::ComesBack(const LoopHistory& history, const Frame& frame, const char* stack_high,
                      int& first) {
  const LoopState* const same = FindSame(history, frame, stack_high);
  if (same != nullptr) first = same->position;
  return same != nullptr;
}

bool Loops::Count(ThreadId thread, Site at) { return Visits(At(at), thread) <= unroll_; }

Turn Loops::Visit(ThreadId thread, LoopHistory& history, Site at, Frame& frame,
                  const char* stack_high, int position, int& first, bool& await) {
  SiteState& site = At(at);
  await = site.await;
  const int visits = Visits(site, thread);
  if (!site.loop) {
    if (visits == 1) return Turn::kNew;
    site.loop = true;
    return Turn::kLearned;
  }
  if (visits > unroll_) return Turn::kCut;
  if (const LoopState* const same = FindSame(history, frame, stack_high); same != nullptr) {
    if (history.last_read != 0) {
      SiteState& last = At(history.last_read);
      if (!last.await) {
        last.await = true;
        return Turn::kLearned;
      }
    }
    first = same->position;
    return Turn::kSame;
  }
  const auto* const low = reinterpret_cast<const char*>(&frame);
  const auto size = static_cast<std::size_t>(stack_high - low);
  history.states.push_back({.frame = &frame,
                            .bytes = history.bytes.size(),
                            .size = size,
                            .position = position,
                            .operations = history.operations,
                            .effects = history.effects,
                            .writes = history.writes.size()});
  history.bytes.insert(history.bytes.end(), low, low + size);
  return Turn::kNew;
}

}  // namespace heddle::explorer
