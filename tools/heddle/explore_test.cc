// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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
  EXPECT_EQ(Problem({"a.c", "-fopenmp"}),
            "-fopenmp: OpenMP is not modelled: its library makes threads and waits where nobody "
            "sees it");
  EXPECT_EQ(Problem({"a.c", "--cflags=-O1 -fno-sanitize=thread"}),
            "-fno-sanitize=thread: the explorer sees a program by its instrumentation");
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
  static std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(Directory(), "/", name);
    EXPECT_TRUE(WriteFile(path, text).ok()) << path;
    return path;
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

constexpr char kOnStacks[] = R"(
#include <mutex>
#include <thread>
struct Point { int x; int y; };
struct Account { std::mutex mutex; int cells[2][3]; Point point; };
static void Add(int& to) { to += 1; }
static int Total(int by) {
  Account account{};
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(account.mutex);
    Add(by == 1 ? account.point.y : account.cells[1][2]);
  });
  Add(by == 1 ? account.point.y : account.cells[1][2]);
  other.join();
  return account.point.y + account.cells[1][2];
}
static int Hits() {
  int hits = 0;
  std::thread other([&hits] { hits++; });
  hits++;
  other.join();
  return hits;
}
int main(int argc, char**) { return (argc == 3 ? Hits() : Total(argc)) != 2; }
)";

// By each compiler, as it describes places: those of the frame's address, of a register, ...
TEST_F(ExploreTest, NamesVariablesOnStacks) {
  const std::string source = Write("on_stacks.cc", kOnStacks);
  for (const std::string compiler : {"clang++-22", "g++"}) {
    for (const std::string optimized : {"-O0", "-O2"}) {
      const std::vector<std::string> program = {absl::StrCat("--compiler=", compiler), optimized,
                                                source};
      EXPECT_EQ(Run(program), 1) << output_ << errors_;
      for (const absl::string_view part :
           {"unordered, at account.point.y\n", " of 4 bytes at account.point.y by thread 0 (#",
            "update account.mutex: 0 -> ", "on the stack of thread 0, in Total: account."}) {
        EXPECT_TRUE(absl::StrContains(output_, part)) << compiler << optimized << "\n" << output_;
      }
      std::vector<std::string> with_arguments = program;
      with_arguments.insert(with_arguments.end(), {"--", "x"});
      EXPECT_EQ(Run(with_arguments), 1) << output_ << errors_;
      EXPECT_TRUE(absl::StrContains(output_, "unordered, at account.cells[1][2]\n"))
          << compiler << optimized << "\n"
          << output_;
      with_arguments.emplace_back("y");
      EXPECT_EQ(Run(with_arguments), 1) << output_ << errors_;
      EXPECT_TRUE(absl::StrContains(output_, "unordered, at hits\n"))
          << compiler << optimized << "\n"
          << output_;
    }
  }
}

constexpr char kParts[] = R"(
#include <thread>
struct Range { int low; int high; };
struct Server { struct { Range range; } stats[3]; };
namespace app { Server server; }
static void Set(Range& range) { range.high = 1; }
int main() {
  std::thread other([] { Set(app::server.stats[2].range); });
  Set(app::server.stats[2].range);
  other.join();
}
)";

TEST_F(ExploreTest, NamesPartsOfVariables) {
  const std::string source = Write("parts.cc", kParts);
  for (const std::string compiler : {"clang++-22", "g++"}) {
    EXPECT_EQ(Run({absl::StrCat("--compiler=", compiler), source}), 1) << output_ << errors_;
    EXPECT_TRUE(absl::StrContains(output_, "unordered, at app::server.stats[2].range.high\n"))
        << compiler << "\n"
        << output_;
  }
}

constexpr char kNeverEvents[] = R"(
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
int main(int argc, char**) {
  if (argc == 1) {
    std::atomic<bool> answered{false};
    std::thread asks([&] {
      while (!answered.load()) {
      }
    });
    asks.join();
  }
  auto mutex = std::make_unique<std::mutex>();
  std::thread other([held = mutex.get()] { held->lock(); });
  mutex.reset();
  other.join();
}
)";

// Operations that the execution has no event of: they never happen.
TEST_F(ExploreTest, ShowsOperationsThatDoNotHappen) {
  const std::string source = Write("never_events.cc", kNeverEvents);
  EXPECT_EQ(Run({source}), 1) << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "waits for another value of answered")) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "  waits for answered\n")) << output_;
  EXPECT_EQ(Run({source, "--", "x"}), 1) << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "atomic write of 4 bytes at block 0 by thread 1 (#3)"))
      << output_;
  EXPECT_EQ(Run({Source("wrong.c"), "--", "bad_unlock"}), 1) << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "unlocks the mutex first, which it does not hold"))
      << output_;
  EXPECT_EQ(Run({Source("wrong.c"), "--", "returned_plain"}), 1) << errors_;
  EXPECT_FALSE(absl::StrContains(output_, "free 0x")) << output_;
}

