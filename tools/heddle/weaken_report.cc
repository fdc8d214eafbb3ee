// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_report.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/weaken.h"
#include "tools/heddle/weaken_orders.h"

namespace heddle::weaken {
namespace {

struct Sums {
  std::size_t needed = 0;
  std::size_t weaker = 0;
  std::size_t undecided = 0;
};

Sums SumsOf(const Weakening& result) {
  Sums sums;
  for (const Knob& knob : result.knobs()) {
    if (!knob.ladder.Weakest().empty()) {
      ++sums.weaker;
    } else if (knob.needed()) {
      ++sums.needed;
    } else {
      ++sums.undecided;
    }
  }
  return sums;
}

absl::string_view Name(Verdict verdict) {
  return {ToString(verdict).data(), ToString(verdict).size()};
}

std::string Count(std::uint64_t number, absl::string_view what) {
  return absl::StrCat(number, " ", what, number == 1 ? "" : "s");
}

// "store release", "compare_exchange acquire when it fails".
std::string OperationOf(const Knob& knob) {
  return absl::StrCat(knob.site->key.operation, " ", knob.order(),
                      knob.part == Part::kFailure ? " when it fails" : "");
}

std::string Where(const SiteKey& key) {
  return absl::StrCat(key.file, ":", key.line, ":", key.column);
}

std::string Judgement(const Knob& knob) {
  const std::vector<std::string> weakest = knob.ladder.Weakest();
  if (!weakest.empty()) return absl::StrCat(absl::StrJoin(weakest, " or "), " would do");
  return knob.needed() ? "needed" : "undecided";
}

std::string TogetherText(const Weakening& result) {
  const Together& together = result.together();
  if (together.reduced == 0) return "";
  if (together.kept == together.reduced) {
    return absl::StrCat(together.reduced == 1 ? "It passes" : "All of these pass together", " (",
                        Count(together.executions, "execution"), ").\n");
  }
  return absl::StrCat("Not all of these pass together: ", together.kept, " of ", together.reduced,
                      " do", together.undecided ? ", as far as could be explored" : "",
                      "; the others are marked.\n");
}

}  // namespace

absl::StatusOr<Reasons> ParseReasons(absl::string_view text) {
  Reasons reasons;
  std::size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
    if (fields.size() != 5) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number, ": want FILE, FUNCTION, OPERATION, ORDER, REASON between tabs"));
    }
    reasons[absl::StrJoin(fields.begin(), fields.begin() + 4, "\t")] = std::string(fields[4]);
  }
  return reasons;
}

std::string ReasonFor(const Reasons& reasons, const Knob& knob) {
  const SiteKey& key = knob.site->key;
  const auto reason =
      reasons.find(absl::StrCat(key.file, "\t", knob.site->function, "\t", key.operation,
                                knob.part == Part::kFailure ? " failure" : "", "\t", knob.order()));
  return reason == reasons.end() ? "" : reason->second;
}

std::string Text(const Weakening& result, const Settings& settings, const Reasons& reasons) {
  std::string text;
  for (const Knob& knob : result.knobs()) {
    absl::StrAppend(&text, Where(knob.site->key), "  ", knob.site->function, "  ",
                    OperationOf(knob), ": ", Judgement(knob), "\n");
    if (!knob.site->source.empty()) absl::StrAppend(&text, "    ", knob.site->source, "\n");
    for (const Ladder::Rung& rung : knob.ladder.rungs()) {
      const auto found = knob.runs.find(rung.order);
      // Weaker than one that fails.
      if (rung.implied || found == knob.runs.end()) continue;
      const Run& run = found->second;
      absl::StrAppend(&text, "  ", rung.order, ": ", Name(run.verdict));
      if (rung.ending == Ending::kPasses) {
        absl::StrAppend(&text, ", ", Count(knob.executions.at(rung.order), "execution"));
        if (!knob.together.empty() || rung.order != knob.ladder.Weakest().front()) {
          absl::StrAppend(&text, "\n");
        } else {
          absl::StrAppend(&text, ", but not with the other weaker orders\n");
        }
        continue;
      }
      absl::StrAppend(&text, " in ", result.subjects()[run.subject].name);
      if (rung.ending == Ending::kUndecided && !run.reason.empty()) {
        absl::StrAppend(&text, " (", run.reason, ")");
      }
      if (!run.counterexample.empty()) {
        absl::StrAppend(&text, "\n    replay it:  ", settings.replay(run.counterexample));
      }
      absl::StrAppend(&text, "\n");
    }
    if (const std::string reason = ReasonFor(reasons, knob); !reason.empty()) {
      absl::StrAppend(&text, "  kept: ", reason, "\n");
    }
  }
  const Sums sums = SumsOf(result);
  absl::StrAppend(&text, text.empty() ? "" : "\n", Count(result.knobs().size(), "order"), ": ",
                  sums.needed, " needed, ", sums.weaker,
                  " stronger than these explorations can justify, ", sums.undecided, " undecided; ",
                  Count(result.relaxed(), "operation"), " relaxed already");
  if (result.left_out() != 0) {
    absl::StrAppend(&text, ", ", result.left_out(), " elsewhere left out");
  }
  absl::StrAppend(&text, "; ", Count(result.runs(), "exploration"), "\n", TogetherText(result));
  return text;
}

