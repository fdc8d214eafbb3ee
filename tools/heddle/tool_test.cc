// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>
#include <vector>

#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"
#include "tools/heddle/primitive_table.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

TEST(SuiteTest, ReadsTheManifest) {
  const auto binaries = ParseManifest("relacy\t//a:b\theddle/a/b\n", "/runfiles/");
  ASSERT_TRUE(binaries.ok());
  ASSERT_EQ(binaries->size(), 1U);
  EXPECT_EQ((*binaries)[0].engine, "relacy");
  EXPECT_EQ((*binaries)[0].path, "/runfiles/heddle/a/b");
  EXPECT_FALSE(ParseManifest("one field\n", "/").ok());
}

Task Shell(const std::string& script, std::vector<std::string>* lines, ProcessResult* result) {
  Task task;
  task.command = {"/bin/sh", "-c", script};
  task.on_line = [lines](const std::string& line) { lines->push_back(line); };
  task.on_exit = [result](const ProcessResult& exit) { *result = exit; };
  return task;
}

TEST(SubprocessTest, DeliversLinesErrorsAndStatus) {
  std::vector<std::string> lines;
  ProcessResult result;
  std::vector<Task> tasks;
  tasks.push_back(Shell("echo one; echo two >&2; printf three; exit 7", &lines, &result));
  EXPECT_TRUE(RunTasks(std::move(tasks), 1, nullptr));
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(result.errors, "two\n");
  EXPECT_EQ(result.status, 7);
}

TEST(SubprocessTest, ReportsASignalAndAMissingProgram) {
  std::vector<std::string> lines;
  ProcessResult killed;
  ProcessResult missing;
  std::vector<Task> tasks;
  tasks.push_back(Shell("kill -9 $$", &lines, &killed));
  tasks.push_back(Shell("", &lines, &missing));
  tasks.back().command = {"/nonexistent/program"};
  EXPECT_TRUE(RunTasks(std::move(tasks), 2, nullptr));
  EXPECT_EQ(killed.status, 128 + SIGKILL);
  EXPECT_NE(missing.status, 0);
  EXPECT_NE(missing.errors.find("/nonexistent/program"), std::string::npos);
}

TEST(SubprocessTest, RunsMoreTasksThanJobs) {
  std::vector<std::string> lines;
  std::vector<ProcessResult> results(20);
  std::vector<Task> tasks;
  for (ProcessResult& result : results) tasks.push_back(Shell("echo x", &lines, &result));
  EXPECT_TRUE(RunTasks(std::move(tasks), 3, nullptr));
  EXPECT_EQ(lines.size(), results.size());
  for (const ProcessResult& result : results) EXPECT_EQ(result.status, 0);
}

TEST(SubprocessTest, AnInterruptStopsTheChildren) {
  std::vector<std::string> lines;
  ProcessResult result;
  ProcessResult never;
  std::vector<Task> tasks;
  // The child interrupts us once it runs, then waits to be interrupted.
  tasks.push_back(
      Shell("trap 'exit 9' INT; kill -INT $PPID; while :; do :; done", &lines, &result));
  tasks.push_back(Shell("echo never", &lines, &never));
  EXPECT_FALSE(RunTasks(std::move(tasks), 1, nullptr));
  EXPECT_EQ(result.status, 9);
  EXPECT_TRUE(lines.empty());
}

TEST(PrimitiveTableTest, TakesGuaranteesFromTheHeader) {
  EXPECT_EQ(GuaranteesIn("// X\n//\n// In short: FIFO,\n//   bounded.\n//\n// More.\n"),
            "FIFO, bounded.");
  EXPECT_EQ(GuaranteesIn("// nothing\n"), "");
}

TEST(PrimitiveTableTest, CountsWhatTheVerdictsSay) {
  VerdictRecord good;
  good.scenario = "mutex/x.excludes";
  good.primitive = "mutex/x";
  good.engine = "relacy";
  good.threads = 3;
  good.executions = 42;
  good.complete = true;
  good.expected = "pass";
  good.verdict = Verdict::kPass;
  good.ok = true;
  VerdictRecord mutant = good;
  mutant.mutant = "weak";
  mutant.verdict = Verdict::kRace;
  mutant.expected = "race";
  VerdictRecord explored = good;
  explored.engine = "explore";
  explored.executions = 6;
  VerdictRecord not_caught = mutant;
  not_caught.engine = "explore";
  not_caught.verdict = Verdict::kPass;
  VerdictRecord stress = good;
  stress.engine = "stress";
  stress.ok = false;
  const std::string table = PrimitiveTable({good, mutant, explored, not_caught, stress},
                                           [](const std::string&) { return "FIFO"; });
  EXPECT_NE(table.find("| [mutex/x](primitives/mutex/x.h) | FIFO | 1 (3) | 42 | 6 | 1 of 1 | "
                       "0 of 1, 1 beyond its model | explore, relacy, **not stress** |"),
            std::string::npos)
      << table;
}

TEST(PrimitiveTableTest, ReplacesOnlyWhatIsBetweenTheMarkers) {
  const std::string text =
      "a\n<!-- primitives: begin (./heddle check --readme=README.md) -->\nold\n<!-- primitives: "
      "end -->\nb\n";
  const auto replaced = ReplaceTable(text, "new\n");
  ASSERT_TRUE(replaced.ok());
  EXPECT_EQ(replaced->find("old"), std::string::npos);
  EXPECT_EQ(replaced->rfind("a\n", 0), 0U);
  EXPECT_FALSE(ReplaceTable("no markers", "new").ok());
}

}  // namespace
}  // namespace heddle