constexpr char kChanging[] = R"(
#include <stdio.h>
#include <atomic>
#include <thread>
#ifdef FIXED
constexpr auto kStore = std::memory_order_release;
#else
constexpr auto kStore = std::memory_order_relaxed;
#endif
std::atomic<int> ready{0};
int data = 0;
int main() {
  int word = 0;
  puts(scanf("%d", &word) == 1 ? "something is read" : "nothing is read");
  std::thread other([] {
    data = 1;
    ready.store(1, kStore);
  });
  if (ready.load(std::memory_order_acquire) == 1) data = 2;
  other.join();
}
)";

// It is the execution that was found that is run, or none is.
TEST_F(ExploreTest, AReplayIsOfTheSameProgram) {
  const std::string source = Write("changing.cc", kChanging);
  EXPECT_EQ(Run({source}), 1) << output_ << errors_;
  const std::optional<std::string> file = Verdict().counterexample;
  ASSERT_TRUE(file.has_value());
  const std::string replay = absl::StrCat("--replay=", *file);
  EXPECT_EQ(Run({replay, source}), 1) << errors_;
  EXPECT_EQ(Verdict().verdict, heddle::Verdict::kRace);
  // With what it writes, once, and without what somebody else might read.
  EXPECT_EQ(output_.find("nothing is read"), 0U) << output_;
  EXPECT_EQ(output_.rfind("nothing is read"), 0U) << output_;
  EXPECT_EQ(errors_, "");
  EXPECT_EQ(Run({replay, source, "-DFIXED"}), 2) << output_ << errors_;
  EXPECT_TRUE(absl::StrContains(errors_,
                                "the program did not repeat: operation 1 of thread 1 is "
                                "release now, and was relaxed"))
      << errors_;
  EXPECT_EQ(Run({replay, source, "--model=sc"}), 2) << output_;
  EXPECT_EQ(errors_, "heddle explorer: the execution to replay is one of the model rc11\n");
}

// Nor does one execution take from the next what it reads.
TEST_F(ExploreTest, AProgramThatExploresItselfReadsNothing) {
  const std::string source = Write("reading.cc", kChanging);
  const std::string program = absl::StrCat(Directory(), "/reading");
  EXPECT_EQ(Run({absl::StrCat("--keep=", program), source, "-DFIXED"}), 0) << output_ << errors_;
  const std::string output = absl::StrCat(Directory(), "/reading.txt");
  EXPECT_EQ(std::system(absl::StrCat("echo 5 | ", program, " > ", output, " 2>&1").c_str()), 0);
  const absl::StatusOr<std::string> text = ReadFile(output);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, "nothing is read")) << *text;
  EXPECT_FALSE(absl::StrContains(*text, "something is read")) << *text;
}

constexpr char kMended[] = R"(
#include <mutex>
#include <thread>
std::mutex mutex;
int count = 0;
int main() {
  std::thread other([] {
    const std::lock_guard<std::mutex> lock(mutex);
    ++count;
  });
  std::unique_lock<std::mutex> lock(mutex);
  ++count;
  lock.unlock();
#ifdef MENDED
  lock.lock();
#endif
  ++count;
#ifdef MENDED
  lock.unlock();
#endif
  other.join();
}
)";

// Threads that go on behind the end of what is replayed are no deadlock.
TEST_F(ExploreTest, AReplayThatDoesNotGetThereIsNoOtherFinding) {
  const std::string source = Write("mended.cc", kMended);
  EXPECT_EQ(Run({source}), 1) << output_ << errors_;
  const std::optional<std::string> file = Verdict().counterexample;
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(Verdict().verdict, heddle::Verdict::kRace);
  const int status = Run({absl::StrCat("--replay=", *file), source, "-DMENDED"});
  EXPECT_TRUE(status == 2 || status == 0) << output_ << errors_;
  EXPECT_TRUE(absl::StrContains(absl::StrCat(output_, errors_), "does not come about") ||
              absl::StrContains(errors_, "the program did not repeat: "))
      << output_ << errors_;
}

TEST_F(ExploreTest, CProgramsAreBuiltByACompilerForC) {
  EXPECT_EQ(Run({"--compiler=gcc", Source("locks.c"), "--", "ticket", "2"}), 0)
      << output_ << errors_;
  EXPECT_EQ(Verdict().executions, 2U);
}

TEST_F(ExploreTest, WritesAPage) {
  const std::string page = absl::StrCat(Directory(), "/page.html");
  EXPECT_EQ(Run({absl::StrCat("--html=", page), Source("wrong.c"), "--", "race"}), 1) << errors_;
  const absl::StatusOr<std::string> text = ReadFile(page);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, "<svg"));
  EXPECT_TRUE(absl::StrContains(*text, "<g class=\"step"));
  EXPECT_TRUE(absl::StrContains(*text, "replay it: ./heddle explore --replay="));
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
