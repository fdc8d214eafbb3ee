// SPDX-License-Identifier: Apache-2.0
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"
#include "checkers/explorer/report/record.h"
#include "checkers/explorer/report/text.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"

// The explorer's own are not named.
int heddle_test_variable = 0;

namespace heddle::explorer::report {
namespace {

Record Load(const std::string& name) {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat("checkers/explorer/report/testdata/", name));
  EXPECT_TRUE(text.ok()) << text.status();
  const absl::StatusOr<Record> record = ParseRecord(text.ok() ? *text : "");
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *record : Record{};
}

void Add(const std::string& line, Record& record) {
  const absl::Status status = AddLine(line, record);
  EXPECT_TRUE(status.ok()) << status;
}

std::vector<std::string> Lines(const std::string& text) { return absl::StrSplit(text, '\n'); }

bool HasLine(const std::vector<std::string>& lines, absl::string_view line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool HasPart(absl::string_view text, absl::string_view part) {
  return absl::StrContains(text, part);
}

// Some line has all these parts.
bool HasLineWith(const std::vector<std::string>& lines,
                 const std::vector<absl::string_view>& parts) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return std::all_of(parts.begin(), parts.end(),
                       [&](absl::string_view part) { return HasPart(line, part); });
  });
}

// Returns its own return address.
[[gnu::noinline]] std::uint64_t Here() {
  return reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
}

// The modules of this process.
void AddModules(Record& record) {
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr) & header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
          std::string path = info->dlpi_name;
          if (path.empty()) path = "/proc/self/exe";
          const std::uint64_t low = info->dlpi_addr + header.p_vaddr;
          static_cast<Record*>(to)->modules.push_back({.path = path,
                                                       .bias = info->dlpi_addr,
                                                       .low = low,
                                                       .high = low + header.p_memsz,
                                                       .build_id = ""});
        }
        return 0;
      },
      &record);
}

std::string Text(const Record& record, int width) {
  return FormatText(Describe(record, "/nowhere"), {.width = width, .replay_command = "again"});
}

TEST(TextTest, ShowsThreadsAsColumns) {
  const std::vector<std::string> lines = Lines(Text(Load("race.jsonl"), 140));
  const auto heading = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return HasPart(line, "thread 0  ") && HasPart(line, "thread 2");
  });
  ASSERT_NE(heading, lines.end());
  const std::size_t column = heading->find("thread 1");
  EXPECT_TRUE(
      HasLine(lines, absl::StrCat("  >3", std::string(column - 4, ' '), "write block 3+4 = 42")));
  EXPECT_TRUE(HasLineWith(lines, {"   5  ", "fetch_sub 0x404000: 0 -> -1, acq_rel"}));
  EXPECT_TRUE(HasLineWith(lines, {"load 0x404000 -> 1, acquire  (from #4)"}));
}

TEST(TextTest, ShowsThreadsAsBlocksWhereColumnsAreNarrow) {
  const std::vector<std::string> lines = Lines(Text(Load("race.jsonl"), 80));
  EXPECT_TRUE(HasLine(lines, "thread 1: created at 0x401010"));
  EXPECT_TRUE(HasLine(lines, "   4  store 0x404000 = 1, relaxed"));
  EXPECT_TRUE(HasLine(lines, "   6  load 0x404000 -> 1, acquire  (from #4)"));
}

TEST(TextTest, NoLineIsLongerThanTheTerminal) {
  for (const int width : {60, 80, 110, 140}) {
    for (const std::string& line : Lines(Text(Load("race.jsonl"), width))) {
      EXPECT_LE(static_cast<int>(line.size()), width) << line;
    }
  }
}

TEST(TextTest, EndsWithTheCommandThatReplaysIt) {
  const std::vector<std::string> lines = Lines(Text(Load("race.jsonl"), 120));
  EXPECT_EQ(lines[lines.size() - 2], "replay it:  again");
}

