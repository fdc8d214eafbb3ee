// SPDX-License-Identifier: Apache-2.0
//
// The verdict matrix as a test: matrix_test [--ways=WAY,WAY...] [PROGRAM...]. The right answer in
// every way in; without programs, for all of them.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/lock_order/matrix/run_matrix.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

MatrixOptions* options;

TEST(Matrix, EveryAnswerIsRight) {
  std::size_t right = 0;
  options->on_verdict = [&right](const VerdictRecord& record) {
    EXPECT_TRUE(record.ok) << record.scenario << " " << record.mode << ": " << record.reason << "\n"
                           << record.detail;
    if (record.ok) ++right;
  };
  EXPECT_EQ(RunMatrix(*options), 0);
  const auto count = CountMatrix(*options);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(right, *count);
  EXPECT_GE(right, options->patterns.size());
  std::printf("%zu of %zu\n", right, *count);
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const char* root = std::getenv("TEST_SRCDIR");
  if (root == nullptr) {
    std::fprintf(stderr, "matrix_test: run it by bazel test\n");
    return 2;
  }
  heddle::lock_order::MatrixOptions options;
  options.runfiles = absl::StrCat(root, "/");
  const std::string ours = absl::StrCat(root, "/heddle/checkers/lock_order/");
  options.lockorder = {absl::StrCat(ours, "matrix/lockorder")};
  options.watcher = absl::StrCat(ours, "report/heddle_lockorder_watch");
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--ways=")) {
      options.ways = absl::StrSplit(argument, ',');
    } else {
      options.patterns.push_back(absl::StrCat("lock_order/", argument));
    }
  }
  heddle::lock_order::options = &options;
  return RUN_ALL_TESTS();
}
