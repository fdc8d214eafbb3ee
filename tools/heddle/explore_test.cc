// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"
#include "tools/heddle/explore_build.h"
#include "tools/heddle/explore_options.h"

namespace heddle::explore {
namespace {

constexpr char kPrograms[] = "checkers/explorer/programs/";

std::string Problem(const std::vector<std::string>& arguments) {
  const absl::StatusOr<Options> options = ParseOptions(arguments);
  return options.ok() ? "" : std::string(options.status().message());
}

TEST(ExploreOptionsTest, TellsTheProgramsArgumentsFromItsOwn) {
  const absl::StatusOr<Options> options =
      ParseOptions({"a.c", "-DN=3", "-I", "dir", "--model=sc", "b.o", "--", "--model", "x"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->sources, (std::vector<std::string>{"a.c", "b.o"}));
  EXPECT_EQ(options->compile_flags, (std::vector<std::string>{"-DN=3", "-I", "dir"}));
  EXPECT_EQ(options->arguments, (std::vector<std::string>{"--model", "x"}));
  EXPECT_EQ(RuntimeOptions(options->runtime), "model=sc");
  EXPECT_EQ(options->repeat,
            (std::vector<std::string>{"a.c", "-DN=3", "-I", "dir", "--model=sc", "b.o"}));
}

TEST(ExploreOptionsTest, ReadsTimes) {
  const absl::StatusOr<Options> options = ParseOptions({"a.c", "--time=2m", "--unroll", "50"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(RuntimeOptions(options->runtime), "time=120:unroll=50");
}

TEST(ExploreOptionsTest, AReplayDoesWithoutWorkersAndShares) {
  const absl::StatusOr<Options> options =
      ParseOptions({"a.c", "--jobs=2", "--shard=1/3", "--piece", "a55 ;3/512"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(RuntimeOptions(options->runtime), "jobs=2:shard=1/3:piece=a55 ;3/512");
  EXPECT_EQ(options->repeat, std::vector<std::string>{"a.c"});
}

TEST(ExploreOptionsTest, RandomSearchesEnd) {
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--random"})->runtime),
            "random=on:max_executions=10000");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--random", "--time=5", "--switch=0.1"})->runtime),
            "random=on:time=5:switch=0.1");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--random=7", "--seed=0"})->runtime),
            "random=7:seed=0");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--pct=3"})->runtime),
            "pct=3:max_executions=10000");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--pct=3", "--time=5"})->runtime), "pct=3:time=5");
  EXPECT_EQ(Problem({"a.c", "--pct=3", "--random"}),
            "--random, --pct and --preemptions exclude each other");
}

TEST(ExploreOptionsTest, TakesLessThanAllExecutions) {
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--preemptions=0"})->runtime), "preemptions=0");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--symmetry=on"})->runtime), "symmetry=on");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--in-step"})->runtime), "in_step=on");
  EXPECT_EQ(RuntimeOptions(ParseOptions({"a.c", "--weak-cas"})->runtime), "weak_cas=on");
  EXPECT_EQ(Problem({"a.c", "--symmetry=on", "--preemptions=2"}),
            "--symmetry=on is for all executions: not --random, --pct or --preemptions");
  EXPECT_EQ(Problem({"a.c", "--preemptions=x"}),
            "bad value 'x' for option --preemptions: want a number up to 1000");
  EXPECT_EQ(Problem({"a.c", "--switch=2"}),
            "bad value '2' for option --switch: want a probability");
}