TEST(TextTest, ARaceNamesBothAccessesAndTheBlock) {
  const std::vector<std::string> lines = Lines(Text(Load("race.jsonl"), 120));
  EXPECT_EQ(lines[0], "race: two unordered accesses, at least one of them plain");
  EXPECT_EQ(lines[1], "  write of 4 bytes at block 3+4 by thread 1 (#3):");
  EXPECT_EQ(lines[2], "      0x401100");
  EXPECT_EQ(lines[3], "  read of 4 bytes at block 3+4 by thread 2 (#7):");
  EXPECT_TRUE(HasLine(lines, "  block 3: 16 bytes, allocated by thread 0:"));
}

TEST(TextTest, SaysWhereWritesAreOrderedOtherwise) {
  EXPECT_TRUE(HasLine(Lines(Text(Load("race.jsonl"), 120)),
                      "  #5 comes before #4 in the order of writes to its location"));
}

TEST(TextTest, ADeadlockNamesTheCycleAndTheLocksHeld) {
  const std::vector<std::string> lines = Lines(Text(Load("deadlock.jsonl"), 120));
  EXPECT_TRUE(HasLine(lines, "  thread 0 waits for the mutex 0x404040, held by thread 1:"));
  EXPECT_TRUE(HasLine(lines, "  they wait for each other: thread 0 -> thread 1 -> thread 0"));
  EXPECT_TRUE(HasLine(lines, "  thread 1 holds the mutex 0x404040, taken:"));
}

TEST(TextTest, AThreadThatHoldsItsOwnLockWaitsForItself) {
  Record record = Load("deadlock.jsonl");
  record.waits.clear();
  Add(R"({"type":"waits","thread":1,"what":"mutex","address":"0x404040","owner":1})", record);
  EXPECT_TRUE(HasLine(Lines(Text(record, 120)), "  thread 1 waits for itself"));
}

TEST(TextTest, NamesFunctionsAndLinesOfTheProgram) {
  Record record;
  AddModules(record);
  const std::uint64_t pc = Here();
  const int line = __LINE__ - 1;
  Add(R"({"type":"event","id":0,"kind":"fence","order":"seq_cst"})", record);
  record.events[0].stack = {pc};
  const Execution execution = Describe(record, "/nowhere");
  ASSERT_EQ(execution.steps.size(), 1U);
  EXPECT_EQ(execution.steps[0].place.line, line);
  EXPECT_TRUE(HasPart(execution.steps[0].place.file, "formats_test.cc"));
  EXPECT_TRUE(HasPart(execution.steps[0].place.function, "TestBody"));
}

TEST(TextTest, NamesVariables) {
  Record record;
  AddModules(record);
  const auto address = reinterpret_cast<std::uint64_t>(&heddle_test_variable);
  Add(R"({"type":"location","id":0,"size":4})", record);
  record.locations[0].address = address;
  Add(R"({"type":"event","id":0,"kind":"write","order":"relaxed","location":0,"value":"0x1","size":4})",
      record);
  Add(R"({"type":"event","id":1,"kind":"read","location":0,"size":8})", record);
  record.events[1].value = address;
  const Execution execution = Describe(record, "/nowhere");
  EXPECT_TRUE(HasPart(execution.steps[0].what, "heddle_test_variable = 1, relaxed"));
  EXPECT_TRUE(HasPart(execution.steps[1].what, "-> &heddle_test_variable"));
}

