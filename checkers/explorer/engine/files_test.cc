// SPDX-License-Identifier: Apache-2.0
//
// The simulated files' operations are ordered only where they touch the same object, and a process
// is told and leaves behind just what it is told and leaves behind where every order of all
// operations is run.
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

struct Seen {
  Verdict verdict = Verdict::kError;
  std::uint64_t executions = 0;
  std::set<std::string> outcomes;
};

std::map<std::string, Seen> Run(const std::string& model, const std::string& options) {
  const std::string path = absl::StrCat(testing::TempDir(), "/verdicts");
  std::remove(path.c_str());
  const std::string command = absl::StrCat(
      "env -u XML_OUTPUT_FILE -u TEST_UNDECLARED_OUTPUTS_DIR -u TEST_TOTAL_SHARDS "
      "models/file_lock/",
      model, ".explore --quiet --nomutants --observe_files --json=", path, " ", options);
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  std::map<std::string, Seen> all;
  for (const absl::string_view line : absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty())) {
    const auto record = VerdictRecordFromJson(std::string(line));
    if (!record) {
      ADD_FAILURE() << line;
      continue;
    }
    Seen& seen = all[record->scenario];
    seen.verdict = record->verdict;
    seen.executions = record->executions;
    for (const OutcomeCount& outcome : record->outcomes) seen.outcomes.insert(outcome.outcome);
  }
  return all;
}

void Compare(const std::string& model, const std::string& patterns) {
  const std::map<std::string, Seen> all = Run(model, patterns);
  const std::map<std::string, Seen> in_turns = Run(model, patterns + " --files_in_turns");
  ASSERT_FALSE(all.empty());
  ASSERT_EQ(all.size(), in_turns.size());
  std::size_t most = 0;
  for (const auto& [scenario, seen] : all) {
    const Seen& other = in_turns.at(scenario);
    EXPECT_EQ(seen.verdict, Verdict::kPass) << scenario;
    EXPECT_EQ(other.verdict, Verdict::kPass) << scenario;
    EXPECT_EQ(seen.outcomes, other.outcomes) << scenario;
    EXPECT_GE(seen.executions, seen.outcomes.size()) << scenario;
    EXPECT_LE(seen.executions * 20, other.executions) << scenario;
    most = std::max(most, seen.outcomes.size());
  }
  EXPECT_GE(most, 4U) << "there is something to compare";
}

TEST(FilesTest, KernelLocksAsInTurns) {
  Compare("file_lock_model",
          "=file_lock/file_lock.excludes =file_lock/file_lock.times_out "
          "=file_lock/file_lock.readers_share");
}

TEST(FilesTest, LockFilesAsInTurns) {
  Compare("lock_file_model", "=file_lock/lock_file.survives_crash =file_lock/lock_file.takeover");
}

}  // namespace
}  // namespace heddle
