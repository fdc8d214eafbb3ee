// SPDX-License-Identifier: Apache-2.0
//
// The HTML report in a browser: HEDDLE_BROWSER, or chromium from PATH.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/browser.h"
#include "checkers/lock_order/report/html.h"
#include "checkers/lock_order/report/printable.h"
#include "checkers/lock_order/report/test_report.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace heddle::lock_order {
namespace {

using nlohmann::json;

class HtmlInBrowser : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* given = std::getenv("HEDDLE_BROWSER");
    std::string profile = absl::StrCat(testing::TempDir(), "/browser.XXXXXX");
    ASSERT_NE(mkdtemp(profile.data()), nullptr);
    browser_ = new Browser(given != nullptr ? given : "chromium", profile);
  }
  static void TearDownTestSuite() {
    delete browser_;
    browser_ = nullptr;
  }

  static void Show(const Report& report) {
    const std::string path = absl::StrCat(testing::TempDir(), "/report.html");
    std::ofstream(path, std::ios::binary) << ReportAsHtml(report);
    browser_->Open(absl::StrCat("file://", path));
    for (const std::string& problem : browser_->problems()) ADD_FAILURE() << problem;
    EXPECT_EQ(browser_->requests().size(), 1U) << "the page itself";
    EXPECT_EQ(browser_->Evaluate("document.title"), "Lock order");
  }

  static json Evaluate(const std::string& expression) { return browser_->Evaluate(expression); }

  static std::vector<double> ViewBox() {
    return Evaluate(
        "(({x, y, width, height}) => [x, y, width, height])("
        "document.getElementById('graph').viewBox.baseVal)");
  }

  // Where on the screen the middle of an edge is.
  static std::pair<double, double> MiddleOfEdge(const std::string& details) {
    const json at = Evaluate(
        absl::StrCat("(() => { const path = document.querySelector('[data-details=\"", details,
                     "\"] .line'); const p = path.getPointAtLength(path.getTotalLength() / 2)"
                     ".matrixTransform(path.getScreenCTM()); return [p.x, p.y]; })()"));
    return {at.at(0), at.at(1)};
  }

  static Browser* browser_;
};

Browser* HtmlInBrowser::browser_ = nullptr;

TEST_F(HtmlInBrowser, DrawsEachLockAndEdgeInsideThePicture) {
  Report report;
  for (int i = 0; i < 40; ++i) {
    Report one = OneCycle(absl::StrCat("account", i));
    for (ReportLock& lock : one.findings[0].locks) absl::StrAppend(&lock.id, "_", i / 2);
    report.findings.push_back(one.findings[0]);
  }
  Show(report);
  EXPECT_EQ(Evaluate("document.querySelectorAll('#graph .lock').length"), 40);
  EXPECT_EQ(Evaluate("document.querySelectorAll('#graph .edge').length"), 80);
  const json outside = Evaluate(R"((() => {
    const frame = document.getElementById('graph').getBoundingClientRect();
    if (frame.width < 100 || frame.height < 100) return 'no picture';
    for (const part of document.querySelectorAll('#graph rect, #graph .line')) {
      const r = part.getBoundingClientRect();
      if (!(r.width + r.height > 1)) return 'nothing to see: ' + part.outerHTML;
      if (r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1 ||
          r.bottom > frame.bottom + 1) return 'outside: ' + part.outerHTML;
    }
    const rects = [...document.querySelectorAll('#graph rect')].map(
        (part) => part.getBoundingClientRect());
    for (const a of rects) for (const b of rects) {
      if (a !== b && a.left < b.right && b.left < a.right && a.top < b.bottom &&
          b.top < a.bottom) return 'locks lie over each other';
    }
    return '';
  })())");
  EXPECT_EQ(outside, "");
}

TEST_F(HtmlInBrowser, WheelZoomsAroundThePointer) {
  Show(OneCycle("account"));
  const auto [x, y] = MiddleOfEdge("e0-0");
  const std::vector<double> before = ViewBox();
  browser_->Mouse("mouseWheel", x, y, -300);
  // The event is handled before the next frame.
  Evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  const std::vector<double> closer = ViewBox();
  EXPECT_LT(closer[2], before[2]);
  EXPECT_NEAR(closer[2] / before[2], closer[3] / before[3], 1e-3);
  const auto [x_after, y_after] = MiddleOfEdge("e0-0");
  EXPECT_NEAR(x_after, x, 1);
  EXPECT_NEAR(y_after, y, 1);
  EXPECT_EQ(Evaluate("window.scrollY"), 0);
  browser_->Mouse("mouseWheel", x, y, 300);
  Evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  EXPECT_NEAR(ViewBox()[2], before[2], 1);
}

