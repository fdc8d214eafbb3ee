// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/report.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/lock_order/report/printable.h"
#include "nlohmann/json.hpp"

namespace heddle::linearizability {
namespace {

using lock_order::Printable;

// Longer counterexamples end with "and N more": time ran out before they got small.
constexpr std::size_t kMostLines = 60;

std::string Summary(const Judged& judged) {
  const std::size_t count = judged.history->operations.size();
  const Result& result = judged.result;
  std::string parts;
  if (result.parts > 1) parts = absl::StrCat(", ", result.parts, " parts judged apart");
  const std::string size =
      absl::StrCat("(", count, count == 1 ? " operation" : " operations", parts, ", ",
                   absl::StrFormat("%.3g", judged.seconds), " s)");
  switch (result.judgement) {
    case Judgement::kOk:
      return absl::StrCat(judged.name, ": ok: ", judged.criterion, " ", size, "\n");
    case Judgement::kExhausted:
      return absl::StrCat(judged.name, ": exhausted: out of ", ToString(result.shortage),
                          " before it was known whether it is ", judged.criterion, " ", size, "\n");
    case Judgement::kViolated:
      break;
  }
  return absl::StrCat(judged.name, ": violated: not ", judged.criterion, " ", size, "\n");
}

nlohmann::json OperationJson(const Judged& judged, std::size_t index) {
  const Operation& op = judged.history->operations[index];
  nlohmann::json json = {{"operation", index},
                         {"process", op.process},
                         {"call", Printable(Describe(*judged.spec, op, *judged.history))},
                         {"invoke", op.invoke}};
  json["return"] = op.pending() ? nlohmann::json(nullptr) : nlohmann::json(op.done);
  return json;
}

std::string Before(const Judged& judged) {
  const Violation& violation = *judged.result.violation;
  if (!violation.sum) return "";
  return absl::StrCat(violation.before.size(), " operations before, together ",
                      Printable(Describe(*judged.spec, *violation.sum, *judged.history)));
}

}  // namespace

std::string ToString(Judgement judgement) {
  switch (judgement) {
    case Judgement::kOk:
      return "ok";
    case Judgement::kViolated:
      return "violated";
    case Judgement::kExhausted:
      return "exhausted";
  }
  return "";
}

std::string ToString(Shortage shortage) {
  switch (shortage) {
    case Shortage::kSteps:
      return "steps";
    case Shortage::kTime:
      return "time";
    case Shortage::kMemory:
      return "memory";
    default:
      return "";
  }
}

std::string FormatText(const Judged& judged) {
  std::string text = Summary(judged);
  if (!judged.result.violation) return text;
  const Violation& violation = *judged.result.violation;
  const std::vector<Operation>& all = judged.history->operations;
  absl::StrAppend(&text,
                  violation.shrunk ? "These operations contradict each other"
                                   : "These operations contradict each other, perhaps not "
                                     "all of them (time ran out)",
                  ":\n");
  std::vector<std::size_t> shown = violation.minimal;
  std::sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
    return all[a].invoke != all[b].invoke ? all[a].invoke < all[b].invoke : a < b;
  });
  if (violation.sum) absl::StrAppend(&text, "  ", Before(judged), "\n");
  const std::size_t more = shown.size() > kMostLines ? shown.size() - kMostLines : 0;
  shown.resize(shown.size() - more);
  for (const std::size_t i : shown) {
    const Operation& op = all[i];
    const std::string when =
        absl::StrCat("[", op.invoke, ", ", op.pending() ? "pending" : absl::StrCat(op.done), "]");
    absl::StrAppendFormat(&text, "  process %-4d %-24s %s\n", op.process, when,
                          Printable(Describe(*judged.spec, op, *judged.history)));
  }
  if (more != 0) absl::StrAppend(&text, "  and ", more, " more\n");
  if (!violation.stuck) return text;
  if (!violation.prefix.empty()) {
    absl::StrAppend(&text, "Longest order of a beginning:\n");
    for (std::size_t i = 0; i < std::min(violation.prefix.size(), kMostLines); ++i) {
      const Operation& op = all[violation.prefix[i]];
      absl::StrAppendFormat(&text, "  %3d. process %-4d %s\n", static_cast<int>(i + 1), op.process,
                            Printable(Describe(*judged.spec, op, *judged.history)));
    }
    if (violation.prefix.size() > kMostLines) {
      absl::StrAppend(&text, "  and ", violation.prefix.size() - kMostLines, " more\n");
    }
  }
  const Operation& op = all[*violation.stuck];
  absl::StrAppend(&text, "Then there is no place for: process ", op.process, " ",
                  Printable(Describe(*judged.spec, op, *judged.history)), "\n");
  return text;
}

std::string FormatJson(const Judged& judged) {
  const Result& result = judged.result;
  nlohmann::json json = {{"history", Printable(judged.name)},
                         {"spec", std::string(judged.spec->name)},
                         {"criterion", judged.criterion},
                         {"verdict", ToString(result.judgement)},
                         {"operations", judged.history->operations.size()},
                         {"parts", result.parts},
                         {"searched", result.searched},
                         {"steps", result.steps},
                         {"memory", result.memory},
                         {"seconds", judged.seconds},
                         {"out_of", nullptr},
                         {"violation", nullptr}};
  if (result.shortage != Shortage::kNone) json["out_of"] = ToString(result.shortage);
  if (result.violation) {
    const Violation& violation = *result.violation;
    nlohmann::json minimal = nlohmann::json::array();
    for (const std::size_t i : violation.minimal) minimal.push_back(OperationJson(judged, i));
    json["violation"] = {{"part", violation.part.size()},
                         {"minimal", minimal},
                         {"shrunk", violation.shrunk},
                         {"before", violation.before.size()},
                         {"sum", nullptr},
                         {"prefix", violation.prefix},
                         {"stuck", nullptr}};
    if (violation.stuck) json["violation"]["stuck"] = *violation.stuck;
    if (violation.sum) {
      json["violation"]["sum"] = Printable(Describe(*judged.spec, *violation.sum, *judged.history));
    }
  }
  return json.dump(2) + "\n";
}

}  // namespace heddle::linearizability
