// SPDX-License-Identifier: Apache-2.0
//
// What the two searches share.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_SUPPORT_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_SUPPORT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checkers/linearizability/search.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

// For each operation the number of its call: equal numbers, the same to the specification.
std::vector<std::uint32_t> NumberCalls(std::span<const Operation> operations, const Model& model);

// A set of fixed-size keys of words, kept one after the other.
class KeySet {
 public:
  explicit KeySet(std::size_t words) : words_(words), table_(1024, kEmpty) {}

  // The key's number; `added` tells whether it is new.
  std::uint32_t Add(const std::uint64_t* key, bool& added);

  std::size_t memory() const {
    return keys_.capacity() * sizeof(std::uint64_t) + table_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  std::size_t Hash(const std::uint64_t* key) const;
  void Grow();

  std::size_t words_;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> table_;
  std::uint32_t count_ = 0;
};

// Counts steps and says when to stop.
class Meter {
 public:
  explicit Meter(const Budget& budget) : budget_(budget) {}

  // `memory()` is asked now and then.
  template <class Memory>
  bool Step(Memory memory) {
    ++steps_;
    if (budget_.steps != 0 && steps_ > budget_.steps) {
      shortage_ = Shortage::kSteps;
      return false;
    }
    if (steps_ % 1024 != 0) return true;
    memory_ = memory();
    if (budget_.memory != 0 && memory_ > budget_.memory) {
      shortage_ = Shortage::kMemory;
    } else if (budget_.stop != nullptr && budget_.stop->load(std::memory_order_relaxed)) {
      shortage_ = Shortage::kStopped;
    } else if (budget_.deadline != std::chrono::steady_clock::time_point::max() &&
               std::chrono::steady_clock::now() > budget_.deadline) {
      shortage_ = Shortage::kTime;
    }
    return shortage_ == Shortage::kNone;
  }

  Shortage shortage() const { return shortage_; }
  std::uint64_t steps() const { return steps_; }

 private:
  const Budget& budget_;
  std::uint64_t steps_ = 0;
  std::size_t memory_ = 0;
  Shortage shortage_ = Shortage::kNone;
};

// The order in which operations are placed now, and the longest one there was. "Longest" is that
// which got furthest in the history.
class Path {
 public:
  std::size_t size() const { return now_.size(); }
  void Push(std::uint32_t op) { now_.push_back(op); }

  void Shrink(std::size_t size) {
    while (now_.size() > size) {
      if (now_.size() == shared_) {
        best_tail_.push_back(now_.back());
        --shared_;
      }
      now_.pop_back();
    }
  }

  // The present path is the best so far if it got further than any before.
  void Reached(std::size_t place) {
    if (place < best_place_ || (place == best_place_ && shared_ + best_tail_.size() != 0)) return;
    best_place_ = place;
    shared_ = now_.size();
    best_tail_.clear();
  }

  const std::vector<std::uint32_t>& now() const { return now_; }
  std::vector<std::size_t> Best() const {
    std::vector<std::size_t> best(now_.begin(),
                                  now_.begin() + static_cast<std::ptrdiff_t>(shared_));
    best.insert(best.end(), best_tail_.rbegin(), best_tail_.rend());
    return best;
  }
  std::size_t best_place() const { return best_place_; }

 private:
  std::vector<std::uint32_t> now_;
  // The best path is the first shared_ of now_, then best_tail_ backwards.
  std::size_t shared_ = 0;
  std::vector<std::uint32_t> best_tail_;
  std::size_t best_place_ = 0;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_SUPPORT_H_
