// SPDX-License-Identifier: Apache-2.0
//
// The runner itself, with shell scripts in the place of the analyzer and of the programs.
#include "checkers/lock_order/matrix/run_matrix.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

// Two entries of one row: a program with a cycle in it and one without.
constexpr char kRows[] = R"([
  {"row": "r", "program": "bad", "arguments": ["x"], "options": ["classes=1"], "claim": "c",
   "findings": ["cycle"], "status": 66},
  {"row": "r", "program": "good", "arguments": [], "options": [], "claim": "c",
   "findings": [], "status": 0}])";

TEST(RunMatrixTest, TheTableIsWellFormed) {
  const char* sources = std::getenv("TEST_SRCDIR");
  ASSERT_NE(sources, nullptr);
  const std::string directory = absl::StrCat(sources, "/heddle/checkers/lock_order/matrix/");
  const auto json = ReadFile(directory + "rows.json");
  ASSERT_TRUE(json.ok()) << json.status();
  const auto entries = ParseRows(*json);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_GT(entries->size(), 100U);
  for (const MatrixEntry& entry : *entries) {
    // One refuses to run: the recorder is linked into a program built with ThreadSanitizer.
    const int silent = entry.program == "tsan_linked_silent" ? 1 : 0;
    EXPECT_EQ(entry.findings.empty(), entry.status == silent) << entry.program;
    EXPECT_FALSE(entry.claim.empty()) << entry.program;
  }
}

TEST(RunMatrixTest, RefusesBadTables) {
  EXPECT_FALSE(ParseRows("{").ok());
  EXPECT_FALSE(ParseRows(R"([{"row": "r"}])").ok());
  EXPECT_FALSE(ParseRows(R"([{"row": "r", "program": "p", "arguments": [], "options": [],
                              "claim": "c", "findings": [], "status": 0}])")
                   .ok())
      << "a row that nothing could fail by silence";
}

TEST(RunMatrixTest, ReadsReports) {
  const auto kinds = FindingsOf(R"({"findings": [{"kind": "cycle"}, {"kind": "a"}]})");
  ASSERT_TRUE(kinds.ok());
  EXPECT_EQ(*kinds, (std::vector<std::string>{"a", "cycle"}));
  EXPECT_FALSE(FindingsOf("").ok());
  EXPECT_FALSE(FindingsOf(R"({"findings": [{}]})").ok());
}

class RunMatrixScriptTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/run_matrix/";
    std::filesystem::remove_all(root_);
    Write("rows.json", kRows);
    // `lockorder --json=FILE -- program arguments`, as the tool has it.
    Write("lockorder",
          "#!/bin/sh\njson=${1#--json=}\nshift 2\n"
          "HEDDLE_LOCKORDER_OPTIONS=\"$HEDDLE_LOCKORDER_OPTIONS:json=$json\" \"$@\"\n");
    options_.runfiles = root_;
    options_.lockorder = {Path("lockorder")};
    options_.on_verdict = [this](const VerdictRecord& record) { records_.push_back(record); };
  }

  // A program that leaves this report (none if empty) and ends with this status.
  void Program(const std::string& name, const std::string& report, int status) {
    const std::string text = absl::StrCat(
        "#!/bin/sh\njson=${HEDDLE_LOCKORDER_OPTIONS##*json=}\n",
        report.empty() ? "" : absl::StrCat("echo '", report, "' > $json\n"), "exit ", status, "\n");
    Write("programs/" + name, text);
    Write("linked/" + name, text);
  }

  std::string Path(const std::string& name) const {
    return root_ + "heddle/checkers/lock_order/matrix/" + name;
  }

  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = Path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  std::string root_;
  MatrixOptions options_;
  std::vector<VerdictRecord> records_;
};

constexpr char kCycle[] = R"({"findings": [{"kind": "cycle"}]})";
constexpr char kNothing[] = R"({"findings": []})";

