// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/search.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "checkers/linearizability/search_support.h"

namespace heddle::linearizability {
namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::uint32_t kNobody = UINT32_MAX;

class JustInTime {
 public:
  JustInTime(std::span<const Operation> operations, const Model& model, const Budget& budget)
      : operations_(operations),
        automaton_(model.MakeAutomaton()),
        calls_(NumberCalls(operations, model)),
        meter_(budget) {
    read_only_.reserve(operations.size());
    for (const Operation& op : operations) read_only_.push_back(model.ReadOnly(op));
    OrderEvents();
    AssignSlots();
    if (model.divides()) {
      for (const Operation& op : operations) {
        const std::optional<Value> part = model.Partition(op);
        // What touches several parts may need operations on each of them: nothing can wait.
        if (!part.has_value()) {
          parts_.clear();
          break;
        }
        parts_.push_back(*part);
      }
    }
    const std::size_t words = (slots_ + 63) / 64;
    begun_.assign(words, 0);
    placed_.assign(words, 0);
    pending_.assign(words, 0);
    owner_.assign(slots_, kNobody);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (slot_[i] != kNobody && operations[i].pending()) Set(pending_, slot_[i]);
    }
    visited_ = std::make_unique<KeySet>(words + 1);
  }

  SearchResult Run();

 private:
  // Positions in the history are indices of events: a return that waits for its operation to be
  // placed, or the end.
  struct Frame {
    std::size_t position;
    std::size_t path;  // size of it
    Automaton::State state;
    std::size_t candidate;
    std::size_t end;  // its candidates are candidates_[candidate, end)
  };

  static bool Has(const Words& set, std::size_t i) { return (set[i / 64] >> (i % 64) & 1) != 0; }
  static void Set(Words& set, std::size_t i) { set[i / 64] |= std::uint64_t{1} << (i % 64); }
  static void Clear(Words& set, std::size_t i) { set[i / 64] &= ~(std::uint64_t{1} << (i % 64)); }

  void OrderEvents();
  void AssignSlots();
  Automaton::State Next(Automaton::State state, std::uint32_t op) {
    return automaton_->Next(state, calls_[op], operations_[op]);
  }
  void Place(std::uint32_t op) {
    Set(placed_, slot_[op]);
    path_.Push(op);
  }
  bool PlaceIfReadOnly(std::uint32_t op) {
    if (!read_only_[op] || Next(state_, op) != state_) return false;
    Place(op);
    return true;
  }
  void PlaceReadOnly();
  void Advance();
  void GoBack(std::size_t position);
  bool IsNew();
  void PushFrame();
  std::size_t Memory() const {
    return visited_->memory() + automaton_->memory() + used_up_.capacity() * sizeof(std::uint64_t) +
           (frames_.size() * (sizeof(Frame) + placed_.size() * sizeof(std::uint64_t)));
  }

  std::span<const Operation> operations_;
  std::unique_ptr<Automaton> automaton_;
  std::vector<std::uint32_t> calls_;
  std::vector<bool> read_only_;
  Meter meter_;
  std::vector<Value> parts_;  // of each operation; empty: not divided

  std::vector<std::uint32_t> events_;  // 2 * operation, plus 1 if it is its return
  std::vector<std::uint32_t> slot_;    // of each operation, while it is under way
  std::vector<std::uint32_t> before_;  // the slot's operation before this one
  std::size_t slots_ = 0;

  // The present configuration.
  std::size_t position_ = 0;
  Automaton::State state_ = Automaton::kInitial;
  Words begun_;                       // slots
  Words placed_;                      // of those
  Words pending_;                     // of all slots
  std::vector<std::uint32_t> owner_;  // the operation in each slot

  Path path_;
  std::vector<Frame> frames_;
  Words frame_placed_;  // placed_ of each frame
  std::vector<std::uint32_t> candidates_;

  std::unique_ptr<KeySet> visited_;
  // Per key of visited_: the sets of pending operations that were used up, in a list. An element
  // is the set, then the place of the next plus 1.
  Words used_up_;
  std::vector<std::size_t> first_used_up_;
  Words key_;
};

