// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"

namespace heddle::explorer::report {
namespace {

int Before(const Step& step, int thread) {
  const auto index = static_cast<std::size_t>(thread);
  return index < step.hb.size() ? step.hb[index] : 0;
}

// The step that the event belongs to: the first that ends no earlier.
const Step* At(const Execution& execution, int thread, int index) {
  for (const Step& step : execution.steps) {
    if (step.thread == thread && step.index >= index) return &step;
  }
  return nullptr;
}

// The step of the same thread before this one.
const Step* Previous(const Execution& execution, const Step& step) {
  const Step* previous = nullptr;
  for (const Step& other : execution.steps) {
    if (other.thread == step.thread && other.number < step.number) previous = &other;
  }
  return previous;
}

void AddSynchronization(const Execution& execution, const Step& step, std::vector<Arrow>& arrows) {
  const Step* previous = Previous(execution, step);
  std::vector<const Step*> sources;
  for (const ThreadTitle& thread : execution.threads) {
    if (thread.id == step.thread) continue;
    const int now = Before(step, thread.id);
    if (now == 0 || (previous != nullptr && Before(*previous, thread.id) >= now)) continue;
    const Step* source = At(execution, thread.id, now - 1);
    if (source != nullptr) sources.push_back(source);
  }
  for (const Step* source : sources) {
    const bool follows = std::any_of(sources.begin(), sources.end(), [&](const Step* other) {
      return other != source && Before(*other, source->thread) > source->index;
    });
    if (!follows) arrows.push_back({Arrow::Kind::kSynchronizes, source->number, step.number});
  }
}

}  // namespace

std::vector<Arrow> Arrows(const Execution& execution) {
  std::vector<Arrow> arrows;
  std::map<int, std::vector<std::pair<int, int>>> writes;  // by location: (co, step)
  for (const Step& step : execution.steps) {
    if (step.reads_from != 0) {
      arrows.push_back({Arrow::Kind::kReadsFrom, step.reads_from, step.number});
    }
    if (step.co != 0) writes[step.location].emplace_back(step.co, step.number);
  }
  for (auto& [location, order] : writes) {
    std::sort(order.begin(), order.end());
    for (std::size_t i = 1; i < order.size(); ++i) {
      // An update follows what it reads.
      const Step& next = execution.steps[static_cast<std::size_t>(order[i].second - 1)];
      if (next.reads_from == order[i - 1].second) continue;
      arrows.push_back({Arrow::Kind::kCoherence, order[i - 1].second, order[i].second});
    }
  }
  for (const Step& step : execution.steps) AddSynchronization(execution, step, arrows);
  return arrows;
}

}  // namespace heddle::explorer::report
