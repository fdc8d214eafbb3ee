// SPDX-License-Identifier: Apache-2.0
//
// Records and counterexample files of any content, shown in every format.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"
#include "checkers/explorer/report/record.h"
#include "checkers/explorer/report/text.h"

namespace heddle::explorer::report {
namespace {

void Demand(bool holds) {
  if (!holds) std::abort();
}

// Lines that are none are left out: what is right stays.
Record Take(absl::string_view text) {
  Record record;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    AddLine(line, record).IgnoreError();
  }
  // Files of its own choice are not read.
  record.modules.clear();
  return record;
}

void Use(absl::string_view text) {
  ParseRecord(text).IgnoreError();
  const Execution execution = Describe(Take(text), "/nowhere");
  for (const Arrow& arrow : Arrows(execution)) {
    const int steps = static_cast<int>(execution.steps.size());
    Demand(arrow.from >= 1 && arrow.from <= steps && arrow.to >= 1 && arrow.to <= steps);
  }
  const std::string narrow = FormatText(execution, {.width = 60, .replay_command = "again"});
  const std::string wide = FormatText(execution, {.width = 200, .replay_command = ""});
  Demand(!absl::StrContains(narrow, '\x1b') && !absl::StrContains(wide, '\x1b'));
  Demand(!absl::StrContains(FormatHtml(execution, {.title = "t", .summary = ""}), "<script"));
}

}  // namespace
}  // namespace heddle::explorer::report

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heddle::explorer::report::Use({reinterpret_cast<const char*>(data), size});
  return 0;
}