TEST(ExploreOptionsTest, SaysWhatIsWrongInOneLine) {
  EXPECT_EQ(Problem({}), "no program; heddle explore --help shows how");
  EXPECT_EQ(Problem({"a.c", "--binary=b"}), "--binary and source files exclude each other");
  EXPECT_EQ(Problem({"a.c", "--nonsense"}), "unknown option --nonsense");
  EXPECT_EQ(Problem({"a.c", "-q"}), "unknown option -q");
  EXPECT_EQ(Problem({"a.c", "--model=tso"}), "bad value 'tso' for option --model: want rc11 or sc");
  EXPECT_EQ(Problem({"a.c", "--unroll=0"}),
            "bad value '0' for option --unroll: want a positive number up to 60000");
  EXPECT_EQ(Problem({"a.c", "--time=-1"}),
            "bad value '-1' for option --time: want a time such as 30s, 10m or 2h");
  EXPECT_EQ(Problem({"a.c", "--jobs=0"}),
            "bad value '0' for option --jobs: want a positive number up to 1024");
  EXPECT_EQ(Problem({"a.c", "--shard=3/2"}),
            "bad value '3/2' for option --shard: want a share such as 2/3, of 512 at most");
  EXPECT_EQ(Problem({"a.c", "--json"}), "option --json needs a value");
  EXPECT_EQ(Problem({"a.c", "--json="}), "option --json needs a value");
  EXPECT_EQ(Problem({"a.c", "-I"}), "option -I needs a value");
  EXPECT_EQ(Problem({"a.c", "--quiet=yes"}), "option --quiet takes no value");
}

TEST(ExploreOptionsTest, QuotesForAShell) {
  EXPECT_EQ(ShellQuoted("a-b_c/d.cc"), "a-b_c/d.cc");
  EXPECT_EQ(ShellQuoted("a b"), "'a b'");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted(""), "''");
}

TEST(ExploreBuildTest, CompilesCAsCAndLetsTheUsersFlagsComeLast) {
  const absl::StatusOr<Options> options = ParseOptions({"a.c", "-O0", "--compiler=g++"});
  const std::vector<std::string> command = CompileCommand(*options, "a.c", "a.o");
  const auto at = [&](const std::string& word) {
    return std::find(command.begin(), command.end(), word) - command.begin();
  };
  EXPECT_EQ(command[0], "g++");
  EXPECT_EQ(command[2], "c");
  EXPECT_LT(at("-O2"), at("-O0"));
  // Clang's own option.
  EXPECT_EQ(at("-mllvm"), static_cast<std::ptrdiff_t>(command.size()));
  EXPECT_LT(at("--param=tsan-instrument-func-entry-exit=0"),
            static_cast<std::ptrdiff_t>(command.size()));
}

// The whole way: compiled, explored, reported, replayed.
class ExploreTest : public testing::Test {
 protected:
  int Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {absl::StrCat("--json=", Json()),
                                    absl::StrCat("--out=", Directory()), "-I", "."};
    all.insert(all.end(), arguments.begin(), arguments.end());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = RunExplore(all);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return status;
  }

  VerdictRecord Verdict() const {
    const absl::StatusOr<std::string> text = ReadFile(Json());
    EXPECT_TRUE(text.ok()) << text.status() << output_ << errors_;
    return VerdictRecordFromJson(text.ok() ? *text : "").value_or(VerdictRecord{});
  }

  static std::string Directory() {
    const char* const given = std::getenv("TEST_TMPDIR");
    return given == nullptr ? "/tmp" : given;
  }
  static std::string Json() { return absl::StrCat(Directory(), "/verdict.json"); }
  static std::string Source(const std::string& name) { return absl::StrCat(kPrograms, name); }

  std::string output_;
  std::string errors_;
};

TEST_F(ExploreTest, CountsTheExecutionsOfARightProgram) {
  EXPECT_EQ(Run({Source("locks.c"), "--", "ticket", "3"}), 0) << output_ << errors_;
  const VerdictRecord record = Verdict();
  EXPECT_EQ(record.verdict, heddle::Verdict::kPass);
  EXPECT_TRUE(record.complete);
  EXPECT_EQ(record.executions, 6U);
  EXPECT_TRUE(absl::StrContains(output_, "pass exhaustive (RC11), 6 executions")) << output_;
}

// With the library's spin phase it would be 270.
TEST_F(ExploreTest, PutsItsHeadersBeforeTheLibrarys) {
  EXPECT_EQ(Run({Source("standard.cc"), "--", "barrier", "2"}), 0) << output_ << errors_;
  EXPECT_EQ(Verdict().executions, 60U);
}

