// SPDX-License-Identifier: Apache-2.0
#include "checkers/relacy/trace.h"

#include <source_location>
#include <string>

#include "gtest/gtest.h"

namespace heddle::relacy {
namespace {

TEST(FormatValueTest, FollowsTheTypeOfTheVariable) {
  EXPECT_EQ(FormatValue(KindOf<int>(), ToWord(-1)), "-1");
  EXPECT_EQ(FormatValue(KindOf<unsigned>(), ToWord(7U)), "7");
  EXPECT_EQ(FormatValue(KindOf<unsigned>(), ToWord(~0U)), "0xffffffff");
  EXPECT_EQ(FormatValue(KindOf<int*>(), 0), "null");
}

TEST(TraceTest, PutsEachThreadInItsColumn) {
  Trace trace;
  int object = 0;
  trace.Declare(&object, 'A', "atomic = 0", std::source_location::current());
  EXPECT_EQ(trace.Label(&object), "A1");
  trace.Add(0, std::source_location::current(), "left");
  const int step = trace.Add(1, std::source_location::current(), "right");
  trace.RecordStore(9, step);
  EXPECT_EQ(trace.StoreStep(9), 2);
  EXPECT_EQ(trace.StoreStep(10), 0);
  const std::string text = trace.Render(2);
  const auto left = text.find("left");
  const auto right = text.find("right");
  ASSERT_NE(left, std::string::npos);
  ASSERT_NE(right, std::string::npos);
  // Columns: distance from the start of the line.
  const auto left_column = left - text.rfind('\n', left);
  const auto right_column = right - text.rfind('\n', right);
  EXPECT_GT(right_column, left_column + 50);
  EXPECT_NE(text.find("trace_test.cc:"), std::string::npos);
}

TEST(TraceTest, ElidesTheMiddleOfALongExecution) {
  Trace trace;
  for (int i = 0; i < 1000; ++i) trace.Add(0, std::source_location::current(), "turn");
  const std::string text = trace.Render(1);
  EXPECT_NE(text.find("(900 steps)"), std::string::npos);
  EXPECT_NE(text.find("1000 |"), std::string::npos);
}

}  // namespace
}  // namespace heddle::relacy
