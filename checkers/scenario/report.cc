// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle {
namespace {

// 1234567 as 1,234,567.
std::string Grouped(std::uint64_t number) {
  std::string text = absl::StrCat(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

absl::string_view Name(Verdict verdict) {
  const std::string_view text = ToString(verdict);
  return {text.data(), text.size()};
}

}  // namespace

std::string Counted(std::uint64_t number, std::string_view what) {
  return absl::StrCat(Grouped(number), " ", std::string(what), number == 1 ? "" : "s");
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no way to write the other control characters.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

std::string FullName(const VerdictRecord& record) {
  return record.mutant ? absl::StrCat(record.scenario, "~", *record.mutant) : record.scenario;
}

std::string StackFrames(std::string_view detail) {
  std::string frames;
  while (!detail.empty()) {
    const std::size_t end = std::min(detail.find('\n'), detail.size() - 1);
    const std::string_view line = detail.substr(0, end + 1);
    if (line.starts_with("    #")) frames += line;
    detail.remove_prefix(end + 1);
  }
  return frames;
}

std::string TableHeader() {
  return absl::StrFormat("%-58s %-7s %-14s %14s %9s  %s\n", "scenario", "engine", "mode",
                         "executions", "seconds", "verdict");
}

std::string TableRow(const VerdictRecord& record) {
  std::string verdict(Name(record.verdict));
  if (record.verdict == Verdict::kPass && !record.complete && record.mode == "full") verdict += "?";
  if (record.ok && IsFinding(record.verdict)) {
    verdict = absl::StrCat(record.mutant ? "caught: " : "found: ", verdict);
  }
  std::string row = absl::StrFormat("%-58s %-7s %-14s %14s %9.2f  %s%s\n", FullName(record),
                                    record.engine, record.mode, Grouped(record.executions),
                                    record.seconds, record.ok ? "ok  " : "FAIL ", verdict);
  if (!record.ok && record.expected != Name(record.verdict)) {
    absl::StrAppend(&row, "    expected ", record.expected, "\n");
  }
  if (!record.reason.empty()) absl::StrAppend(&row, "    ", record.reason, "\n");
  return row;
}

std::string OutcomeTable(const VerdictRecord& record) {
  std::string table;
  for (const OutcomeCount& count : record.outcomes) {
    absl::StrAppendFormat(&table, "    %-24s %12s  %-12s%s\n", count.outcome, Grouped(count.count),
                          std::string(ToString(count.grade)), count.sentence);
  }
  return table;
}

std::string Totals(const std::vector<VerdictRecord>& records, double seconds) {
  std::set<std::string> scenarios;
  std::set<std::string> mutants;
  std::map<std::string, std::size_t> failed;
  std::uint64_t executions = 0;
  std::size_t caught = 0;
  std::size_t beyond = 0;
  std::size_t missed = 0;
  for (const VerdictRecord& record : records) {
    executions += record.executions;
    (record.mutant ? mutants : scenarios).insert(FullName(record));
    if (!record.ok) ++failed[record.engine];
    if (record.mutant && record.ok) {
      if (record.verdict == Verdict::kMissed) {
        ++missed;
      } else if (record.verdict == Verdict::kPass) {
        ++beyond;
      } else {
        ++caught;
      }
    }
  }
  std::string text =
      absl::StrFormat("\n%s, %s, %s, %.1f seconds\n", Counted(scenarios.size(), "scenario"),
                      Counted(mutants.size(), "mutant"), Counted(executions, "execution"), seconds);
  absl::StrAppend(&text, "mutant runs: ", caught, " caught, ", missed, " missed by sampling, ",
                  beyond, " beyond an engine's model\n");
  std::size_t bad = 0;
  for (const auto& [engine, count] : failed) {
    absl::StrAppend(&text, count, " NOT as expected under ", engine, "\n");
    bad += count;
  }
  if (bad == 0) {
    absl::StrAppend(&text, records.size() == 1 ? "" : "all ", Counted(records.size(), "verdict"),
                    " as expected\n");
  }
  return text;
}

std::string JUnit(const std::vector<VerdictRecord>& records) {
  std::map<std::string, std::vector<const VerdictRecord*>> engines;
  for (const VerdictRecord& record : records) engines[record.engine].push_back(&record);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [engine, suite] : engines) {
    std::size_t failures = 0;
    double seconds = 0;
    for (const VerdictRecord* record : suite) {
      failures += record->ok ? 0 : 1;
      seconds += record->seconds;
    }
    absl::StrAppendFormat(&xml,
                          "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" time=\"%.3f\">\n",
                          EscapeXml(engine), suite.size(), failures, seconds);
    for (const VerdictRecord* record : suite) {
      absl::StrAppendFormat(&xml, "    <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">\n",
                            EscapeXml(absl::StrCat(engine, ".", record->primitive)),
                            EscapeXml(FullName(*record)), record->seconds);
      if (!record->ok) {
        absl::StrAppend(&xml, "      <failure message=\"", EscapeXml(ToString(record->verdict)),
                        ", expected ", EscapeXml(record->expected), "\">",
                        EscapeXml(record->reason), "\n", EscapeXml(record->detail), "</failure>\n");
      }
      absl::StrAppend(&xml, "      <system-out>", EscapeXml(ToJson(*record)),
                      "</system-out>\n    </testcase>\n");
    }
    absl::StrAppend(&xml, "  </testsuite>\n");
  }
  absl::StrAppend(&xml, "</testsuites>\n");
  return xml;
}

}  // namespace heddle