TEST_F(ExploreTest, WorkersAndSharesAreToldOfInTheVerdict) {
  EXPECT_EQ(Run({"--jobs=2", Source("locks.c"), "--", "fetch_add", "6"}), 0) << output_ << errors_;
  EXPECT_EQ(Verdict().executions, 720U);
  EXPECT_TRUE(Verdict().complete);
  std::uint64_t sum = 0;
  for (const char* shard : {"1/2", "2/2"}) {
    EXPECT_EQ(Run({absl::StrCat("--shard=", shard), Source("locks.c"), "--", "fetch_add", "7"}), 0)
        << output_ << errors_;
    EXPECT_TRUE(
        absl::StrContains(output_, absl::StrCat("pass exhaustive (RC11) shard(", shard, "), ")))
        << output_;
    EXPECT_EQ(Verdict().mode, absl::StrCat("full,shard(", shard, ")"));
    sum += Verdict().executions;
  }
  EXPECT_EQ(sum, 5040U);
}

TEST_F(ExploreTest, ABugThatAWorkerFindsIsShownAndReplayed) {
  EXPECT_EQ(Run({"--jobs=3", Source("rare.c"), "--", "assertion", "7"}), 1) << output_ << errors_;
  const VerdictRecord record = Verdict();
  EXPECT_EQ(record.verdict, heddle::Verdict::kAssertion);
  ASSERT_TRUE(record.counterexample.has_value());
  EXPECT_EQ(Run({absl::StrCat("--replay=", *record.counterexample), Source("rare.c"), "--",
                 "assertion", "7"}),
            1)
      << output_ << errors_;
  EXPECT_EQ(Verdict().verdict, heddle::Verdict::kAssertion);
}

TEST_F(ExploreTest, AWorkerThatDiesIsAnErrorThatNamesItsPiece) {
  EXPECT_EQ(Run({"--jobs=2", Source("rare.c"), "--", "killed", "7"}), 2) << output_ << errors_;
  EXPECT_TRUE(absl::StrContains(errors_, "killed by signal 9")) << errors_;
  EXPECT_TRUE(absl::StrContains(errors_, "explores that alone")) << errors_;
}

TEST_F(ExploreTest, ShowsAndReplaysACounterexample) {
  EXPECT_EQ(Run({Source("wrong.c"), "--", "abba"}), 1) << output_ << errors_;
  const VerdictRecord record = Verdict();
  EXPECT_EQ(record.verdict, heddle::Verdict::kDeadlock);
  ASSERT_TRUE(record.counterexample.has_value());
  EXPECT_TRUE(
      absl::StrContains(output_, "they wait for each other: thread 1 -> thread 2 -> thread 1"))
      << output_;
  EXPECT_TRUE(absl::StrContains(output_, "wrong.c:")) << output_;
  const std::size_t last = output_.find("replay it:  ./heddle explore --replay=");
  ASSERT_NE(last, std::string::npos) << output_;
  EXPECT_EQ(output_.find('\n', last), output_.size() - 1) << "it is the last line";

  EXPECT_EQ(
      Run({absl::StrCat("--replay=", *record.counterexample), Source("wrong.c"), "--", "abba"}), 1)
      << output_ << errors_;
  EXPECT_EQ(Verdict().verdict, heddle::Verdict::kDeadlock);
}

TEST_F(ExploreTest, WritesAPage) {
  const std::string page = absl::StrCat(Directory(), "/page.html");
  EXPECT_EQ(Run({absl::StrCat("--html=", page), Source("wrong.c"), "--", "race"}), 1) << errors_;
  const absl::StatusOr<std::string> text = ReadFile(page);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, "<svg"));
  EXPECT_TRUE(absl::StrContains(*text, "<g class=\"step"));
}

TEST_F(ExploreTest, LeavesNoTemporaryFiles) {
  const std::string temporary = absl::StrCat(Directory(), "/temporary");
  std::filesystem::create_directories(temporary);
  setenv("TMPDIR", temporary.c_str(), 1);
  EXPECT_EQ(Run({Source("locks.c"), "--", "mutex", "2"}), 0) << errors_;
  EXPECT_EQ(Run({Source("wrong.c"), "--", "abba"}), 1) << errors_;
  unsetenv("TMPDIR");
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

}  // namespace
}  // namespace heddle::explore
