// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/primitive_table.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/scenario/counterexample.h"

namespace heddle {
namespace {

constexpr absl::string_view kBegin =
    "<!-- primitives: begin (./heddle check --readme=README.md) -->\n";
constexpr absl::string_view kEnd = "<!-- primitives: end -->\n";

// What an exhaustive engine has done.
struct Searches {
  std::set<std::string> caught;
  std::set<std::string> beyond;
  std::uint64_t executions = 0;
  bool ran = false;
  bool complete = true;

  std::string Executions() const {
    return ran ? absl::StrCat(executions, complete ? "" : " (cut)") : "";
  }
  std::string Mutants(std::size_t all) const {
    if (!ran) return "";
    return absl::StrCat(
        caught.size(), " of ", all,
        beyond.empty() ? "" : absl::StrCat(", ", beyond.size(), " beyond its model"));
  }
};

struct Row {
  std::set<std::string> scenarios;
  std::set<std::string> mutants;
  Searches relacy;
  Searches explorer;
  std::map<std::string, bool> engines;  // engine: every verdict as expected
  int threads = 0;
};

Searches* SearchesOf(Row& row, absl::string_view engine) {
  if (engine == "relacy") return &row.relacy;
  return engine == "explore" ? &row.explorer : nullptr;
}

}  // namespace

std::string GuaranteesIn(absl::string_view header) {
  constexpr absl::string_view kMark = "// In short:";
  std::string text;
  bool inside = false;
  for (absl::string_view line : absl::StrSplit(header, '\n')) {
    if (absl::ConsumePrefix(&line, kMark)) {
      inside = true;
    } else if (inside &&
               (!absl::ConsumePrefix(&line, "//") || absl::StripAsciiWhitespace(line).empty())) {
      break;
    }
    if (inside) absl::StrAppend(&text, text.empty() ? "" : " ", absl::StripAsciiWhitespace(line));
  }
  return text;
}

std::string PrimitiveTable(const std::vector<VerdictRecord>& records,
                           const std::function<std::string(const std::string&)>& guarantees) {
  std::map<std::string, Row> rows;
  for (const VerdictRecord& record : records) {
    Row& row = rows[record.primitive];
    const auto [engine, added] = row.engines.emplace(record.engine, record.ok);
    if (!added) engine->second = engine->second && record.ok;
    Searches* const searches = SearchesOf(row, record.engine);
    if (searches != nullptr) searches->ran = true;
    if (record.mutant) {
      const std::string name = absl::StrCat(record.scenario, "~", *record.mutant);
      row.mutants.insert(name);
      if (searches != nullptr && record.ok) {
        (record.verdict == Verdict::kPass ? searches->beyond : searches->caught).insert(name);
      }
    } else {
      row.scenarios.insert(record.scenario);
      if (searches != nullptr && record.expected == "pass") {
        searches->complete = searches->complete && record.complete;
        searches->executions += record.executions;
        row.threads = std::max(row.threads, record.threads);
      }
    }
  }
  std::string table =
      "| primitive | guarantees | scenarios (most threads) | executions, Relacy full search | "
      "executions, explorer | mutants caught by Relacy | mutants caught by the explorer | "
      "engines as expected |\n|---|---|---|---:|---:|---|---|---|\n";
  for (const auto& [primitive, row] : rows) {
    std::vector<std::string> engines;
    for (const auto& [engine, ok] : row.engines)
      engines.push_back(ok ? engine : absl::StrCat("**not ", engine, "**"));
    // Scenarios that are about a problem, not a primitive, have no header.
    const std::string guarantee = guarantees(primitive);
    const std::string name = guarantee.empty()
                                 ? primitive
                                 : absl::StrCat("[", primitive, "](primitives/", primitive, ".h)");
    absl::StrAppend(&table, "| ", name, " | ", guarantee, " | ", row.scenarios.size(), " (",
                    row.threads, ") | ", row.relacy.Executions(), " | ", row.explorer.Executions(),
                    " | ", row.relacy.Mutants(row.mutants.size()), " | ",
                    row.explorer.Mutants(row.mutants.size()), " | ", absl::StrJoin(engines, ", "),
                    " |\n");
  }
  return table;
}

absl::StatusOr<std::string> ReplaceTable(absl::string_view text, absl::string_view table) {
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == absl::string_view::npos || end == absl::string_view::npos || end < begin) {
    return absl::InvalidArgumentError(absl::StrCat("there are no lines ",
                                                   absl::StripAsciiWhitespace(kBegin), " and ",
                                                   absl::StripAsciiWhitespace(kEnd)));
  }
  return absl::StrCat(text.substr(0, begin + kBegin.size()), table, text.substr(end));
}

absl::Status UpdatePrimitiveTable(const std::string& readme,
                                  const std::vector<VerdictRecord>& records) {
  const absl::StatusOr<std::string> text = ReadFile(readme);
  if (!text.ok()) return text.status();
  const std::filesystem::path root = std::filesystem::absolute(readme).parent_path() / "primitives";
  const auto guarantees = [&root](const std::string& primitive) {
    const absl::StatusOr<std::string> header = ReadFile((root / (primitive + ".h")).string());
    return header.ok() ? GuaranteesIn(*header) : std::string();
  };
  const absl::StatusOr<std::string> replaced =
      ReplaceTable(*text, PrimitiveTable(records, guarantees));
  if (!replaced.ok())
    return absl::InvalidArgumentError(absl::StrCat(readme, ": ", replaced.status().message()));
  return WriteFile(readme, *replaced);
}

}  // namespace heddle
