// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/stress_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"

namespace heddle {
namespace {

constexpr char kNotRun[] = "not run";

struct Coverage {
  std::size_t scenarios = 0;
  std::uint64_t executions = 0;
  double seconds = 0;
  std::size_t found = 0;
};

using CoverageByMode = std::map<std::pair<std::string, std::string>, Coverage>;

CoverageByMode Cover(const std::vector<VerdictRecord>& records) {
  CoverageByMode modes;
  for (const VerdictRecord& record : records) {
    for (const VariantRecord& variant : record.variants) {
      Coverage& coverage = modes[{record.engine, variant.name}];
      ++coverage.scenarios;
      coverage.executions += variant.executions;
      coverage.seconds += variant.seconds;
      if (IsFinding(variant.verdict)) ++coverage.found;
    }
  }
  return modes;
}

std::string Text(std::string_view view) { return std::string(view); }

// The share of `count` in `total` as a bar; thin ones stay visible.
std::string Bar(std::uint64_t count, std::uint64_t total) {
  if (count == 0 || total == 0) return "";
  const double share = static_cast<double>(count) / static_cast<double>(total);
  return absl::StrFormat("<span class=\"bar\" style=\"width:%.1fpx\"></span>",
                         std::max(1.0, 200 * share));
}

std::string OutcomesOf(const VerdictRecord& record) {
  std::uint64_t total = 0;
  for (const OutcomeCount& count : record.outcomes) total += count.count;
  std::string html = absl::StrCat("<h3>", EscapeXml(FullName(record)), ", ", record.engine,
                                  "</h3>\n<table>\n<tr><th>outcome</th><th>times</th><th></th>"
                                  "<th>grade</th><th>why</th></tr>\n");
  for (const OutcomeCount& count : record.outcomes) {
    absl::StrAppend(&html, "<tr class=\"", Text(ToString(count.grade)), "\"><td><code>",
                    EscapeXml(count.outcome), "</code></td><td class=\"number\">", count.count,
                    "</td><td>", Bar(count.count, total), "</td><td>", Text(ToString(count.grade)),
                    "</td><td>", EscapeXml(count.sentence),
                    count.count == 0 ? " <em>never seen here</em>" : "", "</td></tr>\n");
  }
  return html + "</table>\n";
}

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>heddle stress</title>
<style>
body{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.5em 0 1.5em}
td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
.number{text-align:right;font-variant-numeric:tabular-nums}
.bar{display:inline-block;height:.8em;background:#4a7ebb}
.forbidden td{background:#fbe3e3}.interesting td{background:#fdf6dc}
.bad{color:#b00020;font-weight:bold}pre{background:#f6f6f6;padding:.8em;overflow:auto}
</style></head><body>
)";

}  // namespace

std::string CoverageTable(const std::vector<VerdictRecord>& records) {
  const CoverageByMode modes = Cover(records);
  if (modes.empty()) return "";
  std::string table = absl::StrFormat("\n%-7s %-46s %9s %14s %9s %6s\n", "engine", "mode",
                                      "scenarios", "executions", "seconds", "found");
  for (const auto& [key, coverage] : modes) {
    absl::StrAppendFormat(&table, "%-7s %-46s %9d %14d %9.2f %6d\n", key.first, key.second,
                          coverage.scenarios, coverage.executions, coverage.seconds,
                          coverage.found);
  }
  return table;
}

VerdictRecord NotRun(const std::string& full_name, const std::string& engine) {
  VerdictRecord record;
  const std::size_t mutant = full_name.find('~');
  record.scenario = full_name.substr(0, mutant);
  record.primitive = record.scenario.substr(0, record.scenario.find('.'));
  if (mutant != std::string::npos) record.mutant = full_name.substr(mutant + 1);
  record.engine = engine;
  record.mode = kNotRun;
  record.verdict = Verdict::kIncomplete;
  record.reason = "there was no time for it";
  return record;
}

std::string LeftOut(const std::vector<VerdictRecord>& records) {
  std::size_t modes = 0;
  std::size_t modes_run = 0;
  std::size_t scenarios = 0;
  for (const VerdictRecord& record : records) {
    modes += static_cast<std::size_t>(record.variants_left_out);
    modes_run += record.variants.size();
    if (record.mode == kNotRun) ++scenarios;
  }
  if (modes == 0 && scenarios == 0) return "";
  std::string text = "left out for want of time: ";
  if (scenarios != 0) {
    absl::StrAppend(&text, scenarios, " of ", Counted(records.size(), "run"),
                    " of scenarios altogether (incomplete), and ");
  }
  absl::StrAppend(&text, modes, " of the ", Counted(modes + modes_run, "mode"), " of the ",
                  scenarios != 0 ? "others" : "scenarios");
  return text + "; a longer --duration runs more, another --seed others\n";
}

std::string MutantTable(const std::vector<VerdictRecord>& records) {
  std::map<std::string, std::map<std::string, const VerdictRecord*>> mutants;
  std::set<std::string> engines;
  for (const VerdictRecord& record : records) {
    if (!record.mutant) continue;
    mutants[FullName(record)][record.engine] = &record;
    engines.insert(record.engine);
  }
  std::string table = "| mutant |";
  std::map<std::string, std::size_t> caught;
  std::map<std::string, std::size_t> run;
  for (const std::string& engine : engines) absl::StrAppend(&table, " ", engine, " |");
  table += "\n|---|";
  for (std::size_t i = 0; i < engines.size(); ++i) table += "---|";
  table += "\n";
  for (const auto& [name, by_engine] : mutants) {
    absl::StrAppend(&table, "| `", name, "` |");
    for (const std::string& engine : engines) {
      const auto found = by_engine.find(engine);
      if (found == by_engine.end()) {
        table += " |";
        continue;
      }
      const VerdictRecord& record = *found->second;
      if (record.mode == "skipped" || record.mode == kNotRun) {
        table += " not run |";
        continue;
      }
      ++run[engine];
      if (IsFinding(record.verdict)) {
        ++caught[engine];
        absl::StrAppendFormat(&table, " %s, %.2f s |", Text(ToString(record.verdict)),
                              record.seconds);
      } else {
        absl::StrAppendFormat(&table, " **missed** in %.2f s |", record.seconds);
      }
    }
    table += "\n";
  }
  table += "| caught, of those run |";
  for (const std::string& engine : engines) {
    absl::StrAppend(&table, " ", caught[engine], " of ", run[engine], " |");
  }
  return table + "\n";
}

std::string StressPage(const std::vector<VerdictRecord>& records) {
  std::string html = kHead;
  std::size_t bad = 0;
  for (const VerdictRecord& record : records) bad += record.ok ? 0 : 1;
  absl::StrAppend(&html, "<h1>heddle stress</h1>\n<p>", Counted(records.size(), "run"), ", ",
                  bad == 0 ? "all as expected"
                           : absl::StrCat("<span class=\"bad\">", bad, " not as expected</span>"),
                  ".</p>\n<h2>Verdicts</h2>\n<table>\n<tr><th>scenario</th><th>engine</th>"
                  "<th>executions</th><th>seconds</th><th>verdict</th></tr>\n");
  for (const VerdictRecord& record : records) {
    absl::StrAppendFormat(
        &html,
        "<tr><td>%s</td><td>%s</td><td class=\"number\">%d</td><td class=\"number\">%.2f</td>"
        "<td%s>%s</td></tr>\n",
        EscapeXml(FullName(record)), record.engine, record.executions, record.seconds,
        record.ok ? "" : " class=\"bad\"", Text(ToString(record.verdict)));
  }
  html += "</table>\n";
  bool any = false;
  for (const VerdictRecord& record : records) {
    if (record.ok || record.detail.empty()) continue;
    if (!std::exchange(any, true)) html += "<h2>Failures</h2>\n";
    absl::StrAppend(&html, "<h3>", EscapeXml(FullName(record)), ", ", record.engine, "</h3>\n<pre>",
                    EscapeXml(record.detail), "</pre>\n");
  }
  any = false;
  for (const VerdictRecord& record : records) {
    if (record.outcomes.empty()) continue;
    if (!std::exchange(any, true)) html += "<h2>Outcomes</h2>\n";
    html += OutcomesOf(record);
  }
  const CoverageByMode modes = Cover(records);
  if (!modes.empty()) {
    html +=
        "<h2>Coverage</h2>\n<table>\n<tr><th>engine</th><th>mode</th><th>scenarios</th>"
        "<th>executions</th><th>seconds</th><th>found</th></tr>\n";
    for (const auto& [key, coverage] : modes) {
      absl::StrAppendFormat(
          &html,
          "<tr><td>%s</td><td>%s</td><td class=\"number\">%d</td><td class=\"number\">%d</td>"
          "<td class=\"number\">%.2f</td><td class=\"number\">%d</td></tr>\n",
          key.first, key.second, coverage.scenarios, coverage.executions, coverage.seconds,
          coverage.found);
    }
    html += "</table>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace heddle
