// SPDX-License-Identifier: Apache-2.0
//
// Explorations by several processes, and of shares of the space.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/record.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

constexpr char kDirectory[] = "checkers/explorer/programs/";

std::string Temporary(absl::string_view name) {
  const char* const directory = std::getenv("TEST_TMPDIR");
  return absl::StrCat(directory == nullptr ? "/tmp" : directory, "/", name, ".", getpid());
}

std::string Content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Result {
  int status = -1;  // of the process, as waitpid() gives it
  std::string said;
  std::string text;  // the record
  Record record;

  const RecordedEnd& end() const {
    static const RecordedEnd kNoEnd;
    return record.end ? *record.end : kNoEnd;
  }
};

// A program that is being explored.
class Exploration {
 public:
  // `program` is its name and its arguments. Options in `environment` take the place of those given
  // and of the record.
  Exploration(const std::string& program, const std::string& options,
              const std::vector<std::string>& environment = {})
      : record_(Temporary("record")), said_(Temporary("said")) {
    std::remove(record_.c_str());
    std::vector<std::string> words = absl::StrSplit(program, ' ');
    words[0] = absl::StrCat(kDirectory, words[0]);
    process_ = fork();
    if (process_ != 0) return;
    const int out = open(said_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    for (const char* name : {"TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TEST_SHARD_STATUS_FILE"}) {
      unsetenv(name);
    }
    setenv("HEDDLE_EXPLORE_OPTIONS",
           absl::StrCat(options, options.empty() ? "" : ":", "record=", record_).c_str(), 1);
    for (const std::string& setting : environment) putenv(const_cast<char*>(setting.c_str()));
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  ~Exploration() {
    std::remove(record_.c_str());
    std::remove(said_.c_str());
  }
  Exploration(const Exploration&) = delete;
  Exploration& operator=(const Exploration&) = delete;

  std::string Record() const { return Content(record_); }

  // What it has printed, when it has ended.
  std::string Said() const {
    waitpid(process_, nullptr, 0);
    return Content(said_);
  }

  Result Wait() const {
    Result result;
    waitpid(process_, &result.status, 0);
    result.said = Content(said_);
    result.text = Record();
    absl::StatusOr<report::Record> record = ParseRecord(result.text);
    EXPECT_TRUE(record.ok()) << record.status() << "\n" << result.said;
    if (record.ok()) result.record = *std::move(record);
    return result;
  }

 private:
  const std::string record_;
  const std::string said_;
  pid_t process_;
};

Result Explore(const std::string& program, const std::string& options,
               const std::vector<std::string>& environment = {}) {
  return Exploration(program, options, environment).Wait();
}

int ExitStatus(const Result& result) {
  return WIFEXITED(result.status) ? WEXITSTATUS(result.status) : -1;
}

// The numbers behind `"name":` in the lines of one type, in order.
std::vector<double> Numbers(const std::string& record, absl::string_view type,
                            absl::string_view name) {
  std::vector<double> numbers;
  for (const absl::string_view line : absl::StrSplit(record, '\n')) {
    if (!absl::StrContains(line, absl::StrCat("\"type\":\"", type, "\""))) continue;
    const std::string key = absl::StrCat("\"", name, "\":");
    const std::size_t at = line.find(key);
    if (at == absl::string_view::npos) continue;
    const absl::string_view rest = line.substr(at + key.size());
    double number = 0;
    if (absl::SimpleAtod(rest.substr(0, rest.find_first_of(",}")), &number)) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

// Some with blocked executions, some of which the loops must be learned first, small and large.
constexpr const char* kPrograms[] = {"litmus corr2",
                                     "locks fetch_add 7",
                                     "locks ttas 4",
                                     "locks rwlock 3",
                                     "locks seqlock 3",
                                     "locks mcs 3",
                                     "locks ticket 5",
                                     "containers treiber 3",
                                     "containers mpmc 2",
                                     "containers spsc 4",
                                     "containers michael_scott 2",
                                     "containers chase_lev 4"};

TEST(ParallelTest, JobsCountWhatOneProcessCounts) {
  for (const char* program : kPrograms) {
    const Result one = Explore(program, "");
    ASSERT_EQ(one.end().verdict, "pass") << program << "\n" << one.said;
    for (const int jobs : {2, 5}) {
      const Result result = Explore(program, absl::StrCat("jobs=", jobs));
      EXPECT_EQ(result.end().verdict, "pass") << program << "\n" << result.said;
      EXPECT_TRUE(result.end().complete) << program;
      EXPECT_EQ(result.end().executions, one.end().executions) << program << " jobs=" << jobs;
      EXPECT_EQ(result.end().blocked, one.end().blocked) << program << " jobs=" << jobs;
      EXPECT_EQ(result.end().threads, one.end().threads) << program;
    }
  }
}

TEST(ParallelTest, ShardsShareTheSpace) {
  for (const char* program : kPrograms) {
    const Result one = Explore(program, "");
    for (const int shards : {2, 3, 7}) {
      std::uint64_t executions = 0;
      std::uint64_t blocked = 0;
      for (int shard = 0; shard < shards; ++shard) {
        const Result result = Explore(
            program, shards == 3 ? "jobs=2" : "",
            {absl::StrCat("TEST_TOTAL_SHARDS=", shards), absl::StrCat("TEST_SHARD_INDEX=", shard)});
        EXPECT_EQ(result.end().verdict, "pass") << program << "\n" << result.said;
        EXPECT_TRUE(result.end().complete) << program;
        EXPECT_EQ(result.end().mode, absl::StrCat("full,shard(", shard + 1, "/", shards, ")"));
        executions += result.end().executions;
        blocked += result.end().blocked;
      }
      EXPECT_EQ(executions, one.end().executions) << program << " in " << shards << " shards";
      EXPECT_EQ(blocked, one.end().blocked) << program << " in " << shards << " shards";
    }
  }
}

TEST(ParallelTest, SaysThatItIsAShare) {
  const Exploration exploration("litmus sb", "", {"HEDDLE_EXPLORE_OPTIONS=shard=2/3"});
  const std::string said = exploration.Said();
  EXPECT_TRUE(absl::StrContains(said, "pass full,shard(2/3): ")) << said;
}

TEST(ParallelTest, LargeSpacesHaveSomethingForEachShard) {
  for (const char* shard : {"1/4", "2/4", "3/4", "4/4"}) {
    const Result result = Explore("locks fetch_add 7", absl::StrCat("shard=", shard));
    EXPECT_GT(result.end().executions, 0U) << shard;
    EXPECT_LT(result.end().executions, 5040U) << shard;
  }
}

TEST(ParallelTest, TellsBazelThatItKnowsShards) {
  const std::string status = Temporary("status");
  std::remove(status.c_str());
  Explore("locks ticket 2", "",
          {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=1",
           absl::StrCat("TEST_SHARD_STATUS_FILE=", status)});
  EXPECT_EQ(access(status.c_str(), F_OK), 0);
  std::remove(status.c_str());
}

TEST(ParallelTest, AnOptionTakesPrecedenceOverBazelsShard) {
  const Result result =
      Explore("locks ticket 3", "shard=off", {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=1"});
  EXPECT_EQ(result.end().executions, 6U);
  EXPECT_EQ(result.end().mode, "full");
}

TEST(ParallelTest, FindsWhatOneProcessFinds) {
  for (const char* program :
       {"wrong abba", "wrong race", "wrong lost_wakeup", "wrong livelock", "wrong livelock_in_turn",
        "wrong leak", "wrong use_after_free", "wrong segfault", "litmus sb ask", "rare assertion 7",
        "time wait_for 0", "time sleep_until 0"}) {
    const Result one = Explore(program, "");
    const Result result = Explore(program, "jobs=3");
    EXPECT_EQ(result.end().verdict, one.end().verdict) << program << "\n" << result.said;
    EXPECT_EQ(ExitStatus(result), 1) << program;
    EXPECT_FALSE(result.record.events.empty()) << program;
    ASSERT_FALSE(result.record.replay.empty()) << program;
    const Result again =
        Explore(program, absl::StrCat("jobs=3:replay='", result.record.replay, "'"));
    EXPECT_EQ(again.end().verdict, one.end().verdict) << program << "\n" << again.said;
  }
}

TEST(ParallelTest, AFindingIsOneShards) {
  int found = 0;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const Result result = Explore("rare assertion 7", absl::StrCat("shard=", shard));
    if (result.end().verdict == "assertion") ++found;
  }
  EXPECT_EQ(found, 1);
}

TEST(ParallelTest, ALoopThatIsMetLateStartsAllAnew) {
  const Result result = Explore("rare loop 7", "jobs=2");
  EXPECT_EQ(result.end().verdict, "pass") << result.said;
  EXPECT_EQ(result.end().executions, 5040U);
}

// Shards cannot tell each other: who learns that the space is another one explores all of it.
TEST(ParallelTest, AShardThatMeetsALoopLateExploresAll) {
  int alone = 0;
  std::uint64_t executions = 0;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const Result result = Explore("rare loop 7", absl::StrCat("shard=", shard));
    EXPECT_EQ(result.end().verdict, "pass") << result.said;
    EXPECT_TRUE(result.end().complete);
    executions += result.end().executions;
    if (result.end().mode != "full") continue;
    ++alone;
    EXPECT_EQ(result.end().executions, 5040U);
  }
  EXPECT_EQ(alone, 1);
  EXPECT_GT(executions, 5040U);
}

TEST(ParallelTest, SymmetryThatIsLostLateStartsAllAnew) {
  const Result one = Explore("rare twins 4", "symmetry=on");
  EXPECT_EQ(one.end().mode, "full") << one.said;
  EXPECT_GT(one.end().executions, 2520U);  // 8! / 2^4, and what the load may read
  const Result two = Explore("rare twins 4", "symmetry=on:jobs=2");
  EXPECT_EQ(two.end().verdict, "pass") << two.said;
  EXPECT_EQ(two.end().mode, "full");
  EXPECT_EQ(two.end().executions, one.end().executions);
  for (const char* shard : {"1/2", "2/2"}) {
    const Result share = Explore("rare twins 4", absl::StrCat("symmetry=on:shard=", shard));
    EXPECT_EQ(share.end().verdict, "pass") << share.said;
    EXPECT_EQ(share.end().mode, "full");
    EXPECT_EQ(share.end().executions, one.end().executions);
  }
}

TEST(ParallelTest, PreemptionsThatLeaveNothingOutAreAll) {
  for (const auto& [preemptions, all] : {std::pair("0", false), std::pair("20", true)}) {
    const std::string options = absl::StrCat("preemptions=", preemptions);
    const Result one = Explore("locks fetch_add 5", options);
    const Result two = Explore("locks fetch_add 5", options + ":jobs=2");
    EXPECT_EQ(one.end().executions, two.end().executions) << options;
    EXPECT_EQ(two.end().complete, one.end().complete) << options;
    if (all) EXPECT_TRUE(two.end().complete) << two.said;
  }
  const Result less = Explore("litmus sb", "preemptions=0:model=sc:jobs=2");
  EXPECT_FALSE(less.end().complete);
}

TEST(ParallelTest, WhatCannotBeDoneIsAnErrorThatNamesIt) {
  const std::tuple<const char*, const char*, const char*> kCases[] = {
      {"rare unsupported 7", "jobs=2", "fork() is not supported"},
      {"annotations fiber", "", "__tsan_create_fiber() is not supported"},
  };
  for (const auto& [program, options, message] : kCases) {
    const Result result = Explore(program, options);
    EXPECT_EQ(ExitStatus(result), 2);
    ASSERT_TRUE(result.record.error.has_value()) << result.said;
    EXPECT_TRUE(absl::StrContains(result.record.error->message, message))
        << result.record.error->message;
  }
}

// LOOPS;NUMBER/COUNT of a message about a worker that has died.
std::string PieceIn(absl::string_view message) {
  constexpr absl::string_view kBefore = "piece='";
  const std::size_t at = message.find(kBefore);
  if (at == absl::string_view::npos) return "";
  message.remove_prefix(at + kBefore.size());
  return std::string(message.substr(0, message.find('\'')));
}

TEST(ParallelTest, AWorkerThatDiesIsAnErrorThatNamesItsPiece) {
  const Result result = Explore("rare killed 7", "jobs=2");
  EXPECT_EQ(result.end().verdict, "error") << result.said;
  EXPECT_FALSE(result.end().complete);
  EXPECT_EQ(ExitStatus(result), 2);
  ASSERT_TRUE(result.record.error.has_value()) << result.said;
  EXPECT_TRUE(absl::StrContains(result.record.error->message, "killed by signal 9"))
      << result.record.error->message;
  const std::string piece = PieceIn(result.record.error->message);
  ASSERT_NE(piece, "") << result.record.error->message;

  const Result again = Explore("rare killed 7", absl::StrCat("piece='", piece, "'"));
  EXPECT_EQ(again.end().verdict, "error") << again.said;
  EXPECT_EQ(PieceIn(again.record.error.value_or(RecordedError{}).message), piece);

  // The same piece of a program that does not die is a part only.
  const Result other = Explore("rare assertion 7", absl::StrCat("piece='", piece, "'"));
  EXPECT_EQ(other.end().verdict, "assertion") << other.said;
  const bool is_zero = absl::StrContains(piece, ";0/");
  const std::string count = piece.substr(piece.find('/'));
  const Result part =
      Explore("rare assertion 7", absl::StrCat("piece='", is_zero ? "1" : "0", count, "'"));
  EXPECT_EQ(part.end().verdict, "incomplete") << part.said;
  EXPECT_GT(part.end().executions, 0U);
  EXPECT_LT(part.end().executions, 5040U);
}

TEST(ParallelTest, AWorkerKilledFromOutsideIsNeverAPass) {
  const Exploration exploration("containers michael_scott 4", "jobs=2");
  std::vector<double> workers;
  // Both are there when there is progress.
  while (Numbers(exploration.Record(), "progress", "complete").empty()) sched_yield();
  workers = Numbers(exploration.Record(), "worker", "process");
  ASSERT_EQ(workers.size(), 2U);
  ASSERT_EQ(kill(static_cast<pid_t>(workers[1]), SIGKILL), 0);
  const Result result = exploration.Wait();
  EXPECT_EQ(result.end().verdict, "error") << result.said;
  EXPECT_EQ(ExitStatus(result), 2);
  // The other one may have done all the work so far.
  const std::string message = result.record.error.value_or(RecordedError{}).message;
  EXPECT_TRUE(PieceIn(message) != "" || absl::StrContains(message, "it had not begun"))
      << result.said;
  // Nobody is left behind.
  EXPECT_NE(kill(static_cast<pid_t>(workers[0]), 0), 0);
}

TEST(ParallelTest, ProgressIsThatOfAll) {
  // Long enough for some to be written.
  const Result result = Explore("locks cas_increment 8", "jobs=2:max_executions=300000");
  const std::vector<double> done = Numbers(result.text, "progress", "done");
  const std::vector<double> complete = Numbers(result.text, "progress", "complete");
  ASSERT_FALSE(done.empty());
  EXPECT_GT(done.front(), 0);
  EXPECT_LE(done.back(), 1);
  EXPECT_TRUE(std::is_sorted(complete.begin(), complete.end()));
  EXPECT_LE(complete.back(), static_cast<double>(result.end().executions));
}

TEST(ParallelTest, ABoundIsThatOfAll) {
  const Result few = Explore("locks fetch_add 8", "jobs=2:max_executions=5000");
  EXPECT_EQ(few.end().verdict, "incomplete") << few.said;
  EXPECT_EQ(few.end().executions + few.end().blocked, 5000U);
  const Result enough = Explore("locks fetch_add 6", "jobs=2:max_executions=721");
  EXPECT_EQ(enough.end().verdict, "pass") << enough.said;
  const Result sampled = Explore("locks fetch_add 6", "jobs=3:random=100");
  EXPECT_EQ(sampled.end().verdict, "pass") << sampled.said;
  EXPECT_FALSE(sampled.end().complete);
  EXPECT_EQ(sampled.end().executions, 100U);
  const Result loop = Explore("wrong counting_loop", "jobs=2:unroll=30");
  EXPECT_EQ(loop.end().verdict, "incomplete") << loop.said;
}

TEST(ParallelTest, BadOptionsAreOneLine) {
  const struct {
    const char* options;
    const char* problem;
  } kBad[] = {
      {"jobs=0", "'0' is no value of jobs"},
      {"jobs=-1", "'-1' is no value of jobs"},
      {"shard=3/2", "'3/2' is no value of shard"},
      {"shard=0/2", "'0/2' is no value of shard"},
      {"shard=2", "'2' is no value of shard"},
      {"piece=5", "'5' is no piece"},
      {"piece=5/5", "'5/5' is no piece"},
      {"piece=0/3", "the space has 512 pieces, not 3"},
      {"piece='x;0/512'", "these are no loops of this program"},
  };
  for (const auto& bad : kBad) {
    const Result result = Explore("locks fetch_add 7", bad.options);
    EXPECT_EQ(ExitStatus(result), 2) << bad.options;
    EXPECT_TRUE(absl::StrContains(result.said, bad.problem)) << bad.options << "\n" << result.said;
    EXPECT_EQ(std::count(result.said.begin(), result.said.end(), '\n'), 1) << result.said;
  }
  const Result shard = Explore("locks ticket 2", "", {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=2"});
  EXPECT_EQ(ExitStatus(shard), 2);
}

}  // namespace
}  // namespace heddle::explorer::report
