// SPDX-License-Identifier: Apache-2.0
//
// What the explorer's executions of the litmus tests end with, against what Relacy's full search
// and brute force reach.
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/oracle/axioms.h"
#include "checkers/explorer/oracle/enumerate.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/relacy_outcomes/litmus_table.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"

namespace heddle {

// Found by GoogleTest through the test's own namespace.
namespace litmus {
void PrintTo(const Test& test, std::ostream* out) { *out << test.name; }
}  // namespace litmus

namespace {

using litmus::kTests;
using litmus::Test;
using Outcomes = std::set<std::string>;
using Table = std::map<std::string, Outcomes>;

constexpr char kModel[] = "checkers/explorer/relacy_outcomes/litmus_model.";

// Runs every scenario under the engine.
Table Run(const std::string& engine) {
  const std::string path = absl::StrCat(testing::TempDir(), "/outcomes.", engine);
  const std::string command = absl::StrCat(
      "env -u XML_OUTPUT_FILE -u TEST_UNDECLARED_OUTPUTS_DIR -u TEST_TOTAL_SHARDS HEDDLE_OUTCOMES=",
      path, " ", kModel, engine, " --quiet");
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  Table table;
  for (const absl::string_view line : absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    table[words[0]].insert(words[1]);
  }
  return table;
}

const Outcomes& Of(const std::string& engine, const Test& test) {
  static std::map<std::string, Table> tables;
  if (!tables.contains(engine)) tables[engine] = Run(engine);
  return tables[engine][test.name];
}

std::string OrderOf(std::memory_order order) {
  switch (order) {
    case std::memory_order_acquire:
      return "acq";
    case std::memory_order_release:
      return "rel";
    case std::memory_order_seq_cst:
      return "sc";
    default:
      return "rlx";
  }
}

// In the notation of oracle/program.h.
std::string ProgramOf(const Test& test) {
  using Kind = litmus::Step::Kind;
  std::string text;
  for (int i = 0; i < test.Threads(); ++i) {
    absl::StrAppend(&text, "thread\n");
    for (const litmus::Step& step : test.threads[static_cast<std::size_t>(i)]) {
      const std::string variable(1, step.variable);
      const std::string order = OrderOf(step.order);
      const std::string read = absl::StrCat("r", step.reg, " = ");
      switch (step.kind) {
        case Kind::kNone:
          break;
        case Kind::kStore:
          absl::StrAppend(&text, "store ", variable, " ", step.value, " ", order, "\n");
          break;
        case Kind::kCopy:
          absl::StrAppend(&text, "store ", variable, " r", step.reg, " ", order, "\n");
          break;
        case Kind::kLoad:
          absl::StrAppend(&text, read, "load ", variable, " ", order, "\n");
          break;
        case Kind::kAdd:
          absl::StrAppend(&text, read, "add ", variable, " ", step.value, " ", order, "\n");
          break;
        case Kind::kCas:
          absl::StrAppend(&text, read, "cas ", variable, " ", step.expected, " ", step.value, " ",
                          order, " rlx\n");
          break;
        case Kind::kFence:
          absl::StrAppend(&text, "fence ", order, "\n");
          break;
      }
    }
  }
  return text;
}

// "1.r0=1 2.r1=2 x=1" as the scenarios write it.
std::string Digits(const Test& test, absl::string_view outcome) {
  std::string digits(litmus::kDigits, '0');
  for (const absl::string_view word : absl::StrSplit(outcome, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> sides = absl::StrSplit(word, '=');
    const std::size_t reg = sides[0].find(".r");
    std::size_t place = 0;
    if (reg != std::string::npos) {
      place = static_cast<std::size_t>(std::stoi(sides[0].substr(reg + 2)));
    } else if (!test.memory || sides[0] == "z") {
      continue;
    } else {
      place = litmus::kRegisters + (sides[0] == "x" ? 0U : 1U);
    }
    digits[place] = sides[1][0];
  }
  return digits;
}

Outcomes ByBruteForce(const Test& test) {
  const absl::StatusOr<explorer::oracle::Program> program =
      explorer::oracle::Parse(ProgramOf(test));
  EXPECT_TRUE(program.ok()) << program.status();
  if (!program.ok()) return {};
  const explorer::oracle::Explored explored = explorer::oracle::Enumerate(*program, {});
  EXPECT_FALSE(explored.cut);
  Outcomes outcomes;
  for (const std::string& outcome : explored.outcomes) outcomes.insert(Digits(test, outcome));
  return outcomes;
}

class LitmusTest : public testing::TestWithParam<Test> {};

TEST_P(LitmusTest, TheExplorerReachesWhatTheModelAllows) {
  const Outcomes& reached = Of("explore", GetParam());
  EXPECT_EQ(reached.size(), GetParam().outcomes);
  EXPECT_EQ(reached, ByBruteForce(GetParam()));
}

TEST_P(LitmusTest, RelacyReachesTheSameButForItsKnownLimits) {
  Outcomes expected = Of("explore", GetParam());
  for (const char* missed : GetParam().missed) {
    if (missed == nullptr) continue;
    EXPECT_EQ(expected.erase(missed), 1U) << "the explorer misses it too: " << missed;
  }
  if (GetParam().false_alarm != nullptr) {
    EXPECT_TRUE(expected.insert(GetParam().false_alarm).second) << "it is none";
  }
  EXPECT_EQ(Of("relacy", GetParam()), expected);
}

INSTANTIATE_TEST_SUITE_P(Table, LitmusTest, testing::ValuesIn(kTests),
                         [](const testing::TestParamInfo<Test>& info) { return info.param.name; });

// The differences that are known: they cannot be lost from the table.
TEST(LitmusTableTest, HasEveryKnownDifference) {
  std::map<std::string, int> differences;
  for (const litmus::Test& test : kTests) {
    for (const char* missed : test.missed) {
      if (missed != nullptr) ++differences[test.name];
    }
    if (test.false_alarm != nullptr) ++differences[absl::StrCat(test.name, " (false alarm)")];
  }
  EXPECT_EQ(differences, (std::map<std::string, int>{{"two_plus_two_w", 1},
                                                     {"two_plus_two_w_rel", 1},
                                                     {"z6_1", 1},
                                                     {"z6_2", 1},
                                                     {"s", 1},
                                                     {"mp_deep", 2},
                                                     {"failed_cas", 1},
                                                     {"z6u", 1},
                                                     {"iriw_acq_then_sc", 1},
                                                     {"release_sequence", 1},
                                                     {"sb_fence_and_sc (false alarm)", 1}}));
}

}  // namespace
}  // namespace heddle