std::string Json(const Weakening& result, const Settings& settings, const Reasons& reasons) {
  const auto dump = [](const nlohmann::ordered_json& json) {
    return absl::StrCat(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
  };
  std::string lines;
  for (const Knob& knob : result.knobs()) {
    const SiteKey& key = knob.site->key;
    nlohmann::ordered_json json = {
        {"file", key.file},
        {"line", key.line},
        {"column", key.column},
        {"function", knob.site->function},
        {"operation", key.operation},
        {"part", knob.part == Part::kFailure ? "failure" : "whole"},
        {"order", knob.order()},
        {"needed", knob.needed()},
        {"enough", knob.ladder.Weakest()},
        {"together", knob.together.empty() ? nlohmann::json() : nlohmann::json(knob.together)},
        {"visits", knob.site->count},
    };
    const std::string reason = ReasonFor(reasons, knob);
    json["reason"] = reason.empty() ? nlohmann::json() : nlohmann::json(reason);
    json["tries"] = nlohmann::json::array();
    for (const Ladder::Rung& rung : knob.ladder.rungs()) {
      nlohmann::ordered_json one = {{"order", rung.order}, {"implied", rung.implied}};
      if (const auto found = knob.runs.find(rung.order); found != knob.runs.end()) {
        const Run& run = found->second;
        one["verdict"] = Name(run.verdict);
        one["executions"] = knob.executions.at(rung.order);
        if (rung.ending != Ending::kPasses) one["in"] = result.subjects()[run.subject].name;
        if (rung.ending == Ending::kUndecided) one["reason"] = run.reason;
        if (!run.counterexample.empty()) {
          one["counterexample"] = run.counterexample;
          one["replay"] = settings.replay(run.counterexample);
        }
      }
      json["tries"].push_back(one);
    }
    lines += dump(json);
  }
  const Sums sums = SumsOf(result);
  lines += dump({{"orders", result.knobs().size()},
                 {"needed", sums.needed},
                 {"weaker", sums.weaker},
                 {"undecided", sums.undecided},
                 {"relaxed", result.relaxed()},
                 {"left_out", result.left_out()},
                 {"explorations", result.runs()},
                 {"together", result.together().kept}});
  return lines;
}

namespace {

// Without its class: how much of a name the debug information has depends on how it was made.
absl::string_view LastName(absl::string_view function) {
  const std::size_t colon = function.rfind(':');
  return colon == absl::string_view::npos ? function : function.substr(colon + 1);
}

}  // namespace

std::string Markdown(const Weakening& result, const Reasons& reasons, absl::string_view command) {
  const auto cell = [](absl::string_view text) {
    return absl::StrReplaceAll(text, {{"|", "\\|"}});
  };
  const Sums sums = SumsOf(result);
  std::string text = absl::StrCat(
      "# Memory orders\n\n"
      "Every atomic operation that has an order other than relaxed, in the primitives and in those "
      "parts of the\n"
      "lock-order analyzer and the stress engine that have scenarios, and what goes wrong when "
      "that "
      "order is weaker:\n"
      "each is tried with each weaker order, one at a time, under every scenario that executes it, "
      "over every\n"
      "execution that RC11 allows (docs/explorer.md). Where one order fails, weaker ones do too, "
      "and are not listed.\n"
      "Made by `",
      command, "`.\n\n", Count(result.knobs().size(), "order"), ": ", sums.needed, " needed, ",
      sums.weaker, " that no scenario needs, ", sums.undecided, " undecided. ",
      Count(result.relaxed(), "more operation"), " ", result.relaxed() == 1 ? "is" : "are",
      " relaxed.\n");
  std::string file;
  for (const Knob& knob : result.knobs()) {
    const Site& site = *knob.site;
    if (site.key.file != file) {
      file = site.key.file;
      absl::StrAppend(&text, "\n## ", file, "\n\n| in | operation | weaker | what happens |\n",
                      "|---|---|---|---|\n");
    }
    std::string orders;
    std::string outcomes;
    for (const Ladder::Rung& rung : knob.ladder.rungs()) {
      const auto found = knob.runs.find(rung.order);
      if (rung.implied || found == knob.runs.end()) continue;
      absl::StrAppend(&orders, orders.empty() ? "" : "<br>", rung.order);
      absl::StrAppend(&outcomes, outcomes.empty() ? "" : "<br>");
      if (rung.ending == Ending::kPasses) {
        absl::StrAppend(&outcomes, "nothing");
      } else {
        absl::StrAppend(&outcomes, Name(found->second.verdict), " in ",
                        result.subjects()[found->second.subject].name);
      }
    }
    if (const std::string reason = ReasonFor(reasons, knob); !reason.empty()) {
      absl::StrAppend(&outcomes, ". Kept: ", reason);
    }
    absl::StrAppend(&text, "| ", cell(LastName(site.function)), " | ", OperationOf(knob), " | ",
                    orders, " | ", cell(outcomes), " |\n");
  }
  return text;
}

}  // namespace heddle::weaken
