// SPDX-License-Identifier: Apache-2.0
//
// Suppression files; and patterns against an obvious matcher.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/report/suppressions.h"
#include "checkers/lock_order/report/test_report.h"

namespace heddle::lock_order {
namespace {

// matches[t]: the pattern so far matches the first t characters.
bool ObviouslyMatches(absl::string_view glob, absl::string_view text) {
  std::vector<bool> matches(text.size() + 1);
  matches[0] = true;
  for (const char g : glob) {
    std::vector<bool> next(text.size() + 1);
    for (std::size_t t = 0; t <= text.size(); ++t) {
      if (g == '*') {
        next[t] = matches[t] || (t > 0 && next[t - 1]);
      } else {
        next[t] = t > 0 && matches[t - 1] && (g == '?' || g == text[t - 1]);
      }
    }
    matches = next;
  }
  return matches[text.size()];
}

}  // namespace
}  // namespace heddle::lock_order

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)
  FuzzedDataProvider input(data, size);
  if (input.ConsumeBool()) {
    const std::string glob = input.ConsumeRandomLengthString(60);
    const std::string text = input.ConsumeRemainingBytesAsString();
    Demand(GlobMatches(glob, text) == ObviouslyMatches(glob, text) ? "" : "wrong answer",
           "a pattern");
    return 0;
  }
  auto suppressions = Suppressions::Parse(input.ConsumeRemainingBytesAsString());
  if (!suppressions.ok()) {
    Demand(suppressions.status().message().find("line ") == 0 ? "" : "names no line", "an error");
    return 0;
  }
  uint64_t matched = 0;
  for (const char* name : {"account", "void Pay<int>(Account&)", ""}) {
    matched += suppressions->Matches(EverywhereIn(name).findings[0]) ? 1 : 0;
  }
  uint64_t counted = 0;
  std::string again;
  for (const SuppressionCount& count : suppressions->Counts()) {
    counted += count.matches;
    again += count.pattern + "\n";
  }
  Demand(counted == matched ? "" : "do not add up", "the counts");
  auto parsed = Suppressions::Parse(again);
  Demand(parsed.ok() && parsed->Counts().size() == suppressions->Counts().size() ? "" : "differ",
         "the patterns read back");
  return 0;
}
