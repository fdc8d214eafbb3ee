// SPDX-License-Identifier: Apache-2.0
//
// The page in a browser: HEDDLE_BROWSER, or chromium from PATH.
#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history_reader.h"
#include "checkers/linearizability/named_spec.h"
#include "checkers/linearizability/report.h"
#include "checkers/lock_order/report/browser.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace heddle::linearizability {
namespace {

class HtmlInBrowser : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* given = std::getenv("HEDDLE_BROWSER");
    std::string profile = absl::StrCat(testing::TempDir(), "/browser.XXXXXX");
    ASSERT_NE(mkdtemp(profile.data()), nullptr);
    browser_ = new lock_order::Browser(given != nullptr ? given : "chromium", profile);
  }
  static void TearDownTestSuite() {
    delete browser_;
    browser_ = nullptr;
  }

  static void Show(absl::string_view spec_name, absl::string_view lines, const std::string& name) {
    const NamedSpec& spec = *FindNamedSpec(spec_name);
    const absl::StatusOr<History> history = ReadHistory(lines, spec);
    ASSERT_TRUE(history.ok()) << history.status();
    absl::StatusOr<Result> result = Check(history->operations, *MakeModel(spec, {}, *history));
    ASSERT_TRUE(result.ok());
    const std::string path = absl::StrCat(testing::TempDir(), "/history.html");
    std::ofstream(path, std::ios::binary) << FormatHtml({.name = name,
                                                         .criterion = "linearizable",
                                                         .spec = &spec,
                                                         .history = &*history,
                                                         .result = *std::move(result)});
    browser_->Open(absl::StrCat("file://", path));
    for (const std::string& problem : browser_->problems()) ADD_FAILURE() << problem;
    EXPECT_EQ(browser_->requests().size(), 1U) << "the page itself";
    EXPECT_EQ(Evaluate("document.title"), "Linearizability");
    EXPECT_EQ(Evaluate("document.scripts.length"), 0);
  }

  static nlohmann::json Evaluate(const std::string& expression) {
    return browser_->Evaluate(expression);
  }

  static lock_order::Browser* browser_;
};

lock_order::Browser* HtmlInBrowser::browser_ = nullptr;

constexpr char kWrong[] =
    R"({"process": 0, "f": "push", "value": "<b onclick=alert(1)>", "result": true, "invoke": 1, "return": 2}
{"process": 0, "f": "push", "value": 2, "result": true, "invoke": 3, "return": 4}
{"process": 7, "f": "pop", "result": 2, "invoke": 5, "return": 6}
{"process": 7, "f": "pop", "invoke": 8}
{"process": 8, "f": "pop", "result": "<b onclick=alert(1)>", "invoke": 9, "return": 12})";

TEST_F(HtmlInBrowser, DrawsEachOperationWhereItWas) {
  Show("queue", kWrong, "a history");
  EXPECT_EQ(Evaluate("document.querySelectorAll('.operation').length"), 3)
      << "without what came after the operation that has no place";
  EXPECT_EQ(Evaluate("document.querySelectorAll('.operation.stuck').length"), 1);
  EXPECT_EQ(Evaluate("document.querySelectorAll('.operation.placed').length"), 2);
  EXPECT_EQ(Evaluate("document.querySelector('.stuck text').textContent"), "\u2717 pop() -> 2");
  EXPECT_EQ(Evaluate("document.querySelectorAll('.process').length"), 2);
  EXPECT_EQ(Evaluate(R"((() => {
    const frame = document.querySelector('svg').getBoundingClientRect();
    const bars = [...document.querySelectorAll('rect')].map((bar) => bar.getBoundingClientRect());
    for (const bar of bars) {
      if (bar.width < 3 || bar.height < 3) return 'nothing to see';
      if (bar.left < frame.left || bar.right > frame.right || bar.top < frame.top ||
          bar.bottom > frame.bottom) return 'outside';
    }
    for (const a of bars) for (const b of bars) {
      if (a !== b && a.left < b.right && b.left < a.right && a.top < b.bottom &&
          b.top < a.bottom) return 'operations lie over each other';
    }
    return '';
  })())"),
            "");
  // Time goes to the right.
  EXPECT_EQ(Evaluate("(() => { const x = (i) => document.querySelector(`[data-operation='${i}'] "
                     "rect`).x.baseVal.value; return x(0) < x(1) && x(1) < x(2); })()"),
            true);
}

TEST_F(HtmlInBrowser, NamesAreText) {
  Show("queue", kWrong, "<script>alert(1)</script>\"'&amp;");
  EXPECT_EQ(Evaluate("document.querySelectorAll('b, script').length"), 0);
  EXPECT_EQ(Evaluate("document.querySelector('h1').textContent"),
            "<script>alert(1)</script>\"'&amp;: violated");
  EXPECT_EQ(Evaluate("document.querySelector('.operation text').textContent"),
            "1. push(\"<b onclick=alert(1)>\")");
}

TEST_F(HtmlInBrowser, WhatIsRightIsAPageToo) {
  Show("register", R"({"process": 0, "f": "read", "result": null, "invoke": 1, "return": 2})",
       "one");
  EXPECT_EQ(Evaluate("document.querySelector('h1').textContent"), "one: ok");
}

}  // namespace
}  // namespace heddle::linearizability
