// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explorer_cost.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace heddle::bench {
namespace {

using nlohmann::json;

constexpr double kLeastSpeedup = 1.8;
// Two processes need some time to be worth it.
constexpr double kSecondsForSpeedup = 1;
// What takes less is over before it can be told how fast it is.
constexpr double kLeastSeconds = 0.001;
constexpr double kLeastGenmcSeconds = 0.02;
constexpr double kLeastRatio = 10;
constexpr double kMostGrowth = 1.1;       // of memory, from the fewest executions to the most
constexpr double kMostExecutions = 0.01;  // of Relacy's
constexpr double kMostSeconds = 0.1;

double Rate(const ExplorerSample& counts, double seconds) {
  return static_cast<double>(counts.complete + counts.blocked) / std::max(seconds, kLeastSeconds);
}

double Ratio(const ExplorerSummary& summary) {
  return summary.genmc_seconds.median / std::max(summary.seconds.median, kLeastSeconds);
}

// The same for one execution.
double RatioOfRates(const ExplorerSummary& summary) {
  return Rate(summary.counts, summary.seconds.median) /
         Rate(*summary.genmc, summary.genmc_seconds.median);
}

// Where GenMC's time is that of its start, which differs by as much from run to run.
bool HasRatio(const ExplorerSummary& summary) {
  return summary.genmc && summary.genmc->error.empty() &&
         summary.genmc_seconds.median >= kLeastGenmcSeconds;
}

// The number behind `label` in one of the lines; negative: there is none.
double NumberBehind(absl::string_view text, absl::string_view label) {
  const std::size_t at = text.find(label);
  if (at == absl::string_view::npos) return -1;
  absl::string_view rest = text.substr(at + label.size());
  rest = rest.substr(0, rest.find_first_not_of("0123456789.", rest.find_first_not_of(" ")));
  double number = -1;
  return absl::SimpleAtod(rest, &number) ? number : -1;
}

std::vector<std::string> Misses(const ExplorerSummary& summary) {
  std::vector<std::string> misses;
  const ExplorerSample& counts = summary.counts;
  if (static_cast<double>(counts.blocked) >
      summary.row.most_blocked * static_cast<double>(counts.complete)) {
    misses.push_back("blocked");
  }
  if (summary.row.least_rate > 0 && Rate(counts, summary.seconds.median) < summary.row.least_rate) {
    misses.push_back("rate");
  }
  if (summary.seconds.median >= kSecondsForSpeedup && summary.speedup.median < kLeastSpeedup) {
    misses.push_back("jobs");
  }
  if (HasRatio(summary) && Ratio(summary) < summary.row.least_ratio) {
    misses.push_back("ratio");
  }
  return misses;
}

double Share(double ours, double theirs) { return theirs == 0 ? 0 : ours / theirs; }

}  // namespace

