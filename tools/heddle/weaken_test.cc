// SPDX-License-Identifier: Apache-2.0
//
// Programs whose needed orders are known.
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/explore.h"
#include "tools/heddle/weaken_report.h"
#include "tools/heddle/weaken_suite.h"

namespace heddle::weaken {
namespace {

constexpr char kSource[] = "tools/heddle/testdata/orders.c";

std::string Directory() {
  const char* const given = std::getenv("TEST_TMPDIR");
  return given == nullptr ? "/tmp" : given;
}

class WeakenTest : public testing::Test {
 protected:
  int Explore(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {absl::StrCat("--out=", Directory()), kSource});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = RunExplore(arguments);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return status;
  }

  // "operation order: the weakest that pass", in the order of lines; the last is the summary.
  std::vector<std::string> Weaken(const std::string& program) {
    const std::string path = absl::StrCat(Directory(), "/orders.json");
    EXPECT_EQ(Explore({"--weaken", absl::StrCat("--json=", path), "--", program}), 0)
        << output_ << errors_;
    const absl::StatusOr<std::string> text = ReadFile(path);
    EXPECT_TRUE(text.ok()) << text.status();
    std::vector<std::string> orders;
    lines_.clear();
    for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      lines_.push_back(nlohmann::json::parse(line));
      const nlohmann::json& json = lines_.back();
      if (!json.contains("file")) continue;
      std::string one = absl::StrCat(json["operation"].get<std::string>(), " ",
                                     json["order"].get<std::string>(), ":");
      for (const nlohmann::json& enough : json["enough"]) {
        absl::StrAppend(&one, " ", enough.get<std::string>());
      }
      EXPECT_EQ(json["needed"].get<bool>(), json["enough"].empty());
      orders.push_back(one);
    }
    return orders;
  }

  std::string output_;
  std::string errors_;
  std::vector<nlohmann::json> lines_;
};

using Orders = std::vector<std::string>;

TEST_F(WeakenTest, MessagePassingNeedsReleaseAndAcquire) {
  EXPECT_EQ(Weaken("message"), (Orders{"store seq_cst: release", "load seq_cst: acquire"}))
      << output_;
  EXPECT_TRUE(absl::StrContains(output_, "orders.c:17:")) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "All of these pass together")) << output_;
  // The failing execution, again.
  const nlohmann::json& tries = lines_.at(0)["tries"];
  ASSERT_EQ(tries.size(), 2U);
  EXPECT_EQ(tries[1]["order"], "relaxed");
  EXPECT_EQ(tries[1]["verdict"], "race");
  EXPECT_EQ(Explore({absl::StrCat("--replay=", tries[1]["counterexample"].get<std::string>()), "--",
                     "message"}),
            1)
      << output_ << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "store x = 1, relaxed")) << output_;
}

TEST_F(WeakenTest, StoreBufferingNeedsItsFences) {
  EXPECT_EQ(Weaken("buffers"), (Orders{"fence seq_cst:", "fence seq_cst:"})) << output_;
  EXPECT_EQ(lines_.back()["needed"], 2);
  EXPECT_EQ(lines_.back()["relaxed"], 4);
}

TEST_F(WeakenTest, ACounterMayBeRelaxed) {
  EXPECT_EQ(Weaken("counter"), (Orders{"fetch_add seq_cst: relaxed"})) << output_;
}

TEST_F(WeakenTest, ACompareExchangeHasTwoOrders) {
  EXPECT_EQ(Weaken("lock"), (Orders{"compare_exchange acq_rel: acquire",
                                    "compare_exchange acquire: relaxed", "store release:"}))
      << output_;
  EXPECT_EQ(lines_.at(1)["part"], "failure");
}

TEST_F(WeakenTest, OrdersThatStandInForEachOtherAreNotBothDropped) {
  EXPECT_EQ(Weaken("twice"),
            (Orders{"load seq_cst: acquire", "fence release: none", "store release: relaxed"}))
      << output_;
  EXPECT_EQ(lines_.back()["weaker"], 3);
  EXPECT_EQ(lines_.back()["together"], 2);
  EXPECT_TRUE(absl::StrContains(output_, "Not all of these pass together: 2 of 3 do")) << output_;
}

TEST_F(WeakenTest, AProgramThatFailsAsItIsIsToldOf) {
  EXPECT_EQ(Explore({"--weaken", "--", "wrong"}), 1);
  EXPECT_TRUE(absl::StrContains(output_, "race")) << output_;
  EXPECT_FALSE(absl::StrContains(output_, "would do")) << output_;
}

