// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_orders.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace heddle::weaken {
namespace {

// What an order has, as bits.
constexpr unsigned kAcquires = 1;
constexpr unsigned kReleases = 2;
constexpr unsigned kTotal = 4;

unsigned Bits(absl::string_view order) {
  if (order == "acquire") return kAcquires;
  if (order == "release") return kReleases;
  if (order == "acq_rel") return kAcquires | kReleases;
  if (order == "seq_cst") return kAcquires | kReleases | kTotal;
  return 0;
}

}  // namespace

bool IsWeaker(absl::string_view order, absl::string_view than) {
  return Bits(order) != Bits(than) && (Bits(order) & ~Bits(than)) == 0;
}

std::vector<std::string> WeakerOrders(absl::string_view operation, Part part,
                                      absl::string_view order) {
  const bool loads = operation == "load" || part == Part::kFailure;
  const bool stores = operation == "store";
  std::vector<std::string> weaker;
  for (const absl::string_view one : {"acq_rel", "acquire", "release", "relaxed"}) {
    if (!IsWeaker(one, order)) continue;
    if (loads && (Bits(one) & kReleases) != 0) continue;
    if (stores && (Bits(one) & kAcquires) != 0) continue;
    weaker.emplace_back(one == "relaxed" && operation == "fence" ? "none" : one);
  }
  return weaker;
}

Ladder::Ladder(absl::string_view operation, Part part, absl::string_view order) {
  for (const std::string& weaker : WeakerOrders(operation, part, order)) {
    rungs_.push_back({.order = weaker});
  }
}

std::optional<std::string> Ladder::Next() const {
  for (const Rung& rung : rungs_) {
    if (rung.ending != Ending::kUntried) continue;
    const bool ready = std::all_of(rungs_.begin(), rungs_.end(), [&](const Rung& other) {
      return !IsWeaker(rung.order, other.order) || other.ending == Ending::kPasses;
    });
    if (ready) return rung.order;
  }
  return std::nullopt;
}

void Ladder::Set(absl::string_view order, Ending ending) {
  for (Rung& rung : rungs_) {
    if (rung.order == order) rung.ending = ending;
    if (!IsWeaker(rung.order, order) || ending == Ending::kPasses) continue;
    // Of two that do not pass, the failure says more.
    if (rung.ending == Ending::kFails) continue;
    rung.ending = ending;
    rung.implied = true;
  }
}

bool Ladder::Has(Ending ending) const {
  return std::any_of(rungs_.begin(), rungs_.end(),
                     [&](const Rung& rung) { return rung.ending == ending; });
}

std::vector<std::string> Ladder::Weakest() const {
  std::vector<std::string> weakest;
  for (const Rung& rung : rungs_) {
    if (rung.ending != Ending::kPasses) continue;
    const bool least = std::none_of(rungs_.begin(), rungs_.end(), [&](const Rung& other) {
      return other.ending == Ending::kPasses && IsWeaker(other.order, rung.order);
    });
    if (least) weakest.push_back(rung.order);
  }
  return weakest;
}

}  // namespace heddle::weaken
