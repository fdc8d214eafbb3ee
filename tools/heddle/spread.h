// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_TOOLS_HEDDLE_SPREAD_H_
#define HEDDLE_TOOLS_HEDDLE_SPREAD_H_

#include <vector>

#include "nlohmann/json.hpp"

namespace heddle::bench {

// What repetitions of one measurement gave.
struct Spread {
  double median = 0;
  double low = 0;  // quartiles
  double high = 0;
  double least = 0;
  double most = 0;
};

// Quartiles by linear interpolation. `values` is not empty.
Spread SpreadOf(std::vector<double> values);

nlohmann::json ToJson(const Spread& spread);

}  // namespace heddle::bench

#endif  // HEDDLE_TOOLS_HEDDLE_SPREAD_H_