const std::vector<ExplorerRow>& ExplorerRows() {
  static const std::vector<ExplorerRow> kRows = {
      {"fetch_add", 8, "locks", "FetchAdd", 0, 300'000, 0},
      {"ticket", 5, "locks", "Ticket", 0, 0, 0},
      {"mutex", 6, "locks", "Mutex", 0, 0, 0},
      {"mcs", 4, "locks", "Mcs", 0, 0, 0},
      {"ttas", 4, "locks", "Ttas", 0.25, 0, 0},
      {"ttas", 5, "locks", "Ttas", 0.25, 0, 0},
      {"chase_lev", 5, "containers", "ChaseLev", 0.25, 0, 0},
      {"chase_lev_checked", 4, "containers", "ChaseLevChecked", 0.25, 0, kLeastRatio},
      {"mpmc", 3, "containers", "Mpmc", 0.25, 0, 0},
      {"counted_ring", 3, "containers", "CountedRing", 0.25, 0, kLeastRatio},
      {"treiber", 3, "containers", "Treiber", 0.25, 0, kLeastRatio},
      {"michael_scott", 2, "containers", "MichaelScott", 0.25, 0, 0},
      {"michael_scott", 3, "containers", "MichaelScott", 0.25, 0, 0},
  };
  return kRows;
}

std::string NameOf(const ExplorerRow& row) { return absl::StrCat(row.kernel, "/", row.argument); }

ExplorerSummary SummarizeExplorer(const ExplorerRow& row,
                                  const std::vector<ExplorerRepetition>& repetitions) {
  ExplorerSummary summary{.row = row,
                          .counts = {},
                          .seconds = {},
                          .speedup = {},
                          .genmc = {},
                          .genmc_seconds = {},
                          .error = ""};
  std::vector<double> seconds;
  std::vector<double> speedups;
  std::vector<double> genmc_seconds;
  for (const ExplorerRepetition& repetition : repetitions) {
    for (const ExplorerSample* sample : {&repetition.one, &repetition.two}) {
      if (!sample->error.empty()) summary.error = sample->error;
    }
    if (!summary.error.empty()) return summary;
    if (repetition.one.complete != repetition.two.complete ||
        repetition.one.blocked != repetition.two.blocked) {
      summary.error = "two processes count something else than one";
      return summary;
    }
    summary.counts = repetition.one;
    seconds.push_back(repetition.one.processor);
    speedups.push_back(repetition.one.seconds / std::max(repetition.two.seconds, 1e-9));
    if (!repetition.genmc) continue;
    summary.genmc = repetition.genmc;
    if (repetition.genmc->error.empty()) genmc_seconds.push_back(repetition.genmc->processor);
  }
  if (seconds.empty()) {
    summary.error = "not measured";
    return summary;
  }
  summary.seconds = SpreadOf(seconds);
  summary.speedup = SpreadOf(speedups);
  if (!genmc_seconds.empty()) summary.genmc_seconds = SpreadOf(genmc_seconds);
  return summary;
}

absl::StatusOr<ExplorerSample> ParseGenmc(absl::string_view output) {
  ExplorerSample sample;
  const double complete = NumberBehind(output, "Number of complete executions explored:");
  const double blocked = NumberBehind(output, "Number of blocked executions seen:");
  sample.seconds = NumberBehind(output, "Total wall-clock time:");
  if (complete < 0 || sample.seconds < 0 || !absl::StrContains(output, "No errors were detected")) {
    return absl::InternalError("this is not what GenMC prints");
  }
  sample.complete = static_cast<std::uint64_t>(complete);
  sample.blocked = static_cast<std::uint64_t>(std::max(0.0, blocked));
  return sample;
}

std::string GenmcSource(const ExplorerRow& row, absl::string_view source) {
  // Its own main() reads arguments.
  return absl::StrCat("#define main __attribute__((unused)) static program_main\n#include \"",
                      source, "\"\n#undef main\n\nint main(void) {\n  ", row.function, "(",
                      row.argument, ");\n  return 0;\n}\n");
}

ScenarioTotals CompareScenarios(const std::vector<VerdictRecord>& records) {
  std::map<std::string, std::map<std::string, const VerdictRecord*>> by_name;
  for (const VerdictRecord& record : records) {
    if (!record.mutant) by_name[record.scenario][record.engine] = &record;
  }
  ScenarioTotals totals;
  for (const auto& [name, engines] : by_name) {
    const auto relacy = engines.find("relacy");
    const auto explore = engines.find("explore");
    if (relacy == engines.end() || explore == engines.end()) continue;
    if (!explore->second->ok) totals.problems.push_back(name);
    // A search ends where it finds something, in either engine sooner or later.
    if (IsFinding(relacy->second->verdict) || IsFinding(explore->second->verdict)) continue;
    ++totals.scenarios;
    const auto add = [](const VerdictRecord& record, ScenarioTotals::Engine& engine) {
      engine.executions += static_cast<double>(record.executions + record.blocked);
      engine.seconds += record.seconds;
      if (!record.complete) ++engine.incomplete;
    };
    add(*relacy->second, totals.relacy);
    add(*explore->second, totals.explore);
    if (!relacy->second->complete) totals.beyond_relacy.push_back(*explore->second);
  }
  return totals;
}

std::string ExplorerTable(const std::vector<ExplorerSummary>& summaries) {
  const bool genmc = std::any_of(summaries.begin(), summaries.end(),
                                 [](const ExplorerSummary& summary) { return summary.genmc; });
  std::string table = absl::StrFormat("%-19s %9s %8s %9s %9s %6s %7s", "program", "complete",
                                      "blocked", "seconds", "each s", "jobs=2", "MiB");
  if (genmc)
    absl::StrAppendFormat(&table, " | %9s %8s %9s %7s %7s", "GenMC", "blocked", "seconds", "ratio",
                          "each");
  table += '\n';
  bool missed = false;
  for (const ExplorerSummary& summary : summaries) {
    if (!summary.error.empty()) {
      absl::StrAppendFormat(&table, "%-19s %s\n", NameOf(summary.row), summary.error);
      continue;
    }
    const double seconds = summary.seconds.median;
    absl::StrAppendFormat(&table, "%-19s %9d %8d %9.3f %9.0f %6.2f %7.1f", NameOf(summary.row),
                          summary.counts.complete, summary.counts.blocked, seconds,
                          Rate(summary.counts, seconds), summary.speedup.median,
                          summary.counts.mebibytes);
    if (genmc && summary.genmc && summary.genmc->error.empty()) {
      absl::StrAppendFormat(&table, " | %9d %8d %9.2f", summary.genmc->complete,
                            summary.genmc->blocked, summary.genmc_seconds.median);
      table += HasRatio(summary)
                   ? absl::StrFormat(" %7.1f %7.1f", Ratio(summary), RatioOfRates(summary))
                   : absl::StrFormat(" %7s %7s", "-", "-");
    } else if (genmc) {
      absl::StrAppend(&table, " | ", summary.genmc ? summary.genmc->error : "not run");
    }
    const std::vector<std::string> misses = Misses(summary);
    if (!misses.empty()) absl::StrAppend(&table, "  misses: ", absl::StrJoin(misses, ", "));
    missed = missed || !misses.empty();
    table += '\n';
  }
  absl::StrAppend(
      &table,
      "\nseconds: of processor time with one process, median of the repetitions. each s: "
      "executions a second,\nblocked ones too. jobs=2: how many times sooner two "
      "processes are done, median of each repetition's.\nMiB: the most that the process "
      "used.\n");
  if (genmc) {
    table +=
        "ratio: GenMC's seconds over ours, without what a program of one execution takes under "
        "either.\neach: the same for one execution, blocked or not. GenMC leaves out failed "
        "attempts of retry loops,\nsee \"What counts as an execution\" in "
        "docs/explorer_details.md.\n";
  }
  if (missed) {
    absl::StrAppendFormat(
        &table,
        "misses: a target, of blocked executions, of executions a second, of a "
        "ratio of %.0f, or of\n%.1f times sooner where it takes %.0f s or more.\n",
        kLeastRatio, kLeastSpeedup, kSecondsForSpeedup);
  }
  return table;
}

std::string MemoryTable(const MemoryByExecutions& memory) {
  std::string table = "peak memory:";
  for (const auto& [executions, mebibytes] : memory) {
    absl::StrAppendFormat(&table, "%s %d executions %.1f MiB",
                          executions == memory.begin()->first ? "" : ",", executions, mebibytes);
  }
  if (!memory.empty() && memory.rbegin()->second > kMostGrowth * memory.begin()->second) {
    table += "  misses the target: no growth";
  }
  return table + "\n";
}

std::string ScenarioTable(const ScenarioTotals& totals) {
  const double executions = Share(totals.explore.executions, totals.relacy.executions);
  const double seconds = Share(totals.explore.seconds, totals.relacy.seconds);
  std::string table =
      absl::StrFormat("%d scenarios under both engines%s\n%-10s %14s %10s %11s\n", totals.scenarios,
                      totals.scenarios == 0 ? "" : ":", "", "executions", "seconds", "incomplete");
  if (totals.scenarios == 0) return "no scenario has been explored by both engines\n";
  for (const auto& [name, engine] :
       {std::pair("relacy", &totals.relacy), std::pair("explore", &totals.explore)}) {
    absl::StrAppendFormat(&table, "%-10s %14.0f %10.2f %11d\n", name, engine->executions,
                          engine->seconds, engine->incomplete);
  }
  absl::StrAppendFormat(&table, "%-10s %13.4f%% %9.2f%%%s\n", "ratio", executions * 100,
                        seconds * 100,
                        executions > kMostExecutions || seconds > kMostSeconds
                            ? absl::StrFormat("  misses the target: under %.0f%% and %.0f%%",
                                              kMostExecutions * 100, kMostSeconds * 100)
                            : "");
  for (const VerdictRecord& record : totals.beyond_relacy) {
    absl::StrAppendFormat(&table, "incomplete under relacy: %s: %s, %d executions, %.2f s\n",
                          record.scenario,
                          record.complete ? "complete here" : "incomplete here too",
                          record.executions, record.seconds);
  }
  for (const std::string& problem : totals.problems) {
    absl::StrAppend(&table, "not as expected under the explorer: ", problem, "\n");
  }
  return table;
}

json ToJson(const ExplorerSummary& summary) {
  json row = {{"row", NameOf(summary.row)}};
  if (!summary.error.empty()) {
    row["error"] = summary.error;
    return row;
  }
  row["complete"] = summary.counts.complete;
  row["blocked"] = summary.counts.blocked;
  row["seconds"] = ToJson(summary.seconds);
  row["per_second"] = Rate(summary.counts, summary.seconds.median);
  row["speedup_of_two"] = ToJson(summary.speedup);
  row["mebibytes"] = summary.counts.mebibytes;
  row["misses"] = Misses(summary);
  if (summary.genmc) {
    if (!summary.genmc->error.empty()) {
      row["genmc"] = {{"error", summary.genmc->error}};
    } else {
      row["genmc"] = {{"complete", summary.genmc->complete},
                      {"blocked", summary.genmc->blocked},
                      {"seconds", ToJson(summary.genmc_seconds)}};
      if (HasRatio(summary)) {
        row["genmc"]["ratio"] = Ratio(summary);
        row["genmc"]["ratio_each"] = RatioOfRates(summary);
      }
    }
  }
  return row;
}

json ToJson(const ScenarioTotals& totals) {
  const auto engine = [](const ScenarioTotals::Engine& one) {
    return json{
        {"executions", one.executions}, {"seconds", one.seconds}, {"incomplete", one.incomplete}};
  };
  return {{"scenarios", totals.scenarios},
          {"relacy", engine(totals.relacy)},
          {"explore", engine(totals.explore)},
          {"executions_ratio", Share(totals.explore.executions, totals.relacy.executions)},
          {"seconds_ratio", Share(totals.explore.seconds, totals.relacy.seconds)},
          {"problems", totals.problems}};
}

}  // namespace heddle::bench
