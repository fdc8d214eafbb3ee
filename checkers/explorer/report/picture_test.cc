// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/picture.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

// Threads take turns that are no pattern; each reads what an earlier one has written, and knows
// what that knew.
Execution Large(int steps, int threads) {
  Execution execution;
  for (int i = 0; i < threads; ++i) {
    execution.threads.push_back({i, absl::StrCat("thread ", i), "a function, created somewhere"});
  }
  std::vector<int> done(static_cast<std::size_t>(threads), 0);
  std::vector<std::vector<int>> known(static_cast<std::size_t>(threads), done);
  unsigned random = 1;
  const auto draw = [&](int bound) {
    random = random * 1664525U + 1013904223U;
    return static_cast<int>((random >> 16U) % static_cast<unsigned>(bound));
  };
  for (int number = 1; number <= steps; ++number) {
    Step step;
    step.number = number;
    step.thread = draw(threads);
    const auto thread = static_cast<std::size_t>(step.thread);
    step.what = absl::StrCat("store a_variable_with_a_long_name_", number, " = 1, release");
    step.place.where = "directory/file.cc:12";
    step.place.source = "a_variable.store(1, std::memory_order_release);";
    step.index = done[thread]++;
    step.location = draw(3);
    step.co = number;
    if (number > 1) step.reads_from = 1 + draw(number - 1);
    known[thread][thread] = done[thread];
    if (step.reads_from != 0) {
      const Step& from = execution.steps[static_cast<std::size_t>(step.reads_from - 1)];
      for (std::size_t i = 0; i < known.size(); ++i) {
        known[thread][i] = std::max(known[thread][i], from.hb[i]);
      }
    }
    step.hb = known[thread];
    execution.steps.push_back(step);
  }
  return execution;
}

struct Box {
  int x, y, width, height;
};

std::vector<Box> Boxes(const std::string& picture) {
  static const std::regex kBox(
      R"re(class="box" rx="4" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)")re");
  std::vector<Box> boxes;
  for (std::sregex_iterator it(picture.begin(), picture.end(), kBox), end; it != end; ++it) {
    boxes.push_back(
        {std::stoi((*it)[1]), std::stoi((*it)[2]), std::stoi((*it)[3]), std::stoi((*it)[4])});
  }
  return boxes;
}

// M x1 y1 H . Q x . x . V . Q x y2 . y2 H x2
struct Line {
  std::string kind;
  int x1, y1, x, y2, x2;
};

std::vector<Line> Lines(const std::string& picture) {
  static const std::regex kPath(
      R"re(<path class="(rf|co|hb)"[^>]* d="M(\d+) (\d+)H-?\d+Q(\d+) \d+ \d+ \d+V\d+Q\d+ (\d+) -?\d+ \d+H(\d+)")re");
  std::vector<Line> lines;
  for (std::sregex_iterator it(picture.begin(), picture.end(), kPath), end; it != end; ++it) {
    lines.push_back({(*it)[1], std::stoi((*it)[2]), std::stoi((*it)[3]), std::stoi((*it)[4]),
                     std::stoi((*it)[5]), std::stoi((*it)[6])});
  }
  return lines;
}

// The inside of a box: an arrow may touch its side.
bool Crosses(const Box& box, int x1, int y1, int x2, int y2) {
  return std::max(x1, x2) > box.x && std::min(x1, x2) < box.x + box.width &&
         std::max(y1, y2) > box.y && std::min(y1, y2) < box.y + box.height;
}

class PictureTest : public testing::TestWithParam<int> {};

TEST_P(PictureTest, NoArrowCrossesABox) {
  const Execution execution = Large(60, GetParam());
  const std::string picture = Picture(execution);
  const std::vector<Box> boxes = Boxes(picture);
  const std::vector<Line> lines = Lines(picture);
  ASSERT_EQ(boxes.size(), 60U);
  ASSERT_EQ(lines.size(), Arrows(execution).size());
  ASSERT_GT(lines.size(), 60U);
  for (const Line& line : lines) {
    for (const Box& box : boxes) {
      EXPECT_FALSE(Crosses(box, line.x1, line.y1, line.x, line.y1));
      EXPECT_FALSE(Crosses(box, line.x, line.y1, line.x, line.y2));
      EXPECT_FALSE(Crosses(box, line.x, line.y2, line.x2, line.y2));
    }
  }
}

TEST_P(PictureTest, AllIsWithinTheFrame) {
  const std::string picture = Picture(Large(60, GetParam()));
  std::smatch frame;
  ASSERT_TRUE(
      std::regex_search(picture, frame, std::regex(R"re(<svg width="(\d+)" height="(\d+)")re")));
  const int width = std::stoi(frame[1]);
  const int height = std::stoi(frame[2]);
  for (const Box& box : Boxes(picture)) {
    EXPECT_GE(box.x, 0);
    EXPECT_LE(box.x + box.width, width);
    EXPECT_LE(box.y + box.height, height);
  }
  for (const Line& line : Lines(picture)) {
    EXPECT_GT(line.x, 0);
    EXPECT_LT(line.x, width);
    EXPECT_LE(line.y2, height);
  }
}

TEST_P(PictureTest, BoxesStandApart) {
  const std::vector<Box> boxes = Boxes(Picture(Large(60, GetParam())));
  for (std::size_t i = 1; i < boxes.size(); ++i) {
    EXPECT_GE(boxes[i].y, boxes[i - 1].y + boxes[i - 1].height + 6);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, PictureTest, testing::Values(1, 2, 4, 8));

TEST(PictureTest, ArrowsSideBySideHaveTracksOfTheirOwn) {
  // What one thread writes, the other reads; all of it overlaps.
  Execution execution;
  execution.threads = {{0, "thread 0", ""}, {1, "thread 1", ""}};
  for (int number = 1; number <= 12; ++number) {
    Step step;
    step.number = number;
    step.thread = number <= 6 ? 0 : 1;
    step.what = "x";
    if (number > 6) step.reads_from = number - 6;
    execution.steps.push_back(step);
  }
  const std::vector<Line> lines = Lines(Picture(execution));
  ASSERT_EQ(lines.size(), 6U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(lines[i].x, lines[k].x);
  }
}

TEST(PictureTest, LongTextsEndInTheirBoxes) {
  const std::string picture = Picture(Large(5, 2));
  static const std::regex kText(R"re(<text[^>]*>([^<]*)</text>)re");
  for (std::sregex_iterator it(picture.begin(), picture.end(), kText), end; it != end; ++it) {
    std::size_t characters = 0;
    for (const char c : (*it)[1].str()) {
      if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) ++characters;
    }
    EXPECT_LE(characters, 40U);
  }
}

}  // namespace
}  // namespace heddle::explorer::report
