// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/lock_order_cost.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace heddle::bench {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<Way, const char*>, 6> kNames = {{{Way::kBare, "bare"},
                                                                {Way::kHeddle, "heddle"},
                                                                {Way::kTsan, "tsan"},
                                                                {Way::kDyndd, "dyndd"},
                                                                {Way::kAbslIgnore, "absl ignore"},
                                                                {Way::kAbslReport, "absl"}}};

const char* NameOf(Way way) { return kNames.at(static_cast<std::size_t>(way)).second; }

// What a repetition's time is divided by.
Way DenominatorOf(Way way) { return way == Way::kAbslReport ? Way::kAbslIgnore : Way::kBare; }

double Median(std::vector<double> values) { return SpreadOf(std::move(values)).median; }

Cost CostOf(const CostRow& row, Way way, const std::vector<CostRepetition>& repetitions) {
  Cost cost;
  std::vector<double> ns;
  std::vector<double> ratios;
  std::vector<double> bytes;
  std::vector<double> slow;
  for (const CostRepetition& repetition : repetitions) {
    const auto phase = repetition.find(row.phase);
    if (phase == repetition.end()) continue;
    const auto sample = phase->second.find(way);
    const auto base = phase->second.find(DenominatorOf(way));
    if (sample == phase->second.end() || base == phase->second.end()) continue;
    if (!sample->second.error.empty()) cost.error = sample->second.error;
    if (!base->second.error.empty()) cost.error = base->second.error;
    if (!cost.error.empty()) continue;
    ns.push_back(sample->second.ns);
    ratios.push_back(sample->second.ns / base->second.ns);
    bytes.push_back((sample->second.bytes - base->second.bytes) / static_cast<double>(row.count));
    if (sample->second.slow >= 0) slow.push_back(sample->second.slow);
  }
  cost.repetitions = static_cast<int>(ns.size());
  if (ns.empty() && cost.error.empty()) cost.error = "not measured";
  if (!cost.error.empty()) return cost;
  cost.ns = SpreadOf(std::move(ns));
  cost.ratio = SpreadOf(std::move(ratios));
  cost.bytes = Median(std::move(bytes));
  if (!slow.empty()) cost.slow = Median(std::move(slow));
  return cost;
}

std::string Number(double value) { return absl::StrFormat("%.*f", value < 100 ? 1 : 0, value); }
std::string Ratio(double value) { return absl::StrFormat("%.*f", value < 10 ? 2 : 1, value); }

const Spread& Shown(const CostRow& row, const Cost& cost) {
  return row.many ? cost.ns : cost.ratio;
}
std::string Format(const CostRow& row, double value) {
  return row.many ? Number(value) : Ratio(value);
}

std::string Cell(const CostSummary& summary, Way way) {
  const auto found = summary.costs.find(way);
  if (found == summary.costs.end()) return "-";
  if (!found->second.error.empty()) return found->second.error;
  return Format(summary.row, Shown(summary.row, found->second).median);
}

bool Over(const CostRow& row, const Cost& cost) {
  if (!cost.error.empty()) return false;
  return (row.target > 0 && Shown(row, cost).median > row.target) ||
         (row.bytes > 0 && cost.bytes > row.bytes);
}

constexpr char kLine[] = "%-16s %8s %8s  %-15s %8s %8s %8s %8s  %-16s %s\n";

void AppendLine(const CostSummary& summary, std::string& table) {
  const CostRow& row = summary.row;
  std::string interval;
  std::string last;
  bool over = false;
  const auto heddle = summary.costs.find(Way::kHeddle);
  if (heddle != summary.costs.end() && heddle->second.error.empty()) {
    const Cost& cost = heddle->second;
    const Spread& spread = Shown(row, cost);
    interval = absl::StrCat(Format(row, spread.low), "..", Format(row, spread.high));
    if (row.bytes > 0) {
      last = absl::StrFormat("%.0f (<= %.0f)", cost.bytes, row.bytes);
    } else if (!row.many && cost.slow >= 0) {
      last = Number(cost.slow);
    }
    over = Over(row, cost);
  }
  const std::string target = row.target > 0 ? absl::StrFormat("<= %g", row.target) : "";
  const auto bare = summary.costs.find(Way::kBare);
  const std::string bare_ns = bare == summary.costs.end() || !bare->second.error.empty()
                                  ? "-"
                                  : Number(bare->second.ns.median);
  absl::StrAppendFormat(&table, kLine, row.phase, bare_ns, Cell(summary, Way::kHeddle), interval,
                        target, Cell(summary, Way::kTsan), Cell(summary, Way::kDyndd),
                        Cell(summary, Way::kAbslReport), last, over ? "over" : "");
}

