// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/judge.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {
namespace {

class Summer {
 public:
  Summer(std::span<const Operation> operations, std::vector<Operation> changes, const Model& model,
         const Options& options, std::chrono::steady_clock::time_point deadline)
      : operations_(operations),
        changes_(std::move(changes)),
        model_(model),
        options_(options),
        deadline_(deadline) {}

  // Those that are no mere changes.
  std::vector<std::size_t> Asking() const {
    std::vector<std::size_t> asking;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (operations_[i].function != changes_[i].function) asking.push_back(i);
    }
    return asking;
  }

  bool OutOfTime() const { return std::chrono::steady_clock::now() > deadline_; }

  Summed Sum(std::vector<std::size_t> asking) const {
    Summed summed;
    Time first = kNever;
    Time last = 0;
    std::vector<bool> asks(operations_.size());
    for (const std::size_t i : asking) {
      first = std::min(first, operations_[i].invoke);
      // A pending one that took effect later has not taken effect then.
      if (!operations_[i].pending()) last = std::max(last, operations_[i].done);
      asks[i] = true;
    }
    summed.asking = std::move(asking);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const Operation& op = changes_[i];
      if (asks[i] || op.argument == 0 || op.invoke > last) continue;
      if (op.done >= first) {
        summed.beside.push_back(i);
        continue;
      }
      if (summed.before.empty()) summed.sum = op;
      summed.before.push_back(i);
      sum += static_cast<std::uint64_t>(op.argument);  // as atomic counters do
      summed.sum.invoke = std::min(summed.sum.invoke, op.invoke);
      summed.sum.done = std::max(summed.sum.done, op.done);
    }
    summed.sum.argument = static_cast<Value>(sum);
    return summed;
  }

  bool StillWrong(const std::vector<std::size_t>& asking) const {
    const Budget budget{.steps = kSteps, .memory = options_.max_memory, .deadline = deadline_};
    return JudgePart(Select(operations_, model_, Sum(asking)), model_, options_, budget)
               .result.judgement == Judgement::kViolated;
  }

 private:
  static constexpr std::uint64_t kSteps = 1'000'000;

  std::span<const Operation> operations_;
  std::vector<Operation> changes_;
  const Model& model_;
  const Options& options_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace

std::vector<Operation> Select(std::span<const Operation> operations, const Model& model,
                              const Summed& summed) {
  std::vector<Operation> some;
  if (!summed.before.empty()) some.push_back(summed.sum);
  for (const std::size_t i : summed.asking) some.push_back(operations[i]);
  for (const std::size_t i : summed.beside) some.push_back(*model.Change(operations[i]));
  return some;
}

std::optional<Summed> SumUp(std::span<const Operation> operations, const Model& model,
                            const Options& options, const PartVerdict& verdict,
                            std::chrono::steady_clock::time_point deadline) {
  std::vector<Operation> changes;
  for (const Operation& op : operations) {
    std::optional<Operation> change = model.Change(op);
    if (!change || op.key != operations.front().key) return std::nullopt;
    changes.push_back(*std::move(change));
  }
  const Summer summer(operations, std::move(changes), model, options, deadline);
  std::vector<std::size_t> asking = summer.Asking();
  // One alone is the rule: most likely the one that could not be placed, else one behind it.
  std::vector<std::size_t> alone = asking;
  if (verdict.result.stuck) {
    const auto stuck = std::find(alone.begin(), alone.end(), *verdict.result.stuck);
    if (stuck != alone.end()) std::rotate(alone.begin(), stuck, stuck + 1);
  }
  for (const std::size_t i : alone) {
    if (summer.OutOfTime()) return std::nullopt;
    if (summer.StillWrong({i})) return summer.Sum({i});
  }
  for (std::size_t chunk = std::max<std::size_t>(1, asking.size() / 2);;) {
    bool smaller = false;
    for (std::size_t end = asking.size(); end > 0;) {
      if (summer.OutOfTime()) return std::nullopt;
      const std::size_t begin = end > chunk ? end - chunk : 0;
      std::vector<std::size_t> rest(asking.begin(),
                                    asking.begin() + static_cast<std::ptrdiff_t>(begin));
      rest.insert(rest.end(), asking.begin() + static_cast<std::ptrdiff_t>(end), asking.end());
      if (!rest.empty() && summer.StillWrong(rest)) {
        asking = std::move(rest);
        smaller = true;
      }
      end = begin;
    }
    if (chunk == 1 && !smaller) break;
    chunk = std::max<std::size_t>(1, chunk / 2);
  }
  return summer.Sum(std::move(asking));
}

}  // namespace heddle::linearizability