TEST_F(RunMatrixScriptTest, PassesWhenEverythingIsAsClaimed) {
  Program("bad", kCycle, 66);
  Program("good", kNothing, 0);
  EXPECT_EQ(RunMatrix(options_), kExitOk);
  ASSERT_EQ(records_.size(), 4U);
  EXPECT_EQ(*CountMatrix(options_), 4U);
  EXPECT_EQ(records_[0].scenario, "lock_order/bad(x)");
  EXPECT_EQ(records_[0].mode, "preload");
  EXPECT_EQ(records_[0].verdict, Verdict::kDeadlock);
  EXPECT_EQ(records_[0].expected, "deadlock");
  EXPECT_EQ(records_[1].mode, "linked");
  EXPECT_EQ(records_[2].verdict, Verdict::kPass);
  for (const VerdictRecord& record : records_) EXPECT_TRUE(record.ok) << record.reason;
}

TEST_F(RunMatrixScriptTest, SilenceWhereACycleIsDueFails) {
  Program("bad", kNothing, 66);
  Program("good", kNothing, 0);
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  EXPECT_FALSE(records_[0].ok);
  EXPECT_EQ(records_[0].verdict, Verdict::kPass);
}

TEST_F(RunMatrixScriptTest, AFalseAlarmFails) {
  Program("bad", kCycle, 66);
  Program("good", kCycle, 0);
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  EXPECT_TRUE(records_[0].ok);
  EXPECT_FALSE(records_[2].ok);
  EXPECT_EQ(records_[2].verdict, Verdict::kDeadlock);
}

TEST_F(RunMatrixScriptTest, TwiceTheSameCycleFails) {
  Program("bad", R"({"findings": [{"kind": "cycle"}, {"kind": "cycle"}]})", 66);
  Program("good", kNothing, 0);
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  EXPECT_EQ(records_[0].verdict, Verdict::kError);
}

TEST_F(RunMatrixScriptTest, TheStatusCounts) {
  Program("bad", kCycle, 0);
  Program("good", kNothing, 3);
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  for (const VerdictRecord& record : records_) EXPECT_FALSE(record.ok);
}

TEST_F(RunMatrixScriptTest, AMissingReportIsAnError) {
  Program("bad", "", 66);
  Program("good", "not JSON", 0);
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  for (const VerdictRecord& record : records_) EXPECT_EQ(record.verdict, Verdict::kError);
}

TEST_F(RunMatrixScriptTest, StepsRunUntilOneFails) {
  Write("rows.json", R"([
    {"row": "s", "program": "good", "claim": "c", "findings": ["cycle"], "status": 66,
     "steps": [["--json={scratch}/x", "--", "{program}"], ["--json={report}", "--", "{program}"]]},
    {"row": "s", "program": "bad", "claim": "c", "findings": [], "status": 0,
     "steps": [["--json={scratch}/x", "--", "{program}"], ["--json={report}", "--", "{program}"]]}])");
  Write("programs/good",
        absl::StrCat("#!/bin/sh\njson=${HEDDLE_LOCKORDER_OPTIONS##*json=}\n[ -e ${json%/*}/x ]\n",
                     "seen=$?\necho '", kCycle, "' > $json\nexit $((66 * (1 - seen)))\n"));
  Write("programs/bad", "#!/bin/sh\nexit 7\n");
  EXPECT_EQ(RunMatrix(options_), kExitFound);
  ASSERT_EQ(records_.size(), 2U);
  EXPECT_EQ(records_[0].scenario, "lock_order/s_reported");
  EXPECT_TRUE(records_[0].ok) << records_[0].reason;
  EXPECT_EQ(records_[1].reason, "step 1 ended with status 7");
}

TEST_F(RunMatrixScriptTest, PatternsSelect) {
  Program("good", kNothing, 0);
  options_.patterns = {"lock_order/good"};
  EXPECT_EQ(RunMatrix(options_), kExitOk);
  EXPECT_EQ(records_.size(), 2U);
}

}  // namespace
}  // namespace heddle::lock_order
