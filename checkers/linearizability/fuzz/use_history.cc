// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/fuzz/use_history.h"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history_reader.h"
#include "checkers/linearizability/report.h"

namespace heddle::linearizability {
namespace {

void Demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

void UseHistory(absl::string_view input,
                absl::StatusOr<History> (*read)(absl::string_view, const NamedSpec&)) {
  if (input.empty()) return;
  const NamedSpec& spec = NamedSpecs()[static_cast<unsigned char>(input[0]) % NamedSpecs().size()];
  const absl::StatusOr<History> history = read(input.substr(1), spec);
  if (!history.ok()) {
    Demand(history.status().message().find("line ") == 0, "an error names no line");
    return;
  }
  const absl::StatusOr<History> again = ReadJsonHistory(WriteJsonHistory(*history, spec), spec);
  Demand(history->operations.empty() || again.ok(), "what was written cannot be read");
  if (again.ok()) {
    Demand(again->operations.size() == history->operations.size(), "operations got lost");
  }
  const std::unique_ptr<Model> model = MakeModel(spec, {}, *history);
  Options options{.max_steps = 2000, .shrink_time = std::chrono::milliseconds(20), .threads = 1};
  absl::StatusOr<Result> fast = Check(history->operations, *model, options);
  options.fast = false;
  options.shrink_time = std::chrono::nanoseconds(0);
  const absl::StatusOr<Result> searched = Check(history->operations, *model, options);
  Demand(fast.ok() == searched.ok(), "one way refuses what the other judges");
  if (!fast.ok()) return;
  Demand(fast->judgement == searched->judgement || fast->judgement == Judgement::kExhausted ||
             searched->judgement == Judgement::kExhausted,
         "the pattern and the search do not agree");
  const Judged judged{.name = "fuzz",
                      .criterion = "linearizable",
                      .spec = &spec,
                      .history = &*history,
                      .result = *std::move(fast)};
  Demand(!FormatText(judged).empty() && !FormatJson(judged).empty() && !FormatHtml(judged).empty(),
         "no report");
}

}  // namespace heddle::linearizability
