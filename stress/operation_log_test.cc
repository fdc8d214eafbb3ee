// SPDX-License-Identifier: Apache-2.0
#include "stress/operation_log.h"

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

#include "gtest/gtest.h"

namespace heddle::stress {
namespace {

class OperationLogTest : public testing::Test {
 protected:
  OperationLogTest() { log_->Clear(); }

  void Do(const char* name, std::uint64_t result) {
    log_->Add(name, std::source_location::current());
    log_->SetResult(result);
  }
  // The names and results of this instance's operations, from the first.
  std::string Text() const {
    std::string text;
    for (std::uint64_t age = 0; log_->Recent(age) != nullptr; ++age) {
      const OperationLog::Entry& entry = *log_->Recent(age);
      text = std::string(entry.name.load()) + std::to_string(entry.result.load()) + " " + text;
    }
    return text;
  }

  const std::unique_ptr<OperationLog> log_ = std::make_unique<OperationLog>();
};

TEST_F(OperationLogTest, KeepsWhatIsDoneInItsOrder) {
  Do("a", 1);
  Do("b", 2);
  EXPECT_EQ(Text(), "a1 b2 ");
  EXPECT_LE(log_->At(0)->when.load(), log_->At(1)->when.load());
}

TEST_F(OperationLogTest, AnInstanceBeginsWithNothing) {
  Do("a", 1);
  EXPECT_EQ(log_->Begin(), 1);
  EXPECT_EQ(Text(), "");
  Do("b", 2);
  EXPECT_EQ(Text(), "b2 ");
  EXPECT_EQ(log_->At(0)->result.load(), 1);
}

TEST_F(OperationLogTest, TurnsThatAreTheSameAreKeptOnce) {
  Do("before", 0);
  for (int i = 0; i < 100; ++i) {
    Do("load", 0);
    log_->EndTurn();
    log_->EndTurn();  // several pauses
  }
  Do("load", 1);
  log_->EndTurn();
  for (int i = 0; i < 100; ++i) {
    Do("load", 0);
    Do("other", 3);
    log_->EndTurn();
  }
  EXPECT_EQ(Text(), "before0 load0 load0 load1 load0 other3 ");
}

TEST_F(OperationLogTest, OnlyTheLatestAreKept) {
  for (std::uint64_t i = 0; i <= OperationLog::kEntries; ++i) Do("a", i);
  EXPECT_EQ(log_->At(0), nullptr);
  ASSERT_NE(log_->At(1), nullptr);
  EXPECT_EQ(log_->At(1)->result.load(), 1);
  EXPECT_EQ(log_->At(OperationLog::kEntries + 1), nullptr);
  EXPECT_EQ(log_->Recent(OperationLog::kEntries), nullptr);
}

TEST_F(OperationLogTest, WhatIsNotOverIsLast) {
  Do("a", 1);
  log_->Open();
  Do("b", 2);
  EXPECT_GT(log_->At(0)->when.load(), log_->At(1)->when.load());
  Do("c", 3);
  log_->Open();
  log_->Close();
  EXPECT_LT(log_->At(2)->when.load(), OperationLog::kOpen);
}

TEST_F(OperationLogTest, ResultsAreNumbers) {
  enum class Letter : char { kA = 'a' };
  const int object = 0;
  EXPECT_EQ(ResultOf(-1), 0xffffffffU);
  EXPECT_EQ(ResultOf(true), 1);
  EXPECT_EQ(ResultOf(Letter::kA), 97);
  EXPECT_EQ(ResultOf(&object), kSomeAddress);
  EXPECT_EQ(ResultOf(static_cast<const int*>(nullptr)), 0);
  EXPECT_EQ(ResultOf(1.5), kNoResult);
}

}  // namespace
}  // namespace heddle::stress
