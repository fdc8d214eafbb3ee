// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/linearizability/judge.h"

namespace heddle::linearizability {
namespace {

class Shrinker {
 public:
  Shrinker(std::span<const Operation> operations, const Model& model, const Options& options,
           std::chrono::steady_clock::time_point deadline, std::uint64_t steps)
      : operations_(operations),
        model_(model),
        options_(options),
        roles_(model.Roles(operations)),
        deadline_(deadline),
        // A search among fewer operations that takes much longer is not worth it.
        steps_(std::max<std::uint64_t>(100'000, 4 * steps)) {
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      if (roles_[i].gives != kNone) givers_[roles_[i].gives].push_back(i);
      if (roles_[i].needs != kNone) takers_[roles_[i].needs].push_back(i);
    }
  }

  bool OutOfTime() const { return std::chrono::steady_clock::now() > deadline_; }

  bool StillWrong(const std::vector<std::size_t>& kept) const {
    std::vector<Operation> some;
    some.reserve(kept.size());
    for (const std::size_t i : kept) some.push_back(operations_[i]);
    const Budget budget{.steps = steps_, .memory = options_.max_memory, .deadline = deadline_};
    return JudgePart(some, model_, options_, budget).result.judgement == Judgement::kViolated;
  }

  // `kept` without [begin, end) of it and what cannot stay without that. Empty: it cannot be done.
  std::vector<std::size_t> Without(const std::vector<std::size_t>& kept, std::size_t begin,
                                   std::size_t end) {
    std::vector<bool> gone(operations_.size());
    std::vector<std::size_t> next;
    const auto leave_out = [&](std::size_t i) {
      if (gone[i]) return;
      gone[i] = true;
      next.push_back(i);
    };
    for (std::size_t k = begin; k < end; ++k) {
      if (!roles_[kept[k]].keep) leave_out(kept[k]);
    }
    const auto leave_out_all = [&](Value value) {
      for (const auto* all : {&givers_, &takers_}) {
        const auto at = all->find(value);
        if (at == all->end()) continue;
        for (const std::size_t i : at->second) leave_out(i);
      }
    };
    while (!next.empty()) {
      const Role& role = roles_[next.back()];
      next.pop_back();
      if (role.gives != kNone) leave_out_all(role.gives);
      if (role.together && role.needs != kNone) leave_out_all(role.needs);
    }
    std::vector<std::size_t> rest;
    for (const std::size_t i : kept) {
      if (!gone[i]) rest.push_back(i);
    }
    if (rest.size() == kept.size()) rest.clear();
    return rest;
  }

  // What belongs to a witness.
  std::vector<std::size_t> Closure(const std::vector<std::size_t>& witness) const {
    std::vector<bool> in(operations_.size());
    std::vector<std::size_t> next = witness;
    std::vector<std::size_t> closure;
    while (!next.empty()) {
      const std::size_t i = next.back();
      next.pop_back();
      if (in[i]) continue;
      in[i] = true;
      closure.push_back(i);
      for (const Value value : {roles_[i].gives, roles_[i].needs}) {
        if (value == kNone) continue;
        for (const auto* all : {&givers_, &takers_}) {
          if (all == &takers_ && !roles_[i].together && value == roles_[i].gives) continue;
          const auto at = all->find(value);
          if (at != all->end()) next.insert(next.end(), at->second.begin(), at->second.end());
        }
      }
    }
    std::sort(closure.begin(), closure.end());
    return closure;
  }

 private:
  std::span<const Operation> operations_;
  const Model& model_;
  const Options& options_;
  std::vector<Role> roles_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t steps_;
  absl::flat_hash_map<Value, std::vector<std::size_t>> givers_;
  absl::flat_hash_map<Value, std::vector<std::size_t>> takers_;
};

}  // namespace

std::vector<std::size_t> Shrink(std::span<const Operation> operations, const Model& model,
                                const Options& options, const PartVerdict& verdict,
                                std::chrono::steady_clock::time_point deadline, bool& shrunk) {
  std::vector<std::size_t> kept(operations.size());
  std::iota(kept.begin(), kept.end(), 0);
  shrunk = false;
  Shrinker shrinker(operations, model, options, deadline, verdict.result.steps);
  if (!verdict.witness.empty()) {
    std::vector<std::size_t> witness = shrinker.Closure(verdict.witness);
    if (witness.size() < kept.size() && shrinker.StillWrong(witness)) kept = std::move(witness);
  } else if (verdict.result.stuck && options.criterion != Criterion::kSequentialConsistency) {
    // What began after it was to return had no part in it.
    const Time end = operations[*verdict.result.stuck].done;
    std::vector<std::size_t> before;
    for (const std::size_t i : kept) {
      if (operations[i].invoke <= end) before.push_back(i);
    }
    if (shrinker.StillWrong(before)) kept = std::move(before);
  }
  std::sort(kept.begin(), kept.end(), [&](std::size_t a, std::size_t b) {
    return operations[a].invoke != operations[b].invoke
               ? operations[a].invoke < operations[b].invoke
               : a < b;
  });
  std::size_t chunk = std::max<std::size_t>(1, kept.size() / 2);
  while (true) {
    bool smaller = false;
    // From the end: the last operations are the least likely to matter to others.
    for (std::size_t end = kept.size(); end > 0;) {
      if (shrinker.OutOfTime()) return kept;
      end = std::min(end, kept.size());
      const std::size_t begin = end > chunk ? end - chunk : 0;
      std::vector<std::size_t> rest = shrinker.Without(kept, begin, end);
      if (!rest.empty() && shrinker.StillWrong(rest)) {
        kept = std::move(rest);
        smaller = true;
      }
      end = begin;
    }
    if (chunk == 1 && !smaller) break;
    if (!smaller || chunk > kept.size())
      chunk = std::max<std::size_t>(1, std::min(chunk, kept.size()) / 2);
  }
  shrunk = !shrinker.OutOfTime();
  return kept;
}

}  // namespace heddle::linearizability
