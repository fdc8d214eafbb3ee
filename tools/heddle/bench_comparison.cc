// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench_comparison.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/spread.h"

namespace heddle {
namespace bench {
namespace {

using nlohmann::json;

constexpr double kMostStolen = 0.05;
constexpr int kFewestUndisturbed = 3;

double Counter(const json& result, const char* name, double missing) {
  const auto found = result.find(name);
  return found != result.end() && found->is_number() ? found->get<double>() : missing;
}

// The label is "row=NAME clock=cpu|wall [vs=...]".
std::map<std::string, std::string> Fields(const std::string& label) {
  std::map<std::string, std::string> fields;
  for (const absl::string_view field : absl::StrSplit(label, ' ', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> name_value =
        absl::StrSplit(field, absl::MaxSplits('=', 1));
    fields.insert(name_value);
  }
  return fields;
}

std::vector<double> Times(const std::vector<const Measurement*>& measurements) {
  std::vector<double> times;
  times.reserve(measurements.size());
  for (const Measurement* measurement : measurements) times.push_back(measurement->ns);
  return times;
}

// Median; -1 where it means nothing.
double Fairness(const std::vector<const Measurement*>& measurements) {
  std::vector<double> values;
  values.reserve(measurements.size());
  for (const Measurement* measurement : measurements) values.push_back(measurement->fairness);
  return SpreadOf(values).median;
}

std::string Time(double ns) {
  if (ns < 100) return absl::StrFormat("%.1f", ns);
  return absl::StrFormat("%.0f", ns);
}

std::string Ratio(double ratio) { return absl::StrFormat("%.*f", ratio < 0.1 ? 3 : 2, ratio); }

std::string Fair(const Comparison& comparison) {
  if (comparison.fairness < 0) return "";
  return absl::StrFormat("%.2f/%.2f", comparison.fairness, comparison.reference_fairness);
}

}  // namespace

absl::Status AddResults(absl::string_view text, Repetition& repetition) {
  const json output = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!output.is_object() || !output.contains("benchmarks") || !output["benchmarks"].is_array()) {
    return absl::InternalError("the output is not Google Benchmark's JSON");
  }
  for (const json& result : output["benchmarks"]) {
    const auto fields = Fields(result.value("label", ""));
    const auto row = fields.find("row");
    const auto clock = fields.find("clock");
    if (row == fields.end() || clock == fields.end()) {
      return absl::InternalError(
          absl::StrCat("a result without a row: ", result.value("name", "")));
    }
    Measurement& measurement = repetition[row->second];
    measurement.error = result.value("error_message", "");
    if (!measurement.error.empty()) continue;
    measurement.ns = Counter(result, clock->second == "cpu" ? "cpu_time" : "real_time", 0);
    measurement.fairness = Counter(result, "fairness", -1);
    measurement.stolen = Counter(result, "stolen", 0);
    if (result.value("time_unit", "") != "ns" || measurement.ns <= 0) {
      return absl::InternalError(absl::StrCat("a result without a time: ", row->second));
    }
  }
  return absl::OkStatus();
}

Comparison Compare(const Pair& pair, const std::vector<Repetition>& repetitions) {
  Comparison comparison;
  comparison.pair = pair;
  using Both = std::pair<const Measurement*, const Measurement*>;
  std::vector<Both> all;
  for (const Repetition& repetition : repetitions) {
    const auto ours = repetition.find(pair.row);
    const auto theirs = repetition.find(pair.reference);
    if (ours == repetition.end() || theirs == repetition.end()) continue;
    for (const auto* measured : {&ours->second, &theirs->second}) {
      if (!measured->error.empty()) comparison.error = measured->error;
    }
    all.emplace_back(&ours->second, &theirs->second);
  }
  if (all.empty()) comparison.error = "not measured";
  if (!comparison.error.empty()) return comparison;

  std::vector<Both> undisturbed;
  for (const Both& both : all) {
    if (both.first->stolen <= kMostStolen && both.second->stolen <= kMostStolen) {
      undisturbed.push_back(both);
    }
  }
  comparison.disturbed = static_cast<int>(undisturbed.size()) <
                         std::min(kFewestUndisturbed, static_cast<int>(all.size()));
  const std::vector<Both>& used = comparison.disturbed ? all : undisturbed;
  comparison.repetitions = static_cast<int>(used.size());
  comparison.set_aside = static_cast<int>(all.size() - used.size());

  std::vector<const Measurement*> ours;
  std::vector<const Measurement*> theirs;
  std::vector<double> ratios;
  for (const Both& both : used) {
    ours.push_back(both.first);
    theirs.push_back(both.second);
    ratios.push_back(both.first->ns / both.second->ns);
  }
  comparison.ours = SpreadOf(Times(ours));
  comparison.theirs = SpreadOf(Times(theirs));
  comparison.ratio = SpreadOf(ratios);
  comparison.fairness = Fairness(ours);
  comparison.reference_fairness = Fairness(theirs);
  return comparison;
}

std::string Table(const std::vector<Comparison>& comparisons) {
  constexpr char kLine[] = "%-49s %8s  %-24s %8s  %6s  %-13s %-11s %s\n";
  std::string table =
      absl::StrFormat(kLine, "row", "ns", "reference", "ns", "ratio", "quartiles", "fairness", "");
  bool disturbed = false;
  for (const Comparison& comparison : comparisons) {
    // The reference's shape is the row's.
    const std::vector<absl::string_view> path = absl::StrSplit(comparison.pair.reference, '/');
    const std::string reference(absl::StripPrefix(path.back(), "ref:"));
    if (!comparison.error.empty()) {
      absl::StrAppendFormat(&table, "%-49s %8s  %s: %s\n", comparison.pair.row, "-", reference,
                            comparison.error);
      continue;
    }
    disturbed = disturbed || comparison.disturbed;
    absl::StrAppendFormat(
        &table, kLine, comparison.pair.row, Time(comparison.ours.median), reference,
        Time(comparison.theirs.median), Ratio(comparison.ratio.median),
        absl::StrCat(Ratio(comparison.ratio.low), "..", Ratio(comparison.ratio.high)),
        Fair(comparison), comparison.disturbed ? "disturbed" : "");
  }
  // No line ends in blanks.
  std::string trimmed;
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(table, "\n"), '\n')) {
    absl::StrAppend(&trimmed, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  absl::StrAppend(&trimmed,
                  "\nns: per operation, median. ratio: ours / reference, median of the ratios of "
                  "each repetition; below 1 is faster.\nfairness: least busy thread's share / "
                  "busiest one's, ours and the reference's; 1 is even.\n");
  if (disturbed) {
    absl::StrAppend(&trimmed,
                    "disturbed: other programs took more than 5% of the time in nearly all "
                    "repetitions; do not rely on it.\n");
  }
  return trimmed;
}

std::string Json(const std::vector<Comparison>& comparisons,
                 const std::vector<Repetition>& repetitions) {
  json rows = json::array();
  for (const Comparison& comparison : comparisons) {
    json row = {{"row", comparison.pair.row}, {"reference", comparison.pair.reference}};
    if (!comparison.error.empty()) {
      row["error"] = comparison.error;
    } else {
      row["ns"] = ToJson(comparison.ours);
      row["reference_ns"] = ToJson(comparison.theirs);
      row["ratio"] = ToJson(comparison.ratio);
      row["repetitions"] = comparison.repetitions;
      row["set_aside"] = comparison.set_aside;
      row["disturbed"] = comparison.disturbed;
      if (comparison.fairness >= 0) {
        row["fairness"] = comparison.fairness;
        row["reference_fairness"] = comparison.reference_fairness;
      }
    }
    rows.push_back(std::move(row));
  }
  json raw = json::array();
  for (const Repetition& repetition : repetitions) {
    json one = json::object();
    for (const auto& [name, measurement] : repetition) {
      if (!measurement.error.empty()) continue;
      one[name] = {{"ns", measurement.ns}, {"stolen", measurement.stolen}};
      if (measurement.fairness >= 0) one[name]["fairness"] = measurement.fairness;
    }
    raw.push_back(std::move(one));
  }
  return json{{"ratio_is", "median of the ratios of each repetition, ours / reference"},
              {"comparisons", std::move(rows)},
              {"repetitions", std::move(raw)}}
             .dump(2) +
         "\n";
}

}  // namespace bench
}  // namespace heddle
