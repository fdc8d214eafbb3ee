// SPDX-License-Identifier: Apache-2.0
//
// Random programs for real subjects, in each kind of engine.
#include "tools/heddle/generate.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/generate/description.h"
#include "checkers/generate/program.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

GenerateSubject Subject(const std::string& name, const std::string& engine) {
  auto subjects = FindSubjects(
      {{.engine = engine,
        .label = "linearizable_model",
        .path = absl::StrCat(RunfilesRoot(), "heddle/models/queue/linearizable_model.", engine)}});
  EXPECT_TRUE(subjects.has_value());
  for (GenerateSubject& subject : *subjects) {
    if (subject.full_name() == name) return std::move(subject);
  }
  ADD_FAILURE() << "no subject " << name << " in " << engine;
  return {};
}

GenerateResult Generated(const GenerateSubject& subject, const GenerateOptions& options) {
  GenerateResult result = Generate(subject, options, nullptr);
  EXPECT_EQ(result.problem, "");
  EXPECT_FALSE(result.interrupted);
  return result;
}

std::string WithoutSpace(std::string text) {
  std::erase_if(text, [](unsigned char character) { return std::isspace(character) != 0; });
  return text;
}

TEST(GenerateTest, FindsAMutantAndItsSmallestProgram) {
  // Relacy is bounded by executions, of so many in a second.
  for (const auto& [engine, seconds] : {std::pair("explore", 60), std::pair("relacy", 2)}) {
    const GenerateSubject subject = Subject("queue/mpmc_ring~claim_without_exchange", engine);
    const GenerateOptions options{.count = 50, .seconds = static_cast<double>(seconds)};
    const GenerateResult result = Generated(subject, options);
    ASSERT_TRUE(result.found.has_value()) << engine;
    // Two calls that meet, and perhaps an item for them to meet at.
    generate::Program smallest;
    EXPECT_EQ(generate::ReadProgram(result.found->smallest, subject.description.actions, smallest),
              "");
    EXPECT_LE(smallest.calls(), 3) << result.found->smallest;
    EXPECT_EQ(smallest.thread_count, 2) << result.found->smallest;
    EXPECT_TRUE(IsFinding(result.found->record.verdict));
    EXPECT_NE(result.found->record.detail, "");

    const GenerateResult again =
        Generated(subject, {.seconds = options.seconds, .program = result.found->smallest});
    ASSERT_TRUE(again.found.has_value());
    EXPECT_EQ(again.found->record.verdict, result.found->record.verdict);
    EXPECT_EQ(again.found->smallest, result.found->smallest);
  }
}

// The code that is printed is in the model, whose own tests say that it fails as it says.
TEST(GenerateTest, PrintsCodeThatIsInTheModel) {
  const auto model =
      ReadFile(absl::StrCat(RunfilesRoot(), "heddle/models/queue/linearizable_model.cc"));
  ASSERT_TRUE(model.ok()) << model.status();
  for (const auto& [name, program] :
       {std::pair("queue/mpmc_ring~claim_without_exchange", "push(1) | push(2)"),
        std::pair("queue/treiber_stack~frees_first", "initial: push(1) | push(2) | pop")}) {
    const GenerateSubject subject = Subject(name, "explore");
    const GenerateResult result = Generated(subject, {.seconds = 60, .program = program});
    ASSERT_TRUE(result.found.has_value());
    EXPECT_TRUE(
        absl::StrContains(WithoutSpace(*model), WithoutSpace(ScenarioCode(subject, *result.found))))
        << ScenarioCode(subject, *result.found);
  }
}

TEST(GenerateTest, FindsAMutantOnRealThreads) {
  // On one processor it may take long to meet.
  const GenerateResult result = Generated(
      Subject("queue/mpmc_ring~claim_without_exchange", "stress"), {.count = 100, .seconds = 0.3});
  ASSERT_TRUE(result.found.has_value());
  EXPECT_TRUE(IsFinding(result.found->record.verdict));
  EXPECT_FALSE(result.found->smallest.empty());
}

TEST(GenerateTest, FindsNothingInShippedCode) {
  for (const std::string name : {"queue/mpmc_ring", "queue/treiber_stack"}) {
    const GenerateResult result = Generated(
        Subject(name, "explore"),
        {.limits = {.threads = 2, .operations = 2}, .count = 40, .seconds = 60, .jobs = 2});
    EXPECT_FALSE(result.found.has_value()) << result.found->smallest;
    EXPECT_EQ(result.programs, 40);
    EXPECT_EQ(result.incomplete, 0);
    EXPECT_GT(result.executions, 40U);
  }
}

TEST(GenerateTest, IsTheSameForTheSameSeed) {
  const GenerateSubject subject = Subject("queue/treiber_stack~push_relaxed", "explore");
  // None that would be cut off by the time.
  GenerateOptions options{.limits = {.threads = 2}, .count = 50, .seed = 3, .seconds = 60};
  const GenerateResult one = Generated(subject, options);
  options.jobs = 3;
  const GenerateResult two = Generated(subject, options);
  ASSERT_TRUE(one.found && two.found);
  EXPECT_EQ(one.found->program, two.found->program);
  EXPECT_EQ(one.found->smallest, two.found->smallest);
  EXPECT_EQ(one.found->tried, two.found->tried);
}

TEST(GenerateTest, StopsWhenItsTimeIsOver) {
  const GenerateResult result =
      Generated(Subject("queue/mpmc_ring", "explore"), {.count = 100'000, .most_seconds = 5});
  EXPECT_GT(result.programs, 0);
  EXPECT_LT(result.programs, 100'000);
}

TEST(GenerateTest, SaysWhatIsWrong) {
  const GenerateSubject subject = Subject("queue/mpmc_ring", "explore");
  EXPECT_EQ(Generate(subject, {.program = "push"}, nullptr).problem, "column 5: too few arguments");
  GenerateSubject none = subject;
  none.binary.path = "/no/such/program";
  const GenerateResult result = Generate(none, {.count = 1}, nullptr);
  EXPECT_TRUE(absl::StrContains(result.problem, "/no/such/program")) << result.problem;
  EXPECT_FALSE(result.found.has_value());
}

}  // namespace
}  // namespace heddle
