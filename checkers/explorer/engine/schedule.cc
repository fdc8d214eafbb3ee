// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/engine/schedule.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer_engine {
namespace {

using explorer::Recorded;

Recorded::Kind KindOf(absl::string_view operation) {
  if (operation == "load") return Recorded::Kind::kLoad;
  if (operation == "store") return Recorded::Kind::kStore;
  if (operation == "fence") return Recorded::Kind::kFence;
  const bool updates = operation == "exchange" || absl::StartsWith(operation, "fetch_") ||
                       absl::StartsWith(operation, "compare_exchange");
  return updates ? Recorded::Kind::kUpdate : Recorded::Kind::kCall;
}

bool ParseResult(absl::string_view text, Recorded& recorded) {
  if (text == "-") return true;
  recorded.result = text == "*" ? Recorded::Result::kNotZero : Recorded::Result::kValue;
  std::uint64_t value = 0;
  if (text != "*" && !absl::SimpleAtoi(text, &value)) return false;
  recorded.value = value;
  return true;
}

}  // namespace

absl::StatusOr<std::vector<Recorded>> ParseSchedule(absl::string_view text, int threads) {
  std::vector<Recorded> schedule;
  std::map<std::string, int> places;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    Recorded recorded;
    if (words.size() != 4 || !absl::SimpleAtoi(words[0], &recorded.thread) || recorded.thread < 0 ||
        recorded.thread >= threads || words[1].empty() || !ParseResult(words[2], recorded)) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": '", line,
                                                     "' is no THREAD OPERATION RESULT PLACE of ",
                                                     threads, " threads"));
    }
    ++recorded.thread;
    recorded.kind = KindOf(words[1]);
    const int next = static_cast<int>(places.size());
    recorded.place = places.emplace(absl::StrCat(words[1], " ", words[3]), next).first->second;
    schedule.push_back(recorded);
  }
  return schedule;
}

}  // namespace heddle::explorer_engine
