// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

// A graph is one line of numbers: the format's version, the number of events, of a Part 1 and what
// it says of threads (else 0), and for each event what Save() writes; all hexadecimal, with a space
// between.

namespace heddle::explorer {
namespace {

constexpr std::uint64_t kVersion = 2;
constexpr std::uint64_t kEnd = 0xffff;

std::uint64_t Low(Value value) { return static_cast<std::uint64_t>(value); }
std::uint64_t High(Value value) { return static_cast<std::uint64_t>(value >> 64); }
Value Whole(std::uint64_t low, std::uint64_t high) { return Value{high} << 64 | low; }

class Writer {
 public:
  void Put(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    if (!text.empty()) text += ' ';
    text.append(digits.data(), end);
  }
  void PutValue(Value value) {
    Put(Low(value));
    Put(High(value));
  }
  std::string text;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Not above `most`; otherwise, and at the end of the text, Ok() is false from then on.
  std::uint64_t Get(std::uint64_t most = UINT64_MAX) {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(text_.data(), text_.data() + text_.size(), number, 16);
    ok_ = ok_ && error == std::errc() && number <= most;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return ok_ ? number : 0;
  }
  Value GetValue() {
    const std::uint64_t low = Get();
    return Whole(low, Get());
  }
  bool Ok() const { return ok_; }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::string Search::Impl::Save(const Part* part) const {
  // Events and places in coherence order are counted anew.
  std::vector<EventId> ids(graph().size(), kNoEvent);
  std::size_t size = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (part != nullptr && !Graph::Contains(part->events, graph().events()[i])) continue;
    ids[i] = static_cast<EventId>(size++);
  }
  std::vector<std::uint64_t> places(graph().size(), 0);
  for (std::size_t i = 0; i < graph().locations(); ++i) {
    std::uint64_t place = 0;
    for (const EventId write : graph().location(static_cast<LocationId>(i)).writes) {
      if (ids[write] != kNoEvent) places[write] = ++place;
    }
  }
  Writer out;
  out.Put(kVersion);
  out.Put(size);
  out.Put(part != nullptr ? 1U : 0U);
  if (part != nullptr) {
    out.Put(part->going_on);
    out.Put(static_cast<std::uint64_t>(part->last) + 1);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kNoEvent) continue;
    const Event& event = graph().events()[i];
    out.Put(static_cast<std::uint64_t>(event.kind));
    out.Put(static_cast<std::uint64_t>(event.order));
    out.Put(event.thread);
    out.Put(event.peer);
    out.Put(event.size);
    out.Put((event.update ? 1U : 0U) | (event.is_await ? 2U : 0U) | (event.maximal ? 4U : 0U) |
            (event.fails ? 8U : 0U));
    out.Put(event.reads_from < ids.size() ? ids[event.reads_from] : event.reads_from);
    out.Put(event.site);
    out.PutValue(event.value);
    if (event.location == kNoLocation) continue;
    out.Put(locations_.At(event.location).address);
    out.PutValue(graph().location(event.location).initial);
    out.Put(places[i]);
    if (event.update && event.kind != Kind::kWrite) {
      const KnownUpdate& known = updates_[event.update_id];
      out.Put(static_cast<std::uint64_t>(known.update.operation));
      out.PutValue(known.update.operand);
      out.PutValue(known.update.expected);
      out.Put(static_cast<std::uint64_t>(known.update.failure));
      out.Put(known.update.weak ? 1U : 0U);
      out.Put(static_cast<std::uint64_t>(known.success));
    }
  }
  return std::move(out.text);
}

bool Search::Impl::Restore(std::string_view text) {
  constexpr auto kLastOrder = static_cast<std::uint64_t>(Order::kSeqCst);
  Reader in(text);
  if (in.Get() != kVersion) return false;
  const std::uint64_t size = in.Get(kNoEvent - 1);
  const bool is_part = in.Get(1) != 0;
  Part part;
  if (is_part) {
    part.going_on = static_cast<std::uint16_t>(in.Get(0xffff));
    part.last = static_cast<ThreadId>(in.Get(kMaxThreads)) - 1;
  }
  std::unique_ptr<Execution> execution = NewExecution();
  Graph& graph = execution->graph;
  std::vector<std::uint64_t> sources;
  std::vector<std::pair<std::uint64_t, EventId>> places;
  for (std::uint64_t i = 0; i < size && in.Ok(); ++i) {
    Event event;
    event.kind = static_cast<Kind>(in.Get(static_cast<std::uint64_t>(Kind::kPark)));
    event.order = OrderOf(static_cast<Order>(in.Get(kLastOrder)));
    event.thread = static_cast<std::uint8_t>(in.Get(kMaxThreads - 1));
    event.peer = static_cast<std::uint8_t>(in.Get(kMaxThreads - 1));
    event.size = static_cast<std::uint8_t>(in.Get(sizeof(Value)));
    const std::uint64_t flags = in.Get(15);
    event.update = (flags & 1U) != 0;
    event.is_await = (flags & 2U) != 0;
    event.maximal = (flags & 4U) != 0;
    event.fails = (flags & 8U) != 0;
    sources.push_back(in.Get(kEnd));
    event.site = in.Get();
    event.value = in.GetValue();
    const bool accesses =
        event.kind == Kind::kRead || event.kind == Kind::kWrite || event.kind == Kind::kPark;
    std::uint64_t co = 0;
    if (accesses) {
      const std::uint64_t address = in.Get();
      const Value initial = in.GetValue();
      co = in.Get(size);
      if (!in.Ok()) return false;
      event.location = locations_.Find(address, event.size);
      if (event.location == kNoLocation) return false;
      graph.Touch(event.location).initial = initial;
      if (event.update && event.kind != Kind::kWrite) {
        Update update;
        update.operation =
            static_cast<Rmw>(in.Get(static_cast<std::uint64_t>(Rmw::kCompareExchange)));
        update.operand = in.GetValue();
        update.expected = in.GetValue();
        update.failure = static_cast<Order>(in.Get(kLastOrder));
        update.weak = in.Get(1) != 0;
        event.update_id = Intern(update, static_cast<Order>(in.Get(kLastOrder)));
      }
    }
    if (!in.Ok()) return false;
    const EventId id = graph.Add(event);
    if (event.kind == Kind::kWrite) places.emplace_back(co, id);
  }
  if (!in.Ok()) return false;
  std::sort(places.begin(), places.end());
  for (const auto& [co, id] : places) {
    const EventId last = graph.location(graph[id].location).writes.back();
    if (last != id) graph.Place(id, last);
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    Event& event = graph[id];
    const auto source = static_cast<EventId>(sources[i]);
    const bool is_write = source < sources.size() && graph[source].kind == Kind::kWrite &&
                          graph[source].location == event.location;
    if (event.kind == Kind::kRead && source != kInit && !is_write) return false;
    event.reads_from = event.kind == Kind::kPark && !is_write ? kNoEvent : source;
  }
  if (!FitTogether(graph) || !Settle(graph) || !UpdatesFit(graph)) return false;
  while (!stack_.empty()) Recycle();
  stack_.push_back(std::move(execution));
  restored_ = true;
  begun_ = false;
  is_part_ = is_part;
  part_ = part;
  tentative_ = kNoEvent;
  fresh_ = false;
  return true;
}

// What Settle() relies on.
bool Search::Impl::FitTogether(const Graph& graph) {
  std::array<bool, kMaxThreads> created{};
  for (const Event& event : graph.events()) {
    if (event.kind == Kind::kCreate) {
      if (event.peer == 0 || created[event.peer]) return false;
      created[event.peer] = true;
    }
    if (event.kind != Kind::kWrite || !event.update) continue;
    if (event.index == 0) return false;
    const Event& read = graph[graph.thread(event.thread)[event.index - std::size_t{1}]];
    if (read.kind != Kind::kRead || !read.update || read.location != event.location) return false;
  }
  return true;
}

// A read-modify-write writes if it succeeds, and only then.
bool Search::Impl::UpdatesFit(const Graph& graph) const {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const auto id = static_cast<EventId>(i);
    const Event& event = graph[id];
    if (event.kind != Kind::kRead) continue;
    const std::vector<EventId>& own = graph.thread(event.thread);
    const std::size_t next = event.index + std::size_t{1};
    const bool writes =
        next < own.size() && graph[own[next]].kind == Kind::kWrite && graph[own[next]].update;
    if (writes != WritesNow(graph, id)) return false;
  }
  return true;
}