TEST_F(WeakenTest, RefusesWhatMakesNoSense) {
  EXPECT_EQ(Explore({"--weaken", "--random", "--", "message"}), 2);
  EXPECT_EQ(Explore({"--weaken", "--model=sc", "--", "message"}), 2);
  EXPECT_EQ(Explore({"--weaken", "--shard=1/2", "--", "message"}), 2);
  EXPECT_EQ(Explore({"--library", "--", "message"}), 2);
}

// What the runtime says to orders that a person has given it.
TEST_F(WeakenTest, TheRuntimeRefusesOrdersThatAreNotWeaker) {
  const std::string program = absl::StrCat(Directory(), "/orders");
  const std::string record = absl::StrCat(Directory(), "/orders.jsonl");
  ASSERT_EQ(Explore({absl::StrCat("--keep=", program), "--", "message"}), 0) << output_ << errors_;
  const auto run = [&](const std::string& options) {
    const std::string command =
        absl::StrCat("HEDDLE_EXPLORE_OPTIONS=shard=off:record=", record, ":", options, " ", program,
                     " message 2>", Directory(), "/errors");
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): a test's own words
    errors_ = ReadFile(absl::StrCat(Directory(), "/errors")).value_or("");
    return WEXITSTATUS(status);
  };
  ASSERT_EQ(run("sites=on"), 0) << errors_;
  std::string load;
  std::uint64_t bias = 0;
  const std::string text = ReadFile(record).value_or("");
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const nlohmann::json json = nlohmann::json::parse(line);
    const auto number = [&](const char* key) {
      return std::stoull(json[key].get<std::string>(), nullptr, 16);
    };
    if (json["type"] == "module" && bias == 0) bias = number("bias");
    if (json["type"] != "site" || json["operation"] != "load") continue;
    load = absl::StrCat("0x", absl::Hex(number("pc") - bias));
  }
  ASSERT_FALSE(load.empty()) << text;
  const struct {
    std::string orders;
    int status;
    std::string message;
  } kCases[] = {
      {absl::StrCat(load, "=acquire"), 0, ""},
      {absl::StrCat(load, "=relaxed"), 1, ""},
      {absl::StrCat(load, "=seq_cst"), 2, "seq_cst is not weaker than seq_cst"},
      {absl::StrCat(load, "=release"), 2, "a load has no such order"},
      {absl::StrCat(load, "=none"), 2, "a load has no such order"},
      {absl::StrCat(load, "=acquire/relaxed"), 2, "a load has no such order"},
      {absl::StrCat(load, "=weak"), 2, "is no SITE=ORDER"},
      {"0x10=relaxed", 2, "no atomic operation returns to 0x10"},
      {"here=relaxed", 2, "is no SITE=ORDER"},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(run(absl::StrCat("orders=", one.orders)), one.status) << one.orders << errors_;
    EXPECT_TRUE(absl::StrContains(errors_, one.message)) << one.orders << ": " << errors_;
  }
}

TEST(WeakenSuiteTest, SaysWhatIsWrongInOneLine) {
  const auto problem = [](const std::vector<std::string>& arguments) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(RunWeaken(arguments), 2);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(problem({"--nonsense"}), "heddle weaken: unknown option --nonsense\n");
  EXPECT_EQ(problem({"--time=0"}),
            "heddle weaken: bad value '0' for option --time: want seconds\n");
  EXPECT_EQ(problem({"--json="}), "heddle weaken: option --json needs a value\n");
  EXPECT_TRUE(absl::StrContains(problem({"--suite=/nowhere"}), "/nowhere"));
}

TEST(ReasonsTest, AreFoundByPlace) {
  const absl::StatusOr<Reasons> reasons =
      ParseReasons("# comment\n\na.h\tA::f\tcompare_exchange failure\tacquire\tbecause\n");
  ASSERT_TRUE(reasons.ok()) << reasons.status();
  Site site;
  site.key = {.file = "a.h",
              .line = 3,
              .column = 1,
              .operation = "compare_exchange",
              .order = "acq_rel",
              .failure = "acquire"};
  site.function = "A::f";
  const Ladder ladder("compare_exchange", Part::kFailure, "acquire");
  EXPECT_EQ(ReasonFor(*reasons, Knob(&site, Part::kFailure, ladder)), "because");
  EXPECT_EQ(ReasonFor(*reasons, Knob(&site, Part::kWhole, ladder)), "");
  EXPECT_FALSE(ParseReasons("a.h\tA::f\tbecause\n").ok());
}

}  // namespace
}  // namespace heddle::weaken
