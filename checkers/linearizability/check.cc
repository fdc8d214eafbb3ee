// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/check.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/linearizability/judge.h"

namespace heddle::linearizability {
namespace {

using Clock = std::chrono::steady_clock;
using Part = std::vector<std::size_t>;

std::vector<Operation> Select(std::span<const Operation> operations, const Part& part) {
  std::vector<Operation> selected;
  selected.reserve(part.size());
  for (const std::size_t i : part) selected.push_back(operations[i]);
  return selected;
}

// Parts in order of their first operations; one if the operations cannot be divided.
std::vector<Part> Divide(std::span<const Operation> operations, const Model& model,
                         const Options& options) {
  std::vector<Part> parts;
  absl::flat_hash_map<Value, std::size_t> part_of;
  const bool divide =
      options.divide && model.divides() && options.criterion != Criterion::kSequentialConsistency;
  for (std::size_t i = 0; divide && i < operations.size(); ++i) {
    const std::optional<Value> key = model.Partition(operations[i]);
    if (!key) {
      parts.clear();
      break;
    }
    const auto [at, added] = part_of.try_emplace(*key, parts.size());
    if (added) parts.emplace_back();
    parts[at->second].push_back(i);
  }
  if (parts.empty() && !operations.empty()) {
    parts.emplace_back(operations.size());
    for (std::size_t i = 0; i < operations.size(); ++i) parts[0][i] = i;
  }
  return parts;
}

// Times such that only what quiescence separates is in order: a block is a time during which there
// is always an operation under way.
void KeepOnlyQuiescence(std::vector<Operation>& operations) {
  std::vector<Operation*> by_invoke;
  by_invoke.reserve(operations.size());
  for (Operation& op : operations) by_invoke.push_back(&op);
  std::sort(by_invoke.begin(), by_invoke.end(),
            [](const Operation* a, const Operation* b) { return a->invoke < b->invoke; });
  Time block = 0;
  Time end = 0;  // of the block
  for (Operation* op : by_invoke) {
    if (op->invoke > end) ++block;
    end = std::max(end, op->done);
    op->invoke = 2 * block;
    if (!op->pending()) op->done = 2 * block + 1;
  }
}

class Checker {
 public:
  Checker(std::vector<Operation> operations, const Model& model, const Options& options)
      : operations_(std::move(operations)),
        model_(model),
        options_(options),
        parts_(Divide(operations_, model, options)),
        verdicts_(parts_.size()),
        deadline_(options.max_time.count() == 0 ? Clock::time_point::max()
                                                : Clock::now() + options.max_time) {
    if (options_.criterion == Criterion::kQuiescentConsistency) KeepOnlyQuiescence(operations_);
  }

  Result Run() {
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t wanted =
        options_.threads > 0 ? static_cast<std::size_t>(options_.threads) : processors;
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < std::min(wanted, parts_.size()); ++i) {
      helpers.emplace_back([this] { Work(); });
    }
    Work();
    for (std::thread& helper : helpers) helper.join();
    return Sum();
  }

 private:
  void Work() {
    while (true) {
      const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
      // The first violation is the one reported: what comes after it does not matter.
      if (i >= parts_.size() || i > violated_.load(std::memory_order_relaxed)) return;
      const std::uint64_t used = steps_.load(std::memory_order_relaxed);
      Budget budget{
          .steps = 0, .memory = options_.max_memory, .deadline = deadline_, .stop = nullptr};
      if (options_.max_steps != 0) {
        budget.steps = used < options_.max_steps ? options_.max_steps - used : 1;
      }
      PartVerdict verdict = JudgePart(Select(operations_, parts_[i]), model_, options_, budget);
      steps_.fetch_add(verdict.result.steps, std::memory_order_relaxed);
      if (verdict.result.judgement == Judgement::kViolated) {
        std::size_t least = violated_.load(std::memory_order_relaxed);
        while (i < least && !violated_.compare_exchange_weak(least, i, std::memory_order_relaxed)) {
        }
      } else {
        verdict.result.order = {};
      }
      verdicts_[i] = std::move(verdict);
    }
  }

  Result Sum() {
    Result result;
    result.parts = parts_.size();
    for (const std::optional<PartVerdict>& verdict : verdicts_) {
      if (!verdict) continue;
      result.searched += verdict->searched ? 1 : 0;
      result.steps += verdict->result.steps;
      result.memory = std::max(result.memory, verdict->result.memory);
      if (verdict->result.judgement == Judgement::kExhausted) {
        result.judgement = Judgement::kExhausted;
        result.shortage = verdict->result.shortage;
      }
    }
    const std::size_t violated = violated_.load(std::memory_order_relaxed);
    if (violated < parts_.size()) {
      result.judgement = Judgement::kViolated;
      result.shortage = Shortage::kNone;
      result.violation = Explain(parts_[violated], *verdicts_[violated]);
    }
    return result;
  }