void JustInTime::OrderEvents() {
  struct Event {
    Time time;
    std::uint32_t event;
  };
  std::vector<Event> events;
  events.reserve(2 * operations_.size());
  for (std::uint32_t i = 0; i < operations_.size(); ++i) {
    const Operation& op = operations_[i];
    if (op.pending() && read_only_[i]) continue;  // of no use
    events.push_back({op.invoke, 2 * i});
    if (!op.pending()) events.push_back({op.done, 2 * i + 1});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    if (a.time != b.time) return a.time < b.time;
    // At one instant all begin before any ends.
    if (a.event % 2 != b.event % 2) return a.event % 2 < b.event % 2;
    return a.event < b.event;
  });
  events_.reserve(events.size());
  for (const Event& event : events) events_.push_back(event.event);
}

void JustInTime::AssignSlots() {
  slot_.assign(operations_.size(), kNobody);
  before_.assign(operations_.size(), kNobody);
  std::vector<std::uint32_t> free;
  std::vector<std::uint32_t> last;
  for (const std::uint32_t event : events_) {
    const std::uint32_t op = event / 2;
    if (event % 2 != 0) {
      free.push_back(slot_[op]);
      continue;
    }
    if (free.empty() || operations_[op].pending()) {
      // A pending operation's slot is nobody else's, so that pending_ does not change.
      slot_[op] = static_cast<std::uint32_t>(slots_++);
      last.push_back(op);
      continue;
    }
    slot_[op] = free.back();
    free.pop_back();
    before_[op] = last[slot_[op]];
    last[slot_[op]] = op;
  }
}

void JustInTime::PlaceReadOnly() {
  for (std::size_t w = 0; w < begun_.size(); ++w) {
    std::uint64_t open = begun_[w] & ~placed_[w] & ~pending_[w];
    for (; open != 0; open &= open - 1) {
      PlaceIfReadOnly(owner_[w * 64 + static_cast<std::size_t>(std::countr_zero(open))]);
    }
  }
}

void JustInTime::Advance() {
  while (position_ < events_.size()) {
    const std::uint32_t op = events_[position_] / 2;
    const std::uint32_t slot = slot_[op];
    if (events_[position_] % 2 == 0) {
      Set(begun_, slot);
      owner_[slot] = op;
      PlaceIfReadOnly(op);
    } else {
      if (!Has(placed_, slot)) return;
      Clear(placed_, slot);
      Clear(begun_, slot);
    }
    ++position_;
  }
}

// Leaves placed_ as it is: the frame has it.
void JustInTime::GoBack(std::size_t position) {
  while (position_ > position) {
    const std::uint32_t op = events_[--position_] / 2;
    if (events_[position_] % 2 == 0) {
      Clear(begun_, slot_[op]);
      owner_[slot_[op]] = before_[op];
    } else {
      Set(begun_, slot_[op]);
      owner_[slot_[op]] = op;
    }
  }
}

bool JustInTime::IsNew() {
  const std::size_t words = placed_.size();
  key_.resize(words + 1);
  key_[0] = std::uint64_t{position_} << 32 | state_;
  bool any_used = false;
  for (std::size_t w = 0; w < words; ++w) {
    key_[w + 1] = placed_[w] & ~pending_[w];
    any_used = any_used || (placed_[w] & pending_[w]) != 0;
  }
  bool added = false;
  const std::uint32_t number = visited_->Add(key_.data(), added);
  if (added) first_used_up_.push_back(0);
  constexpr std::size_t kNoneUsed = SIZE_MAX;
  std::size_t& first = first_used_up_[number];
  if (!added) {
    if (first == kNoneUsed) return false;
    for (std::size_t at = first; at != 0; at = used_up_[at - 1 + words]) {
      bool within = true;
      for (std::size_t w = 0; w < words && within; ++w) {
        within = (used_up_[at - 1 + w] & ~placed_[w]) == 0;
      }
      if (within) return false;
    }
  }
  if (!any_used) {
    first = kNoneUsed;
    return true;
  }
  const std::size_t at = used_up_.size() + 1;
  for (std::size_t w = 0; w < words; ++w) used_up_.push_back(placed_[w] & pending_[w]);
  used_up_.push_back(first);
  first = at;
  return true;
}

