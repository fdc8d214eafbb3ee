// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
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
