// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/spread.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "nlohmann/json.hpp"

namespace heddle::bench {

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&values](double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (values[above] - values[below]) * (position - std::floor(position));
  };
  return {.median = at(0.5),
          .low = at(0.25),
          .high = at(0.75),
          .least = values.front(),
          .most = values.back()};
}

nlohmann::json ToJson(const Spread& spread) {
  return {{"median", spread.median},
          {"quartiles", {spread.low, spread.high}},
          {"range", {spread.least, spread.most}}};
}

}  // namespace heddle::bench
