// SPDX-License-Identifier: Apache-2.0
//
// What the criteria say, word by word, for tests: every order of a few operations is tried. Random
// histories to try it on.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_BRUTE_FORCE_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_BRUTE_FORCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

// A line for each operation.
inline std::string Print(const std::vector<Operation>& all, const Model& model) {
  std::string text;
  for (const Operation& op : all) {
    text += "process " + std::to_string(op.process) + " [" + std::to_string(op.invoke) + ", " +
            (op.pending() ? "pending" : std::to_string(op.done)) + "] " + model.Describe(op, {}) +
            "\n";
  }
  return text;
}

// Whether `a` must come before `b`.
inline bool Before(const std::vector<Operation>& all, std::size_t a, std::size_t b,
                   Criterion criterion) {
  switch (criterion) {
    case Criterion::kLinearizability:
      return all[a].done < all[b].invoke;
    case Criterion::kSequentialConsistency:
      return all[a].process == all[b].process && all[a].invoke < all[b].invoke;
    case Criterion::kQuiescentConsistency:
      // A time between them at which nothing is under way.
      if (!(all[a].done < all[b].invoke)) return false;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const Time time = all[i].done;
        if (time < all[a].done || time >= all[b].invoke) continue;
        bool quiet = true;
        for (const Operation& op : all) {
          // Just after `time`.
          quiet = quiet && !(op.invoke <= time && op.done > time);
        }
        if (quiet) return true;
      }
      return false;
  }
  return false;
}

template <Spec S>
bool SomeOrderIsPossible(const std::vector<Operation>& all, S& spec, Criterion criterion) {
  std::vector<bool> placed(all.size());
  const std::function<bool(const typename S::State&)> place = [&](const typename S::State& state) {
    bool all_placed = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (placed[i]) continue;
      all_placed = all_placed && all[i].pending();
      bool next = true;
      for (std::size_t j = 0; j < all.size(); ++j) {
        // A pending operation may be left out for good.
        if (!placed[j] && !all[j].pending() && j != i) next = next && !Before(all, j, i, criterion);
      }
      // Once one after it is placed, it is too late for it.
      for (std::size_t j = 0; j < all.size(); ++j) {
        if (placed[j]) next = next && !Before(all, i, j, criterion);
      }
      if (!next) continue;
      typename S::State after = state;
      if (!spec.Step(after, all[i])) continue;
      placed[i] = true;
      const bool possible = place(after);
      placed[i] = false;
      if (possible) return true;
    }
    return all_placed;
  };
  return place(spec.Initial());
}

using Random = std::mt19937_64;

inline std::uint64_t Below(Random& random, std::uint64_t bound) { return random() % bound; }

struct Shape {
  int processes = 3;
  int operations = 6;
  int pending_percent = 10;  // of the processes' last operations
  int wrong_percent = 50;    // of histories; wrong in one result, perhaps
  int ties_percent = 10;     // of histories; with equal times
};

// `call(process)` is a call without result. Results are those of some order, chosen from
// `candidates`; `spoil` makes an operation one that may be wrong.
template <Spec S>
std::vector<Operation> RandomHistory(Random& random, S& spec, const Shape& shape,
                                     const std::function<Operation(std::int32_t)>& call,
                                     const std::vector<Value>& candidates,
                                     const std::function<void(Operation&)>& spoil = nullptr) {
  struct Process {
    int stage = 0;  // idle, called, took effect
    Operation op;
  };
  std::vector<Process> processes(static_cast<std::size_t>(shape.processes));
  std::vector<Operation> all;
  typename S::State state = spec.Initial();
  const bool ties = Below(random, 100) < static_cast<std::uint64_t>(shape.ties_percent);
  Time now = 1;
  int left = shape.operations;
  const auto take_effect = [&](Operation& op) {
    op.done = now;
    const std::size_t first = Below(random, candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      op.result = candidates[(first + i) % candidates.size()];
      typename S::State after = state;
      if (!spec.Step(after, op)) continue;
      state = after;
      return true;
    }
    return false;
  };
  for (int stuck = 0; stuck < 200 && (left > 0 || stuck < 100); ++stuck) {
    Process& process = processes[Below(random, processes.size())];
    if (!ties || Below(random, 2) == 0) ++now;
    if (process.stage == 0) {
      if (left == 0) continue;
      --left;
      process.op = call(static_cast<std::int32_t>(&process - processes.data()));
      process.op.process = static_cast<std::int32_t>(&process - processes.data());
      process.op.invoke = now;
      process.stage = 1;
    } else if (process.stage == 1) {
      if (!take_effect(process.op)) continue;  // it waits
      process.stage = 2;
    } else {
      process.op.done = now;
      all.push_back(process.op);
      process.stage = 0;
    }
    stuck = left > 0 ? 0 : stuck;
    if (++now > 100'000'000) break;
  }
  for (Process& process : processes) {
    if (process.stage == 0) continue;
    if (process.stage == 2 &&
        Below(random, 100) >= static_cast<std::uint64_t>(shape.pending_percent)) {
      process.op.done = ++now;
    } else {
      process.op.done = kNever;
      process.op.result = kNone;
    }
    all.push_back(process.op);
  }
  if (!all.empty() && Below(random, 100) < static_cast<std::uint64_t>(shape.wrong_percent)) {
    Operation& op = all[Below(random, all.size())];
    if (spoil != nullptr) {
      spoil(op);
    } else if (!op.pending()) {
      op.result = candidates[Below(random, candidates.size())];
    }
  }
  std::shuffle(all.begin(), all.end(), random);
  return all;
}

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_BRUTE_FORCE_H_
