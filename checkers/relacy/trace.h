// SPDX-License-Identifier: Apache-2.0
//
// The record of one execution, and its rendering as a counterexample: one column per thread, the
// primitive's own file and line, values, and for each load that did not see the newest store the
// step of the store that it saw.
#ifndef HEDDLE_CHECKERS_RELACY_TRACE_H_
#define HEDDLE_CHECKERS_RELACY_TRACE_H_

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checkers/relacy/cells.h"

namespace heddle::relacy {

std::string_view OrderName(std::memory_order order);
std::string FormatValue(ValueKind kind, std::uint64_t word);

class Trace {
 public:
  static constexpr int kNoThread = -1;  // construction and After()

  void Clear();

  // Gives the object at `address` the next label (A1, A2, .. for atomics, V1, .. for plain
  // variables).
  void Declare(const void* address, char prefix, std::string_view what, Location where);
  // The label of the live object at `address`.
  std::string Label(const void* address) const;

  // Appends a step and returns its number, counted from 1.
  int Add(int thread, Location where, std::string text);
  void Append(int step, std::string_view text);
  // Remembers that `step` made the store called `id`; StoreStep finds it again (0: initial value).
  void RecordStore(std::uint64_t id, int step);
  int StoreStep(std::uint64_t id) const;

  std::string Render(int threads) const;

 private:
  struct Step {
    int thread;
    std::string place;
    std::string text;
  };
  struct Object {
    std::string label;
    std::string description;
  };

  std::vector<Step> steps_;
  std::vector<Object> objects_;
  std::unordered_map<const void*, std::size_t> by_address_;
  std::unordered_map<std::uint64_t, int> stores_;
  int labels_[256] = {};
};

}  // namespace heddle::relacy

#endif  // HEDDLE_CHECKERS_RELACY_TRACE_H_
