// SPDX-License-Identifier: Apache-2.0
//
// How large the search is: some ways from its root down to an execution with nothing behind it are
// drawn at random; what there was to choose from on the way tells how many executions there are
// (Knuth, "Estimating the Efficiency of Backtrack Programs", 1975). The mean of many such guesses
// is right; a single one can be far off.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {
namespace {

// A search of fewer executions is over before anybody asks.
constexpr std::uint64_t kFirst = 250;
// So many probes come at once; after that they are a small part of all executions.
constexpr std::uint64_t kAtOnce = 48;
constexpr std::uint64_t kRarely = 30;
// In events, of all executions of probes: so many are for free, and then this part of those that
// are explored. Where executions are long, a probe is.
constexpr std::uint64_t kFree = 1 << 16;
constexpr std::uint64_t kPart = 10;

}  // namespace

bool Search::Impl::ProbesAreCheap() const {
  return probe_.events <= kFree + probe_.explored_events / kPart;
}

void Search::Impl::EnterProbe() {
  std::swap(stack_, probe_.stack);
  probe_.counts = counts_;
  probe_.active = true;
}

void Search::Impl::LeaveProbe() {
  std::swap(stack_, probe_.stack);
  counts_ = probe_.counts;
  probe_.active = false;
}

bool Search::Impl::BeginProbe() {
  if (!probe_.wanted || is_piece_ || !ProbesAreCheap()) return false;
  if (probe_.halfway) {
    probe_.halfway = false;
    EnterProbe();
    return ContinueProbe();
  }
  const std::uint64_t done = counts_.complete + counts_.blocked;
  if (done < std::max(kFirst, probe_.next)) return false;
  EnterProbe();
  probe_.choices = 1;
  probe_.executions = 0;
  probe_.length = 0;
  stack_.push_back(NewExecution());
  StartRun();
  return true;
}

// The more of the graph is undone, the more lies behind it: those items are drawn more often, and
// stand for fewer others each time.
Item Search::Impl::DrawItem(const Execution& execution) {
  const std::vector<Item>& items = execution.items;
  const Graph& graph = execution.graph;
  std::vector<double> weights;
  double sum = 0;
  for (const Item& item : items) {
    std::size_t kept = item.event + std::size_t{1};
    if (item.kind == Item::Kind::kRevisit) {
      for (std::size_t id = kept; id <= item.write; ++id) {
        kept += graph.Contains(graph[item.write].porf, static_cast<EventId>(id)) ? 1 : 0;
      }
    }
    const auto undone = static_cast<double>(graph.size() - std::min(kept, graph.size()));
    weights.push_back(1 + undone);
    sum += weights.back();
  }
  double drawn = static_cast<double>(Draw() >> 11) * 0x1.0p-53 * sum;
  std::size_t at = 0;
  while (at + 1 < items.size() && drawn >= weights[at]) drawn -= weights[at++];
  probe_.choices *= sum / weights[at];
  return items[at];
}

// False: the probe is over, or goes on later.
bool Search::Impl::ContinueProbe() {
  if (failure_.empty() && !ProbesAreCheap()) {
    LeaveProbe();
    probe_.halfway = true;
    return false;
  }
  for (;;) {
    std::vector<Item>& items = stack_.back()->items;
    if (items.empty() || !failure_.empty()) break;
    const Item item = DrawItem(*stack_.back());
    items.clear();
    tentative_ = kNoEvent;
    first_item_ = 0;
    if (Apply(item) && WithinBounds(false)) {
      StartRun();
      return true;
    }
  }
  while (!stack_.empty()) Recycle();
  LeaveProbe();
  probe_.sum += probe_.executions;
  ++probe_.count;
  const std::uint64_t pause = probe_.count < kAtOnce ? 0 : kRarely * probe_.length;
  probe_.next = counts_.complete + counts_.blocked + pause;
  return false;
}

Ending Search::Impl::EndProbe() {
  const Ending ending = Judge();
  ++probe_.length;
  probe_.events += graph().size();
  if (!failure_.empty()) return ending;
  if (ending != Ending::kDropped && ending != Ending::kFailed) probe_.executions += probe_.choices;
  return Ending::kDropped;
}

// The weights of what has been explored say too much, but the less so the later.
double Search::Impl::Done() const {
  if (probe_.count < kAtOnce || is_piece_) return explored_;
  const auto done = static_cast<double>(counts_.complete + counts_.blocked);
  const double guess = done * static_cast<double>(probe_.count) / probe_.sum;
  const double most = std::min(explored_, 1.0);
  return std::clamp(guess, most * most * most * most, most);
}

}  // namespace heddle::explorer