TEST_F(HtmlInBrowser, DragMovesThePictureAndOpensNothing) {
  Show(OneCycle("account"));
  const auto [x, y] = MiddleOfEdge("e0-0");
  browser_->Mouse("mousePressed", x, y);
  browser_->Mouse("mouseMoved", x + 40, y + 25);
  browser_->Mouse("mouseMoved", x + 80, y + 50);
  browser_->Mouse("mouseReleased", x + 80, y + 50);
  const auto [x_after, y_after] = MiddleOfEdge("e0-0");
  EXPECT_NEAR(x_after, x + 80, 2);
  EXPECT_NEAR(y_after, y + 50, 2);
  EXPECT_EQ(Evaluate("document.querySelectorAll('details[open]').length"), 0);
}

TEST_F(HtmlInBrowser, AnEdgeOpensItsStacks) {
  Show(OneCycle("account"));
  EXPECT_EQ(Evaluate("document.querySelectorAll('details[open]').length"), 0);
  const auto [x, y] = MiddleOfEdge("e0-1");
  browser_->Click(x, y);
  EXPECT_EQ(Evaluate("[...document.querySelectorAll('details[open]')].map((d) => d.id)"),
            json::array({"e0-1"}));
  EXPECT_EQ(Evaluate("document.querySelector('.edge.open').dataset.details"), "e0-1");
  EXPECT_EQ(Evaluate("document.querySelectorAll('section.open').length"), 1);
  const std::string shown = Evaluate(
      "(() => { const d = document.getElementById('e0-1'); const r = d.getBoundingClientRect();"
      " return r.top < innerHeight && r.bottom > 0 ? d.innerText : 'not in sight'; })()");
  EXPECT_NE(shown.find("#0 account /src/bank account.cc:20"), std::string::npos) << shown;
  EXPECT_NE(shown.find("and acquires M1 here:"), std::string::npos) << shown;
  // By keyboard.
  Evaluate("document.querySelector('[data-details=e0-0]').focus()");
  browser_->Key("Enter");
  EXPECT_EQ(Evaluate("document.getElementById('e0-0').open"), true);
}

TEST_F(HtmlInBrowser, HostileNamesAreText) {
  for (const std::string& name : HostileNames()) {
    SCOPED_TRACE(name.substr(0, 60));
    Show(EverywhereIn(name));
    EXPECT_EQ(Evaluate("document.scripts.length"), 1);
    EXPECT_EQ(Evaluate("document.querySelectorAll('body > :not(h1, svg, main, script)').length"),
              0);
    EXPECT_EQ(Evaluate("document.querySelectorAll('img, iframe, object, embed, a, form, link, "
                       "base, image, foreignObject, use, animate, set').length"),
              0);
    EXPECT_EQ(Evaluate("[...document.querySelectorAll('*')].filter((e) => [...e.attributes]"
                       ".some((a) => /^on|href|src/i.test(a.name))).length"),
              0);
    const std::string heading = Evaluate("document.querySelector('h2').textContent");
    if (name.size() < kLongestHtmlText) {
      EXPECT_EQ(heading, absl::StrCat("1. ", Printable(name)));
      EXPECT_EQ(Evaluate("document.querySelector('li').textContent"),
                absl::StrCat("M1: mutex ", Printable(name), " (0x10)"));
    } else {
      EXPECT_EQ(heading.substr(3, 4000), name.substr(0, 4000));
      EXPECT_NE(heading.find(" more bytes)"), std::string::npos);
    }
    EXPECT_EQ(Evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    // All that could react to something, does.
    Evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    const auto [x, y] = MiddleOfEdge("e0-0");
    browser_->Mouse("mouseMoved", x, y);
    browser_->Click(x, y);
    EXPECT_EQ(Evaluate("document.title"), "Lock order");
    EXPECT_TRUE(browser_->problems().empty());
    EXPECT_EQ(browser_->requests().size(), 1U);
  }
}

TEST_F(HtmlInBrowser, NothingFoundIsAPageToo) {
  Show(Report{});
  EXPECT_EQ(Evaluate("document.querySelector('h1').textContent"), "Lock order: 0 finding(s)");
}

}  // namespace
}  // namespace heddle::lock_order
