// SPDX-License-Identifier: Apache-2.0
//
// heddle linearize from its arguments to its exit status.
#include "tools/heddle/linearize.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/linearizability/testdata/known_histories.h"
#include "checkers/scenario/command_line.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace heddle {
namespace {

namespace lin = linearizability;

struct Ended {
  int status = -1;
  std::string out;
  std::string errors;
};

Ended Linearize(const std::vector<std::string>& arguments) {
  const absl::FlagSaver saver;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.status = RunLinearize(arguments);
  ended.out = testing::internal::GetCapturedStdout();
  ended.errors = testing::internal::GetCapturedStderr();
  return ended;
}

std::string Known(absl::string_view file) {
  return absl::StrCat(lin::kKnownHistoriesDirectory, "/", file);
}

std::string Write(const std::string& name, const std::string& content) {
  std::string path = absl::StrCat(testing::TempDir(), "/", name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(LinearizeTest, JudgesKnownHistories) {
  for (const lin::KnownHistory& known : lin::kKnownHistories) {
    const std::string file(known.file);
    std::vector<std::string> arguments{
        absl::StrCat("--spec=", file.substr(0, file.find('/'))),
        absl::StrCat("--criterion=", known.criterion),
    };
    if (known.initial != 0) arguments.push_back(absl::StrCat("--initial=", known.initial));
    if (known.capacity != 0) arguments.push_back(absl::StrCat("--capacity=", known.capacity));
    if (known.most != 0) arguments.push_back(absl::StrCat("--most=", known.most));
    arguments.push_back(Known(file));
    const Ended ended = Linearize(arguments);
    SCOPED_TRACE(absl::StrCat(file, ", ", known.criterion, "\n", ended.out, ended.errors));
    EXPECT_EQ(ended.status, known.ok ? kExitOk : kExitFound);
    EXPECT_TRUE(
        absl::StartsWith(ended.out, absl::StrCat(Known(file), known.ok ? ": ok" : ": violated")));
    EXPECT_EQ(absl::StrContains(ended.out, "here is no place for"), !known.ok);
    EXPECT_EQ(ended.errors, "");
  }
}

TEST(LinearizeTest, WritesWhatItFound) {
  const std::string json = absl::StrCat(testing::TempDir(), "/found.json");
  const std::string html = absl::StrCat(testing::TempDir(), "/found.html");
  const Ended ended =
      Linearize({"--spec=queue", "--shrink=1h", absl::StrCat("--json=", json),
                 absl::StrCat("--html=", html), Known("queue/bad_out_of_order.json")});
  EXPECT_EQ(ended.status, kExitFound) << ended.errors;
  const nlohmann::json found = nlohmann::json::parse(ReadAll(json));
  EXPECT_EQ(found["verdict"], "violated");
  EXPECT_EQ(found["violation"]["minimal"].size(), 4U);
  EXPECT_EQ(found["violation"]["shrunk"], true);
  EXPECT_TRUE(absl::StrContains(ReadAll(html), "class=\"operation stuck\""));
}

TEST(LinearizeTest, SaysWhatItRanOutOf) {
  const std::string history = Known("counter/good_crashed_add_counts.edn");
  const Ended ended = Linearize({"--spec=counter", "--steps=1", history});
  EXPECT_EQ(ended.status, kExitFound);
  EXPECT_TRUE(absl::StartsWith(ended.out, absl::StrCat(history, ": exhausted: out of steps")))
      << ended.out;
}

TEST(LinearizeTest, RefusesWhatIsWrong) {
  const std::string good = Known("queue/good_overlapping_pushes.json");
  const std::string broken = Write("broken.json", "{\"process\": 0, \"f\": \"push\", \"val");
  const std::string early = Write("early.edn", "\n{:process 0, :type :ok, :f :push, :value 1}\n");
  const std::pair<std::vector<std::string>, std::string> wrong[] = {
      {{good}, "no --spec; there are: register, "},
      {{"--spec=heap", good}, "unknown specification 'heap'; there are: "},
      {{"--spec=queue"}, "want one history"},
      {{"--spec=queue", good, good}, "want one history"},
      {{"--spec=queue", "/no/such/file"}, "cannot read /no/such/file"},
      {{"--spec=queue", "/"}, "cannot read /"},
      {{"--spec=queue", "--criterion=any", good}, "unknown criterion 'any'"},
      {{"--spec=queue", "--criterion=relaxed-fifo", good}, "want relaxed-fifo=K"},
      {{"--spec=stack", "--criterion=per-producer-fifo", good}, "is of a queue"},
      {{"--spec=queue", "--initial=3", good}, "a queue has no --initial"},
      {{"--spec=queue", "--capacity=-1", good}, "a bound is negative"},
      {{"--spec=queue", "--time=-1s", good}, "a bound is negative"},
      {{"--spec=semaphore", "--initial=x", Known("semaphore/bad_one_permit_for_two.edn")},
       "option --initial is not a number"},
      {{"--spec=stack", Known("mutex/bad_two_holders.edn")}, "line 2: unknown operation 'lock'"},
      {{"--spec=queue", broken}, "broken.json: line 1: not a JSON object, or cut off"},
      {{"--spec=queue", early}, "early.edn: line 2: process 0 ends an operation"},
      {{"--spec=queue", "--json=/no/such/directory/file", good}, "/no/such/directory/file"},
  };
  for (const auto& [arguments, reason] : wrong) {
    const Ended ended = Linearize(arguments);
    EXPECT_EQ(ended.status, kExitUsage) << reason;
    EXPECT_TRUE(absl::StrContains(ended.errors, reason)) << ended.errors;
    EXPECT_EQ(ended.errors.find('\n'), ended.errors.size() - 1) << ended.errors;
  }
}

TEST(LinearizeTest, Helps) {
  const Ended ended = Linearize({"--help"});
  EXPECT_EQ(ended.status, kExitOk);
  for (const lin::KnownHistory& known : lin::kKnownHistories) {
    const std::vector<std::string> parts = absl::StrSplit(known.file, '/');
    EXPECT_TRUE(absl::StrContains(ended.out, absl::StrCat("  ", parts[0], " "))) << parts[0];
  }
}

// What led to a wrong number is told in one line.
TEST(LinearizeTest, SumsUpWhatWentBefore) {
  std::string history;
  for (int i = 1; i <= 30; ++i) {
    absl::StrAppend(&history, R"({"process": 0, "f": "add", "value": 2, "invoke": )", 2 * i,
                    R"(, "return": )", 2 * i + 1, "}\n");
  }
  absl::StrAppend(&history, R"({"process": 0, "f": "read", "result": 59, "invoke": 70, )",
                  R"("return": 71})", "\n");
  const std::string html = absl::StrCat(testing::TempDir(), "/sum.html");
  const std::string json = absl::StrCat(testing::TempDir(), "/sum.json");
  const Ended ended = Linearize({"--spec=counter", "--shrink=1h", Write("sum.json_lines", history),
                                 absl::StrCat("--html=", html), absl::StrCat("--json=", json)});
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(absl::StrContains(ended.out, "\n  30 operations before, together add(60)\n"))
      << ended.out;
  EXPECT_TRUE(absl::StrContains(ended.out, "no place for: process 0 read() -> 59")) << ended.out;
  EXPECT_TRUE(absl::StrContains(ReadAll(html), "30 operations before them did together add(60)"));
  const nlohmann::json violation = nlohmann::json::parse(ReadAll(json))["violation"];
  EXPECT_EQ(violation["before"], 30);
  EXPECT_EQ(violation["sum"], "add(60)");
  EXPECT_EQ(violation["minimal"].size(), 1U);
}

}  // namespace
}  // namespace heddle
