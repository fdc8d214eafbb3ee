// SPDX-License-Identifier: Apache-2.0
//
// Histories written by hand of which it is known whether they are right: every way to judge them
// says so, and so do all orders of their operations, tried one by one.
#include "checkers/linearizability/testdata/known_histories.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/linearizability/brute_force.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history_reader.h"
#include "checkers/linearizability/named_spec.h"
#include "gtest/gtest.h"

namespace heddle::linearizability {
namespace {

std::string SpecName(const KnownHistory& known) {
  return std::vector<std::string>(absl::StrSplit(known.file, '/'))[0];
}

History Read(const KnownHistory& known) {
  std::ifstream file(absl::StrCat(kKnownHistoriesDirectory, "/", known.file), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << known.file;
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StatusOr<History> history = ReadHistory(text, *FindNamedSpec(SpecName(known)));
  EXPECT_TRUE(history.ok()) << history.status();
  return history.ok() ? *std::move(history) : History();
}

std::unique_ptr<Model> ModelFor(const KnownHistory& known, const History& history,
                                Options& options) {
  SpecOptions of_spec{.capacity = known.capacity, .most = known.most};
  if (known.initial != 0) of_spec.initial = known.initial;
  absl::string_view criterion = known.criterion;
  of_spec.per_producer = criterion == "per-producer-fifo";
  of_spec.relaxed = absl::ConsumePrefix(&criterion, "relaxed-fifo=");
  if (of_spec.relaxed) EXPECT_TRUE(absl::SimpleAtoi(criterion, &of_spec.k));
  if (criterion == "sequential-consistency") {
    options.criterion = Criterion::kSequentialConsistency;
  } else if (criterion == "quiescent-consistency") {
    options.criterion = Criterion::kQuiescentConsistency;
  }
  return MakeModel(*FindNamedSpec(SpecName(known)), of_spec, history);
}

// A specification for the brute force that asks the model's automaton.
struct OfModel {
  using State = Automaton::State;

  const std::vector<Operation>* all;
  Automaton* automaton;

  State Initial() const { return Automaton::kInitial; }
  bool Step(State& state, const Operation& op) const {
    // Each operation is a call of its own.
    state = automaton->Next(state, static_cast<std::uint32_t>(&op - all->data()), op);
    return state != Automaton::kImpossible;
  }
};

TEST(KnownHistories, EveryWayToJudgeThemAgrees) {
  for (const KnownHistory& known : kKnownHistories) {
    SCOPED_TRACE(absl::StrCat(known.file, ", ", known.criterion));
    const History history = Read(known);
    ASSERT_FALSE(history.operations.empty());
    Options options{.shrink_time = std::chrono::hours(1)};
    const std::unique_ptr<Model> model = ModelFor(known, history, options);
    for (const bool fast : {true, false}) {
      for (const bool divide : {true, false}) {
        options.fast = fast;
        options.divide = divide;
        const absl::StatusOr<Result> result = Check(history.operations, *model, options);
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_EQ(result->judgement, known.ok ? Judgement::kOk : Judgement::kViolated)
            << "fast: " << fast << ", divided: " << divide;
        if (!fast) EXPECT_GT(result->searched, 0U);
        ASSERT_EQ(result->violation.has_value(), !known.ok);
        if (known.ok) continue;
        EXPECT_TRUE(result->violation->shrunk);
        EXPECT_TRUE(result->violation->stuck.has_value());
      }
    }
    const std::unique_ptr<Automaton> automaton = model->MakeAutomaton();
    OfModel spec{.all = &history.operations, .automaton = automaton.get()};
    EXPECT_EQ(SomeOrderIsPossible(history.operations, spec, options.criterion), known.ok);
  }
}

// Where a specification has patterns, they decide some good ones and some bad ones.
TEST(KnownHistories, PatternsDecideSome) {
  std::map<std::string, std::set<bool>> decided;
  for (const KnownHistory& known : kKnownHistories) {
    const History history = Read(known);
    Options options;
    const std::unique_ptr<Model> model = ModelFor(known, history, options);
    const absl::StatusOr<Result> result = Check(history.operations, *model, options);
    ASSERT_TRUE(result.ok());
    if (result->searched == 0) {
      decided[absl::StrCat(SpecName(known), " ", known.criterion)].insert(known.ok);
    }
  }
  for (const char* name : {"register linearizability", "queue linearizability",
                           "stack linearizability", "mutex linearizability"}) {
    EXPECT_EQ(decided[name], (std::set<bool>{false, true})) << name;
  }
  EXPECT_EQ(decided["queue per-producer-fifo"], (std::set<bool>{false, true}));
}

TEST(KnownHistories, WhatIsWrittenReadsAsTheSame) {
  for (const KnownHistory& known : kKnownHistories) {
    SCOPED_TRACE(known.file);
    const NamedSpec& spec = *FindNamedSpec(SpecName(known));
    const History history = Read(known);
    const absl::StatusOr<History> again = ReadHistory(WriteJsonHistory(history, spec), spec);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(WriteJsonHistory(*again, spec), WriteJsonHistory(history, spec));
    if (!absl::EndsWith(known.file, ".json")) continue;
    EXPECT_EQ(again->operations, history.operations);
    EXPECT_EQ(again->accesses, history.accesses);
  }
}

TEST(KnownHistories, EverySpecificationHasSomeOfEachKind) {
  struct Kinds {
    int good = 0;
    int bad = 0;
    int crashed = 0;  // of the good ones
    int edn = 0;
  };
  std::map<std::string, Kinds> kinds;
  std::set<std::string> files;
  for (const KnownHistory& known : kKnownHistories) {
    if (!files.insert(known.file).second || known.criterion != std::string("linearizability")) {
      continue;
    }
    Kinds& of_spec = kinds[SpecName(known)];
    ++(known.ok ? of_spec.good : of_spec.bad);
    const std::vector<Operation> all = Read(known).operations;
    of_spec.crashed += known.ok && std::any_of(all.begin(), all.end(),
                                               [](const Operation& op) { return op.pending(); });
    of_spec.edn += absl::EndsWith(known.file, ".edn");
  }
  for (const NamedSpec& spec : NamedSpecs()) {
    const Kinds& of_spec = kinds[std::string(spec.name)];
    EXPECT_GE(of_spec.good, 3) << spec.name;
    EXPECT_GE(of_spec.bad, 2) << spec.name;
    EXPECT_GE(of_spec.crashed, 2) << spec.name;
    EXPECT_GE(of_spec.edn, 1) << spec.name;
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kKnownHistoriesDirectory)) {
    const std::string path = entry.path().lexically_relative(kKnownHistoriesDirectory).string();
    if (entry.is_directory() || absl::EndsWith(path, ".h")) continue;
    EXPECT_TRUE(files.contains(path)) << path << " is not in the table";
  }
}

}  // namespace
}  // namespace heddle::linearizability
