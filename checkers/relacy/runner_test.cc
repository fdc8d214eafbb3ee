// SPDX-License-Identifier: Apache-2.0
//
// The contract of a scenario binary's command line: exit statuses, one clear line for bad input,
// JSON lines, counterexamples that replay.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

struct Result {
  int status = -1;
  std::string output;  // standard output and error together
};

Result Command(const std::string& arguments) {
  const std::string command = absl::StrCat(
      "env -u XML_OUTPUT_FILE -u TEST_UNDECLARED_OUTPUTS_DIR "
      "checkers/relacy/verdicts_model.relacy ",
      arguments, " 2>&1");
  Result result;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer{};
  for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string Temporary(const std::string& name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

TEST(RunnerTest, BadInputIsOneLineAndStatus2) {
  for (const char* arguments : {"--nonsense", "nothing_matches_this", "--mode=sideways",
                                "--mode='bounded(0)'", "--seed=many", "--max_executions=-1",
                                "--json=/nonexistent/directory/file", "--replay=/nonexistent"}) {
    const Result result = Command(arguments);
    EXPECT_EQ(result.status, 2) << arguments << "\n" << result.output;
    EXPECT_EQ(result.output.find('\n'), result.output.size() - 1) << arguments << "\n"
                                                                  << result.output;
    EXPECT_EQ(result.output.rfind("heddle: ", 0), 0U) << result.output;
  }
}

TEST(RunnerTest, ListsAndFilters) {
  const Result result = Command("--list leak double");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "engine/verdicts.double_free\nengine/verdicts.leak\n");
}

TEST(RunnerTest, WritesOneJsonLinePerVerdict) {
  const std::string path = Temporary("verdicts.json");
  std::remove(path.c_str());
  EXPECT_EQ(Command(absl::StrCat("timed_park --json=", path)).status, 0);
  std::ifstream in(path);
  std::vector<VerdictRecord> records;
  for (std::string line; std::getline(in, line);) {
    const auto record = VerdictRecordFromJson(line);
    ASSERT_TRUE(record.has_value()) << line;
    records.push_back(*record);
  }
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].mutant, std::nullopt);
  EXPECT_TRUE(records[0].complete);
  EXPECT_EQ(records[1].mutant, "always_times_out");
  EXPECT_EQ(records[1].verdict, Verdict::kAssertion);
  EXPECT_EQ(records[1].expected, "assertion");
  EXPECT_TRUE(records[1].ok);
}

TEST(RunnerTest, ACutSearchIsIncompleteAndFails) {
  const Result result = Command("no_spurious --max_executions=5");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("FAIL incomplete"), std::string::npos) << result.output;
}

TEST(RunnerTest, OtherSearchesDoNotClaimToBeComplete) {
  for (const char* mode : {"'bounded(2)'", "'random(50)'"}) {
    const std::string path = Temporary("mode.json");
    std::remove(path.c_str());
    EXPECT_EQ(Command(absl::StrCat("no_spurious --mode=", mode, " --json=", path)).status, 0);
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    const auto record = VerdictRecordFromJson(line);
    ASSERT_TRUE(record.has_value());
    EXPECT_FALSE(record->complete);
    EXPECT_EQ(absl::StrCat("'", record->mode, "'"), mode);
  }
}

// Fail, write, read, replay: the same failure, the same steps.
TEST(RunnerTest, CounterexamplesReplay) {
  for (const char* mode : {"full", "'bounded(3)'", "'random(1000)'"}) {
    for (const char* name : {"deadlock", "use_after_free", "lost_wakeup", "spurious_wakeup"}) {
      const std::string directory = testing::TempDir();
      const Result found = Command(absl::StrCat("verdicts.", name, " --show --mode=", mode,
                                                " --counterexamples=", directory));
      EXPECT_EQ(found.status, 0) << mode << " " << name << found.output;
      const std::string path = absl::StrCat(directory, "/engine-verdicts.", name, ".relacy.txt");
      const auto file = ReadCounterexample(path);
      ASSERT_TRUE(file.ok()) << file.status();
      const Result replayed = Command(absl::StrCat("--replay=", path));
      EXPECT_EQ(replayed.status, 0) << replayed.output;
      EXPECT_NE(replayed.output.find("the replay ends as recorded"), std::string::npos);
      // The text up to the replay command is the trace.
      const std::string trace = file->text.substr(0, file->text.find("\nreplay it"));
      EXPECT_NE(replayed.output.find(trace), std::string::npos) << replayed.output << "\nwanted\n"
                                                                << trace;
    }
  }
}

TEST(RunnerTest, RefusesForeignCounterexamples) {
  const std::string path = Temporary("foreign.txt");
  std::ofstream(path) << "heddle counterexample 0\n";
  Result result = Command(absl::StrCat("--replay=", path));
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("another version"), std::string::npos);
  std::ofstream(path)
      << "heddle counterexample 1\nscenario: no.such\nengine: relacy\nstate: full 1 0\n\n";
  EXPECT_EQ(Command(absl::StrCat("--replay=", path)).status, 2);
  std::ofstream(path) << "heddle counterexample 1\nscenario: no.such\nengine: stress\nstate: x\n\n";
  EXPECT_EQ(Command(absl::StrCat("--replay=", path)).status, 2);
}

TEST(RunnerTest, CounterexamplesNameTheSourceLine) {
  const Result result = Command("verdicts.race --show");
  EXPECT_NE(result.output.find("verdicts_model.cc:"), std::string::npos);
  EXPECT_NE(result.output.find("thread 1"), std::string::npos);
}

}  // namespace
}  // namespace heddle