TEST(TextTest, HostileNamesDriveNoTerminal) {
  Record record = Load("race.jsonl");
  record.finding->message = "\x1b[2Jgone";
  record.events[0].name = "\x1b]0;";
  Add(R"({"type":"output","fd":1,"text":"a\u001b[1mb\n"})", record);
  EXPECT_FALSE(HasPart(Text(record, 120), "\x1b"));
}

TEST(HtmlTest, HostileNamesAreText) {
  Record record = Load("race.jsonl");
  record.finding->message = "<script>alert(1)</script>";
  record.events[3].name = "\"><img src=x>";
  const std::string page =
      FormatHtml(Describe(record, "/nowhere"), {.title = "</title><script>", .summary = "<b>"});
  EXPECT_FALSE(HasPart(page, "<script>"));
  EXPECT_FALSE(HasPart(page, "<img"));
  EXPECT_FALSE(HasPart(page, "<b>"));
  EXPECT_TRUE(HasPart(page, "&lt;script&gt;alert(1)"));
}

TEST(HtmlTest, DrawsABoxForEachStepAndAnArrowForEachRelation) {
  const Execution execution = Describe(Load("race.jsonl"), "/nowhere");
  const std::string page = FormatHtml(execution, {.title = "t", .summary = ""});
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("class=\"box\""), execution.steps.size());
  EXPECT_EQ(count("<path class=\"rf\""), 1U);
  EXPECT_EQ(count("<path class=\"co\""), 1U);
  EXPECT_EQ(count("<g class=\"step culprit\""), 2U);
}

TEST(TextTest, AnUpdateIsOneStepThoughItIsTwoEvents) {
  Record record;
  Add(R"({"type":"event","id":0,"thread":1,"index":0,"kind":"update","location":0,"value":"0x0",)"
      R"("written":"0x1","rf":-1,"hb":[0,1]})",
      record);
  Add(R"({"type":"event","id":1,"thread":1,"index":1,"kind":"write","location":0,"value":"0x1",)"
      R"("co":1,"hb":[0,2]})",
      record);
  Add(R"({"type":"event","id":2,"thread":2,"index":0,"kind":"read","location":0,"value":"0x1",)"
      R"("rf":1,"hb":[0,2,1]})",
      record);
  const Execution execution = Describe(record, "");
  ASSERT_EQ(execution.steps.size(), 2U);
  EXPECT_EQ(execution.steps[0].co, 1);
  EXPECT_EQ(execution.steps[1].reads_from, 1);
  EXPECT_EQ(Arrows(execution), (std::vector<Arrow>{{Arrow::Kind::kReadsFrom, 1, 2},
                                                   {Arrow::Kind::kSynchronizes, 1, 2}}));
}

TEST(ArrowsTest, LeavesOutWhatFollows) {
  // Thread 0 creates 1, which creates 2: that 0's step comes before 2's follows.
  Record record;
  Add(R"({"type":"event","id":0,"thread":0,"index":0,"kind":"create","hb":[1]})", record);
  Add(R"({"type":"event","id":1,"thread":1,"index":0,"kind":"create","hb":[1,1]})", record);
  Add(R"({"type":"event","id":2,"thread":2,"index":0,"kind":"fence","hb":[1,1,1]})", record);
  EXPECT_EQ(Arrows(Describe(record, "")),
            (std::vector<Arrow>{Arrow{Arrow::Kind::kSynchronizes, 1, 2},
                                Arrow{Arrow::Kind::kSynchronizes, 2, 3}}));
}

TEST(ArrowsTest, CoherenceGoesFromEachWriteToTheNext) {
  Record record;
  Add(R"({"type":"event","id":0,"index":0,"kind":"write","location":0,"co":2})", record);
  Add(R"({"type":"event","id":1,"index":1,"kind":"write","location":0,"co":3})", record);
  Add(R"({"type":"event","id":2,"thread":1,"kind":"write","location":0,"co":1})", record);
  Add(R"({"type":"event","id":3,"thread":1,"index":1,"kind":"write","location":1,"co":1})", record);
  EXPECT_EQ(Arrows(Describe(record, "")),
            (std::vector<Arrow>{Arrow{Arrow::Kind::kCoherence, 3, 1},
                                Arrow{Arrow::Kind::kCoherence, 1, 2}}));
}

}  // namespace
}  // namespace heddle::explorer::report
