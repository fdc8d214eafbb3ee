// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
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
        roles_(operations.size()),
        deadline_(deadline),
        // A search among fewer operations that takes much longer is not worth it.
        steps_(std::max<std::uint64_t>(100'000, 4 * steps)) {}

  // Who gives what to whom among these operations: the fewer they are, the less depends on another.
  void TellRoles(const std::vector<std::size_t>& kept) {
    std::vector<Role> roles = model_.Roles(Select(kept));
    givers_.clear();
    takers_.clear();
    for (std::size_t k = 0; k < kept.size(); ++k) {
      const std::size_t i = kept[k];
      roles_[i] = std::move(roles[k]);
      if (roles_[i].gives != kNone) givers_[roles_[i].gives].push_back(i);
      for (const Value needed : roles_[i].needs) takers_[needed].push_back(i);
    }
  }

  bool OutOfTime() const { return std::chrono::steady_clock::now() > deadline_; }

  bool StillWrong(const std::vector<std::size_t>& kept) const {
    const Budget budget{.steps = steps_, .memory = options_.max_memory, .deadline = deadline_};
    return JudgePart(Select(kept), model_, options_, budget).result.judgement ==
           Judgement::kViolated;
  }

  // `kept` without [begin, end) of it and what cannot stay without that. Empty: it cannot be done.
  std::vector<std::size_t> Without(const std::vector<std::size_t>& kept, std::size_t begin,
                                   std::size_t end) {
    std::vector<bool> gone;
    const auto any_gone = [&](const Role& role) {
      return std::any_of(role.needs.begin(), role.needs.end(), [&](Value needed) {
        const auto& givers = At(givers_, needed);
        return std::any_of(givers.begin(), givers.end(), [&](std::size_t i) { return gone[i]; });
      });
    };
    const Role& first = roles_[kept[begin]];
    const bool there_and_back = end - begin == 1 && first.from && !first.keep;
    if (there_and_back) gone = Spread(kept, begin, end, first.from);
    // The state before is there only if what made it is.
    if (!there_and_back || any_gone(first)) gone = Spread(kept, begin, end, std::nullopt);
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
      for (const Value needed : roles_[i].needs) {
        if (roles_[i].from_start) break;
        const auto& givers = At(givers_, needed);
        next.insert(next.end(), givers.begin(), givers.end());
      }
      if (roles_[i].gives == kNone) continue;
      for (const std::size_t taker : At(takers_, roles_[i].gives)) {
        if (roles_[taker].together) next.push_back(taker);
      }
    }
    std::sort(closure.begin(), closure.end());
    return closure;
  }

 private:
  using Of = absl::flat_hash_map<Value, std::vector<std::size_t>>;

  static const std::vector<std::size_t>& At(const Of& of, Value value) {
    static const std::vector<std::size_t> none;
    const auto at = of.find(value);
    return at == of.end() ? none : at->second;
  }

  // What goes with [begin, end) of `kept`. `before`: the state before it, if it matters.
  std::vector<bool> Spread(const std::vector<std::size_t>& kept, std::size_t begin, std::size_t end,
                           std::optional<Value> before) const {
    struct Left {
      std::size_t op;
      std::optional<Value> before;  // the state, where only operations left out are in between
    };
    std::vector<bool> gone(operations_.size());
    std::vector<Left> next;
    const auto leave_out = [&](std::size_t i, std::optional<Value> state) {
      if (gone[i]) return;
      gone[i] = true;
      next.push_back({i, state});
    };
    for (std::size_t k = begin; k < end; ++k) {
      if (!roles_[kept[k]].keep) leave_out(kept[k], before);
    }
    while (!next.empty()) {
      const auto [op, state] = next.back();
      next.pop_back();
      const Role& role = roles_[op];
      if (role.together) {
        for (const Value needed : role.needs) {
          for (const std::size_t i : At(givers_, needed)) leave_out(i, std::nullopt);
        }
      }
      if (role.gives == kNone) continue;
      for (const std::size_t i : At(givers_, role.gives)) leave_out(i, std::nullopt);
      for (const std::size_t i : At(takers_, role.gives)) {
        if (state && roles_[i].to == state) {
          gone[i] = true;  // and what needs it finds the same without it
        } else {
          leave_out(i, roles_[i].to ? state : std::nullopt);
        }
      }
    }
    return gone;
  }

  std::vector<Operation> Select(const std::vector<std::size_t>& kept) const {
    std::vector<Operation> some;
    some.reserve(kept.size());
    for (const std::size_t i : kept) some.push_back(operations_[i]);
    return some;
  }

  std::span<const Operation> operations_;
  const Model& model_;
  const Options& options_;
  std::vector<Role> roles_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t steps_;
  Of givers_;
  Of takers_;
};

// Leaves out what it can. False: out of time.
bool Reduce(Shrinker& shrinker, std::vector<std::size_t>& kept) {
  std::size_t chunk = std::max<std::size_t>(1, kept.size() / 2);
  while (true) {
    bool smaller = false;
    // From the end: the last operations are the least likely to matter to others.
    for (std::size_t end = kept.size(); end > 0;) {
      if (shrinker.OutOfTime()) return false;
      end = std::min(end, kept.size());
      const std::size_t begin = end > chunk ? end - chunk : 0;
      std::vector<std::size_t> rest = shrinker.Without(kept, begin, end);
      if (!rest.empty() && shrinker.StillWrong(rest)) {
        kept = std::move(rest);
        smaller = true;
      }
      end = begin;
    }
    if (chunk == 1 && !smaller) return !shrinker.OutOfTime();
    if (!smaller || chunk > kept.size())
      chunk = std::max<std::size_t>(1, std::min(chunk, kept.size()) / 2);
  }
}

std::vector<std::size_t> All(std::span<const Operation> operations) {
  std::vector<std::size_t> all(operations.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

std::vector<std::size_t> LeaveOut(std::span<const Operation> operations, const Model& model,
                                  std::size_t which) {
  const Options options;
  Shrinker shrinker(operations, model, options, std::chrono::steady_clock::time_point::max(), 0);
  const std::vector<std::size_t> all = All(operations);
  shrinker.TellRoles(all);
  return shrinker.Without(all, which, which + 1);
}

std::vector<std::size_t> Shrink(std::span<const Operation> operations, const Model& model,
                                const Options& options, const PartVerdict& verdict,
                                std::chrono::steady_clock::time_point deadline, bool& shrunk) {
  std::vector<std::size_t> kept = All(operations);
  shrunk = false;
  Shrinker shrinker(operations, model, options, deadline, verdict.result.steps);
  if (!verdict.witness.empty()) {
    shrinker.TellRoles(kept);
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
  for (std::size_t before = SIZE_MAX; kept.size() < before;) {
    before = kept.size();
    shrinker.TellRoles(kept);
    if (!Reduce(shrinker, kept)) return kept;
  }
  shrunk = true;
  return kept;
}

}  // namespace heddle::linearizability
