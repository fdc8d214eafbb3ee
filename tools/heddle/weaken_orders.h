// SPDX-License-Identifier: Apache-2.0
//
// Which memory orders an operation can have, and which of them to try.
//
// Orders are named as in a record (checkers/explorer/runtime/record.md), and "none" is that of a
// fence that is left out. A weaker order allows all that a stronger one does: what passes with an
// order passes with every stronger one, and what fails with it fails with every weaker one.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_ORDERS_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_ORDERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace heddle::weaken {

enum class Part : std::uint8_t {
  kWhole,
  kFailure,  // the order of a compare-exchange that fails
};

bool IsWeaker(absl::string_view order, absl::string_view than);

// All that are weaker than `order`, weaker ones behind stronger ones.
std::vector<std::string> WeakerOrders(absl::string_view operation, Part part,
                                      absl::string_view order);

enum class Ending : std::uint8_t {
  kUntried,
  kPasses,
  kFails,
  kUndecided,  // not everything was explored
};

// The weaker orders of one operation, and how each went.
class Ladder {
 public:
  struct Rung {
    std::string order;
    Ending ending = Ending::kUntried;
    bool implied = false;  // by a stronger one that fails
  };

  Ladder(absl::string_view operation, Part part, absl::string_view order);

  // The order to try next: each of those between it and the operation's own has passed.
  std::optional<std::string> Next() const;
  void Set(absl::string_view order, Ending ending);

  const std::vector<Rung>& rungs() const { return rungs_; }
  bool Has(Ending ending) const;
  // Orders that pass while none weaker does.
  std::vector<std::string> Weakest() const;

 private:
  std::vector<Rung> rungs_;
};

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_ORDERS_H_