  Violation Explain(const Part& part, const PartVerdict& verdict) const {
    Violation violation;
    violation.part = part;
    violation.minimal = part;
    if (options_.shrink_time.count() > 0 && options_.criterion == Criterion::kLinearizability) {
      const std::vector<Operation> operations = Select(operations_, part);
      const std::optional<Summed> summed =
          SumUp(operations, model_, options_, verdict, Clock::now() + options_.shrink_time / 2);
      const bool worth = summed && summed->before.size() > kFewOperations;
      if (worth && ExplainSum(operations, *summed, violation)) return violation;
    }
    if (options_.shrink_time.count() > 0) {
      const std::vector<std::size_t> kept =
          Shrink(Select(operations_, part), model_, options_, verdict,
                 Clock::now() + options_.shrink_time, violation.shrunk);
      violation.minimal.clear();
      for (const std::size_t i : kept) violation.minimal.push_back(part[i]);
    }
    SearchResult search = verdict.result;
    if (violation.minimal.size() < part.size() || !verdict.searched) {
      Options searching = options_;
      searching.fast = false;
      const Budget budget{.steps = 0,
                          .memory = options_.max_memory,
                          .deadline = Clock::now() + std::chrono::seconds(2)};
      search = JudgePart(Select(operations_, violation.minimal), model_, searching, budget).result;
    }
    if (search.judgement != Judgement::kViolated) return violation;
    for (const std::size_t i : search.order) violation.prefix.push_back(violation.minimal[i]);
    if (search.stuck) violation.stuck = violation.minimal[*search.stuck];
    return violation;
  }

  // So many are shown rather than summed up.
  static constexpr std::size_t kFewOperations = 8;

  // False: it is not known to be wrong.
  bool ExplainSum(std::span<const Operation> operations, const Summed& summed,
                  Violation& violation) const {
    const Budget budget{.steps = 0,
                        .memory = options_.max_memory,
                        .deadline = Clock::now() + std::chrono::seconds(2)};
    const SearchResult search =
        JudgePart(heddle::linearizability::Select(operations, model_, summed), model_, options_,
                  budget)
            .result;
    if (search.judgement != Judgement::kViolated) return false;
    const Part part = std::exchange(violation.minimal, {});
    for (const auto* some : {&summed.asking, &summed.beside}) {
      for (const std::size_t i : *some) violation.minimal.push_back(part[i]);
    }
    for (const std::size_t i : summed.before) violation.before.push_back(part[i]);
    const std::size_t first = summed.before.empty() ? 0 : 1;
    if (first != 0) violation.sum = summed.sum;
    for (const std::size_t i : search.order) {
      if (i >= first) violation.prefix.push_back(violation.minimal[i - first]);
    }
    if (search.stuck && *search.stuck >= first) {
      violation.stuck = violation.minimal[*search.stuck - first];
    }
    violation.shrunk = true;
    return true;
  }

  std::vector<Operation> operations_;
  const Model& model_;
  const Options& options_;
  std::vector<Part> parts_;
  std::vector<std::optional<PartVerdict>> verdicts_;
  Clock::time_point deadline_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> violated_{SIZE_MAX};
  std::atomic<std::uint64_t> steps_{0};
};

}  // namespace

PartVerdict JudgePart(std::span<const Operation> operations, const Model& model,
                      const Options& options, const Budget& budget) {
  PartVerdict verdict;
  if (options.criterion == Criterion::kSequentialConsistency) {
    verdict.searched = true;
    verdict.result = SearchSequential(operations, model, budget);
    return verdict;
  }
  if (options.fast) {
    // Patterns are of one object.
    const bool one = std::all_of(operations.begin(), operations.end(), [&](const Operation& op) {
      return op.key == operations.front().key;
    });
    if (std::optional<FastVerdict> fast = one ? model.Fast(operations) : std::nullopt) {
      verdict.result.judgement = fast->ok ? Judgement::kOk : Judgement::kViolated;
      verdict.witness = std::move(fast->witness);
      return verdict;
    }
  }
  verdict.searched = true;
  verdict.result = Search(operations, model, budget);
  return verdict;
}

absl::StatusOr<Result> Check(std::span<const Operation> operations, const Model& model,
                             const Options& options) {
  for (const Operation& op : operations) {
    if (op.done < op.invoke) {
      return absl::InvalidArgumentError("an operation returns before it is called");
    }
  }
  const bool together = !options.divide || options.criterion == Criterion::kSequentialConsistency;
  if (together && model.divides() && !model.whole() && !operations.empty()) {
    for (const Operation& op : operations) {
      if (op.key == operations.front().key) continue;
      return absl::InvalidArgumentError(
          "several objects of this kind can be judged one by one only, not together");
    }
  }
  return Checker({operations.begin(), operations.end()}, model, options).Run();
}

}  // namespace heddle::linearizability