void JustInTime::PushFrame() {
  const std::size_t begin = candidates_.size();
  const std::uint32_t waiting = events_[position_] / 2;
  for (std::size_t w = 0; w < begun_.size(); ++w) {
    for (std::uint64_t open = begun_[w] & ~placed_[w]; open != 0; open &= open - 1) {
      const std::uint32_t op = owner_[w * 64 + static_cast<std::size_t>(std::countr_zero(open))];
      if (!parts_.empty() && parts_[op] != parts_[waiting]) continue;
      candidates_.push_back(op);
    }
  }
  const auto first = candidates_.begin() + static_cast<std::ptrdiff_t>(begin);
  // Pending ones last.
  std::sort(first, candidates_.end(), [this](std::uint32_t a, std::uint32_t b) {
    if (operations_[a].done != operations_[b].done)
      return operations_[a].done < operations_[b].done;
    if (operations_[a].invoke != operations_[b].invoke) {
      return operations_[a].invoke < operations_[b].invoke;
    }
    return a < b;
  });
  // Of equal calls the first.
  std::size_t end = begin;
  for (std::size_t i = begin; i < candidates_.size(); ++i) {
    const std::uint32_t op = candidates_[i];
    const auto same = [&](std::uint32_t other) { return calls_[other] == calls_[op]; };
    if (std::any_of(first, candidates_.begin() + static_cast<std::ptrdiff_t>(end), same)) continue;
    candidates_[end++] = op;
  }
  candidates_.resize(end);
  frame_placed_.insert(frame_placed_.end(), placed_.begin(), placed_.end());
  frames_.push_back({position_, path_.size(), state_, begin, end});
}

SearchResult JustInTime::Run() {
  const std::size_t words = placed_.size();
  SearchResult result;
  Advance();
  path_.Reached(position_);
  IsNew();
  if (position_ < events_.size()) PushFrame();
  bool found = position_ == events_.size();
  while (!found && !frames_.empty()) {
    Frame& frame = frames_.back();
    const std::size_t depth = frames_.size() - 1;
    GoBack(frame.position);
    path_.Shrink(frame.path);
    std::copy_n(frame_placed_.begin() + static_cast<std::ptrdiff_t>(depth * words), words,
                placed_.begin());
    if (frame.candidate == frame.end) {
      frames_.pop_back();
      frame_placed_.resize(depth * words);
      // The frame below goes on after its own candidates.
      candidates_.resize(frames_.empty() ? 0 : frames_.back().end);
      continue;
    }
    if (!meter_.Step([this] { return Memory(); })) break;
    const std::uint32_t chosen = candidates_[frame.candidate++];
    const Automaton::State next = Next(frame.state, chosen);
    if (next == Automaton::kImpossible) continue;
    if (next == frame.state && operations_[chosen].pending()) continue;  // of no use
    state_ = next;
    Place(chosen);
    PlaceReadOnly();
    Advance();
    path_.Reached(position_);
    found = position_ == events_.size();
    if (!found && IsNew()) PushFrame();
  }
  result.steps = meter_.steps();
  result.memory = Memory();
  result.shortage = meter_.shortage();
  if (result.shortage != Shortage::kNone) {
    result.judgement = Judgement::kExhausted;
  } else if (found) {
    result.order.assign(path_.now().begin(), path_.now().end());
  } else {
    result.judgement = Judgement::kViolated;
    result.order = path_.Best();
    result.stuck = events_[path_.best_place()] / 2;
  }
  return result;
}

}  // namespace

SearchResult Search(std::span<const Operation> operations, const Model& model,
                    const Budget& budget) {
  return JustInTime(operations, model, budget).Run();
}

}  // namespace heddle::linearizability