// Views of a graph whose reads-from and coherence order are known: in an order in which what an
// event depends on comes before it. False where there is none, or events do not fit together.
bool Search::Impl::Settle(Graph& graph) {
  std::vector<std::size_t> done(kMaxThreads, 0);
  for (std::size_t left = graph.size(); left > 0;) {
    const std::size_t before = left;
    for (ThreadId thread = 0; thread < kMaxThreads; ++thread) {
      std::size_t& count = done[static_cast<std::size_t>(thread)];
      if (thread != 0 && graph.creator(thread) == kNoEvent && !graph.thread(thread).empty()) {
        return false;
      }
      for (; count < graph.thread(thread).size(); ++count, --left) {
        const EventId id = graph.thread(thread)[count];
        const auto settled = [&](EventId other) {
          return done[graph[other].thread] > graph[other].index;
        };
        if (count == 0 && thread != 0 && !settled(graph.creator(thread))) break;
        const Event& event = graph[id];
        EventId source = kNoEvent;
        if (event.kind == Kind::kRead && event.reads_from != kInit) source = event.reads_from;
        if (event.kind == Kind::kJoin) {
          if (graph.thread(event.peer).empty()) return false;
          source = graph.thread(event.peer).back();
        }
        if (source != kNoEvent && !settled(source)) break;
        if (event.kind == Kind::kWrite && event.update && count == 0) return false;
        SettleEvent(graph, id);
      }
    }
    if (left == before) return left == 0;
  }
  return true;
}

}  // namespace heddle::explorer
