// SPDX-License-Identifier: Apache-2.0
//
// A configuration is the state and how far each process is. As in search.cc, an operation that only
// reads is placed at once, and no configuration is visited twice.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "checkers/linearizability/search.h"
#include "checkers/linearizability/search_support.h"

namespace heddle::linearizability {
namespace {

class Sequential {
 public:
  Sequential(std::span<const Operation> operations, const Model& model, const Budget& budget)
      : operations_(operations),
        automaton_(model.MakeAutomaton()),
        calls_(NumberCalls(operations, model)),
        meter_(budget) {
    std::map<std::int32_t, std::vector<std::uint32_t>> processes;
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
      read_only_.push_back(model.ReadOnly(operations[i]));
      if (operations[i].pending() && read_only_[i]) continue;  // of no use
      processes[operations[i].process].push_back(i);
    }
    for (auto& [process, own] : processes) {
      std::sort(own.begin(), own.end(), [&](std::uint32_t a, std::uint32_t b) {
        return operations[a].invoke != operations[b].invoke
                   ? operations[a].invoke < operations[b].invoke
                   : a < b;
      });
      own_.push_back(std::move(own));
    }
    at_.assign(own_.size(), 0);
    visited_ = std::make_unique<KeySet>(1 + (own_.size() + 1) / 2);
  }

  SearchResult Run();

 private:
  struct Frame {
    Automaton::State state;
    std::size_t path;
    std::size_t choice;  // next: 2 * process, plus 1 to leave a pending operation out
  };

  void PlaceReadOnly();
  bool IsNew();
  bool Finished() const {
    for (std::size_t p = 0; p < own_.size(); ++p) {
      if (at_[p] < own_[p].size() && !operations_[own_[p][at_[p]]].pending()) return false;
    }
    return true;
  }
  std::size_t Memory() const {
    return visited_->memory() + automaton_->memory() + frames_.capacity() * sizeof(Frame) +
           frame_at_.capacity() * sizeof(std::uint32_t);
  }

  std::span<const Operation> operations_;
  std::unique_ptr<Automaton> automaton_;
  std::vector<std::uint32_t> calls_;
  std::vector<bool> read_only_;
  Meter meter_;
  std::vector<std::vector<std::uint32_t>> own_;  // operations of each process, in its order
  std::vector<std::uint32_t> at_;                // the next of each
  Automaton::State state_ = Automaton::kInitial;
  Path path_;
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> frame_at_;
  std::unique_ptr<KeySet> visited_;
  std::vector<std::uint64_t> key_;
};

void Sequential::PlaceReadOnly() {
  for (std::size_t p = 0; p < own_.size(); ++p) {
    while (at_[p] < own_[p].size()) {
      const std::uint32_t op = own_[p][at_[p]];
      if (!read_only_[op] || automaton_->Next(state_, calls_[op], operations_[op]) != state_) {
        break;
      }
      path_.Push(op);
      ++at_[p];
    }
  }
}

bool Sequential::IsNew() {
  key_.assign(1 + (own_.size() + 1) / 2, 0);
  key_[0] = state_;
  for (std::size_t p = 0; p < at_.size(); ++p) {
    key_[1 + p / 2] |= std::uint64_t{at_[p]} << (p % 2 * 32);
  }
  bool added = false;
  visited_->Add(key_.data(), added);
  return added;
}

SearchResult Sequential::Run() {
  SearchResult result;
  const auto push = [this] {
    frames_.push_back({state_, path_.size(), 0});
    frame_at_.insert(frame_at_.end(), at_.begin(), at_.end());
  };
  PlaceReadOnly();
  path_.Reached(path_.size());
  IsNew();
  push();
  bool found = Finished();
  while (!found && !frames_.empty()) {
    Frame& frame = frames_.back();
    state_ = frame.state;
    path_.Shrink(frame.path);
    const std::size_t first = (frames_.size() - 1) * at_.size();
    std::copy_n(frame_at_.begin() + static_cast<std::ptrdiff_t>(first), at_.size(), at_.begin());
    if (frame.choice == 2 * own_.size()) {
      frames_.pop_back();
      frame_at_.resize(first);
      continue;
    }
    const std::size_t choice = frame.choice++;
    const std::size_t p = choice / 2;
    if (at_[p] == own_[p].size()) continue;
    const std::uint32_t op = own_[p][at_[p]];
    const bool leave_out = choice % 2 != 0;
    if (leave_out && !operations_[op].pending()) continue;
    if (!meter_.Step([this] { return Memory(); })) break;
    if (!leave_out) {
      const Automaton::State next = automaton_->Next(state_, calls_[op], operations_[op]);
      if (next == Automaton::kImpossible) continue;
      state_ = next;
      path_.Push(op);
    }
    ++at_[p];
    PlaceReadOnly();
    path_.Reached(path_.size());
    found = Finished();
    if (!found && IsNew()) push();
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
    // The first to end of those that come next.
    std::vector<bool> placed(operations_.size());
    for (const std::size_t op : result.order) placed[op] = true;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (placed[i] || operations_[i].pending()) continue;
      if (!result.stuck || operations_[i].done < operations_[*result.stuck].done) result.stuck = i;
    }
  }
  return result;
}

}  // namespace

SearchResult SearchSequential(std::span<const Operation> operations, const Model& model,
                              const Budget& budget) {
  return Sequential(operations, model, budget).Run();
}

}  // namespace heddle::linearizability