json ToJson(const CostRow& row, const Cost& cost) {
  if (!cost.error.empty()) return {{"error", cost.error}};
  json result = {{"ns", bench::ToJson(cost.ns)},
                 {"ratio", bench::ToJson(cost.ratio)},
                 {"repetitions", cost.repetitions}};
  if (row.many) result["bytes_per_lock"] = cost.bytes;
  if (cost.slow >= 0) result["slow_paths_per_million"] = cost.slow;
  return result;
}

}  // namespace

const std::vector<CostRow>& CostRows() {
  static const auto* const rows = new std::vector<CostRow>{
      {"one", "one", 3'000'000, false, 1.2, 0},
      {"nested_2", "nested_2", 3'000'000, false, 1.3, 0},
      {"nested_4", "nested_4", 3'000'000, false, 1.3, 0},
      {"in_turn", "in_turn", 3'000'000, false, 1.6, 0},
      {"own", "own", 3'000'000, false, 1.2, 0},
      {"contended", "contended", 3'000'000, false, 1.15, 0},
      {"churn", "churn", 1'000'000, false, 2.5, 0},
      {"churn_in_place", "churn_in_place", 2'000'000, false, 2.5, 0},
      {"chain", "chain", 100'000, true, 600, 300},
      {"chain_again", "chain", 100'000, true, 60, 0},
      {"reversed", "reversed", 10'000, true, 5000, 0},
      {"reversed_again", "reversed", 10'000, true, 0, 0},
  };
  return *rows;
}

absl::StatusOr<CostRun> ParseCosts(absl::string_view text) {
  CostRun run;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    CostSample sample;
    if (fields.size() != 3 || !absl::SimpleAtod(fields[1], &sample.ns) ||
        !absl::SimpleAtod(fields[2], &sample.bytes) || !(sample.ns > 0)) {
      return absl::InternalError(absl::StrCat("bad line of a workload: ", line));
    }
    run[fields[0]] = sample;
  }
  if (run.empty()) return absl::InternalError("a workload printed nothing");
  return run;
}

CostSummary Summarize(const CostRow& row, const std::vector<CostRepetition>& repetitions) {
  CostSummary summary{.row = row, .costs = {}};
  for (const auto& [way, name] : kNames) {
    summary.costs[way] = CostOf(row, way, repetitions);
  }
  return summary;
}

std::string CostTable(const std::vector<CostSummary>& summaries, const Missing& missing) {
  std::string table;
  for (const bool many : {false, true}) {
    bool headed = false;
    for (const CostSummary& summary : summaries) {
      if (summary.row.many != many) continue;
      if (!headed) {
        if (!table.empty()) table += "\n";
        absl::StrAppendFormat(&table, kLine, many ? "many locks, ns" : "ratio", "bare ns", "heddle",
                              "quartiles", "target", "tsan", "dyndd", "absl",
                              many ? "bytes per lock" : "slow per million", "");
        headed = true;
      }
      AppendLine(summary, table);
    }
  }
  std::string trimmed;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    absl::StrAppend(&trimmed, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  absl::StrAppend(
      &trimmed,
      "CPU time per lock and unlock; medians of the repetitions. ratio: to bare in the same\n"
      "repetition; absl: its check on, to the same with it off. slow per million: entries into\n"
      "Heddle's slow path per million acquisitions, once all has been seen.\n");
  for (const auto& [way, why] : missing) {
    absl::StrAppend(&trimmed, NameOf(way), " is missing: ", why, "\n");
  }
  return trimmed;
}

std::string CostJson(const std::vector<CostSummary>& summaries, const Missing& missing) {
  json rows = json::array();
  for (const CostSummary& summary : summaries) {
    json row = {{"row", summary.row.phase}, {"count", summary.row.count}};
    if (summary.row.target > 0) {
      row[summary.row.many ? "target_ns" : "target_ratio"] = summary.row.target;
    }
    if (summary.row.bytes > 0) row["target_bytes_per_lock"] = summary.row.bytes;
    const auto heddle = summary.costs.find(Way::kHeddle);
    if (heddle != summary.costs.end()) row["over"] = Over(summary.row, heddle->second);
    for (const auto& [way, cost] : summary.costs) {
      if (!missing.contains(way)) row["ways"][NameOf(way)] = ToJson(summary.row, cost);
    }
    rows.push_back(std::move(row));
  }
  json absent = json::object();
  for (const auto& [way, why] : missing) absent[NameOf(way)] = why;
  return json{{"rows", std::move(rows)}, {"missing", std::move(absent)}}.dump(2) + "\n";
}

}  // namespace heddle::bench
