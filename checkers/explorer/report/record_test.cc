// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/record.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

TEST(RecordTest, ReadsAnEvent) {
  Record record;
  ASSERT_TRUE(
      AddLine(R"({"type":"event","id":7,"thread":2,"index":1,"kind":"update",)"
              R"("order":"acq_rel","location":3,"value":"0xffffffffffffffffffffffffffffffff",)"
              R"("written":"0x1","size":16,"rf":-1,"co":4,"hb":[1,0,2],)"
              R"("stack":["0x401000","0x402000"],"later":"unknown"})",
              record)
          .ok());
  const RecordedEvent* event = record.Event(7);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->kind, "update");
  EXPECT_TRUE(event->value == ~RecordedValue{0});
  EXPECT_TRUE(event->written == RecordedValue{1});
  EXPECT_EQ(event->reads_from, kNone);
  EXPECT_EQ(event->hb, (std::vector<int>{1, 0, 2}));
  EXPECT_EQ(event->stack, (RecordedStack{0x401000, 0x402000}));
  EXPECT_EQ(record.Event(8), nullptr);
}

TEST(RecordTest, TellsNoReadFromTheInitialValue) {
  Record record;
  ASSERT_TRUE(AddLine(R"({"type":"event","id":1,"kind":"write"})", record).ok());
  EXPECT_FALSE(record.Event(1)->reads_from.has_value());
}

TEST(RecordTest, KeepsTheLastProgressAndTheEnd) {
  const auto record = ParseRecord(
      "{\"type\":\"start\",\"version\":1,\"program\":\"/p\",\"model\":\"sc\"}\n"
      "{\"type\":\"progress\",\"complete\":5,\"done\":0.25}\n"
      "{\"type\":\"progress\",\"complete\":9}\n"
      "{\"type\":\"end\",\"verdict\":\"pass\",\"complete\":true,\"executions\":9,\"seconds\":0.5}"
      "\n");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->model, "sc");
  EXPECT_EQ(record->progress.complete, 9U);
  EXPECT_FALSE(record->progress.done.has_value());
  ASSERT_TRUE(record->end.has_value());
  EXPECT_TRUE(record->end->complete);
  EXPECT_EQ(record->end->executions, 9U);
}

TEST(RecordTest, ReadsTheAtomicOperations) {
  const auto record = ParseRecord(
      "{\"type\":\"site\",\"pc\":\"0x401000\",\"operation\":\"compare_exchange\","
      "\"order\":\"acq_rel\",\"failure\":\"relaxed\",\"size\":8,\"count\":3}\n");
  ASSERT_TRUE(record.ok()) << record.status();
  ASSERT_EQ(record->sites.size(), 1U);
  EXPECT_EQ(record->sites[0].pc, 0x401000U);
  EXPECT_EQ(record->sites[0].operation, "compare_exchange");
  EXPECT_EQ(record->sites[0].order, "acq_rel");
  EXPECT_EQ(record->sites[0].failure, "relaxed");
  EXPECT_EQ(record->sites[0].count, 3U);
}

TEST(RecordTest, ALastLineThatIsCutOffIsNoLine) {
  const auto record = ParseRecord("{\"type\":\"start\",\"version\":1}\n{\"type\":\"en");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_FALSE(record->end.has_value());
}

TEST(RecordTest, SkipsUnknownTypes) {
  Record record;
  EXPECT_TRUE(AddLine(R"({"type":"news","value":[]})", record).ok());
}

TEST(RecordTest, SaysWhatIsWrong) {
  const auto problem = [](const std::string& line) {
    Record record;
    return std::string(AddLine(line, record).message());
  };
  EXPECT_EQ(problem("pass"), "not a line of a record");
  EXPECT_EQ(problem("[]"), "not a line of a record");
  EXPECT_EQ(problem(R"({"type":1})"), "not a line of a record");
  EXPECT_EQ(problem(R"({"type":"start","version":2})"), "version 2 of the record");
  EXPECT_EQ(problem(R"({"type":"event","id":"x"})"), "bad value of \"id\"");
  EXPECT_EQ(problem(R"({"type":"event","value":"12"})"), "bad value of \"value\"");
  EXPECT_EQ(problem(R"({"type":"event","stack":["0xzz"]})"), "bad value of \"stack\"");
  EXPECT_EQ(problem(R"({"type":"finding","accesses":[{"size":"big"}]})"), "bad value of \"size\"");
  const auto record = ParseRecord("{\"type\":\"start\",\"version\":1}\nnonsense\n");
  EXPECT_EQ(record.status().message(), "line 2: not a line of a record");
}

}  // namespace
}  // namespace heddle::explorer::report
