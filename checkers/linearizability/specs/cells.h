// SPDX-License-Identifier: Apache-2.0
//
// Values by key, as a state: in order of the keys, without those that have the initial value.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CELLS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CELLS_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "checkers/linearizability/history.h"

namespace heddle::linearizability {

using Cells = std::vector<std::pair<Value, Value>>;

inline Value GetCell(const Cells& cells, Value key, Value initial) {
  const auto at = std::lower_bound(cells.begin(), cells.end(), std::pair(key, kNone));
  return at != cells.end() && at->first == key ? at->second : initial;
}

inline void SetCell(Cells& cells, Value key, Value value, Value initial) {
  const auto at = std::lower_bound(cells.begin(), cells.end(), std::pair(key, kNone));
  const bool there = at != cells.end() && at->first == key;
  if (value == initial) {
    if (there) cells.erase(at);
  } else if (there) {
    at->second = value;
  } else {
    cells.emplace(at, key, value);
  }
}

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CELLS_H_
