// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <vector>

#include "checkers/lock_order/report/dot.h"
#include "checkers/lock_order/report/html.h"
#include "checkers/lock_order/report/json.h"
#include "checkers/lock_order/report/model.h"
#include "checkers/lock_order/report/options.h"
#include "checkers/lock_order/report/sarif.h"
#include "checkers/lock_order/report/suppressions.h"
#include "checkers/lock_order/report/test_report.h"
#include "checkers/lock_order/report/text.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace heddle::lock_order {
namespace {

constexpr char kHostile[] = "</script><img src=x onerror=\"alert(1)\">'&\x1b[31m";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Text, ShowsTheCycleAndEveryStack) {
  const std::string text = ReportAsText(OneCycle("a"));
  for (const char* part :
       {"WARNING: heddle: lock-order inversion (potential deadlock) (pid=7)",
        "Cycle: M1 -> M2 -> M1", "M1: mutex a (0x10)", "thread T2:", "it holds M1, acquired here:",
        "#0 Pay(int) /src/bank account.cc:10", "What to do: ", "heddle: 1 finding(s)"}) {
    EXPECT_TRUE(Has(text, part)) << part << "\n" << text;
  }
}

TEST(Text, LetsNoControlCharactersThrough) {
  EXPECT_FALSE(Has(ReportAsText(OneCycle(kHostile)), "\x1b"));
  EXPECT_FALSE(Has(ReportAsDot(OneCycle(kHostile)), "\x1b"));
}

TEST(Text, NothingFoundSaysNothing) { EXPECT_EQ(ReportAsText(Report{}), ""); }

TEST(Json, HasKindsLocksAndStacks) {
  const auto document = nlohmann::json::parse(ReportAsJson(OneCycle(kHostile)));
  const auto& finding = document.at("findings").at(0);
  EXPECT_EQ(finding.at("kind"), "cycle");
  EXPECT_EQ(finding.at("locks").at(0).at("label"), kHostile);
  EXPECT_EQ(finding.at("edges").at(1).at("from"), "M2");
  EXPECT_EQ(finding.at("edges").at(0).at("stacks").at(1).at("frames").at(0).at("line"), 11);
}

TEST(Json, SurvivesNamesThatAreNotUtf8) {
  EXPECT_FALSE(nlohmann::json::parse(ReportAsJson(OneCycle("\xff\xfe"))).empty());
  EXPECT_FALSE(nlohmann::json::parse(ReportAsSarif(OneCycle("\xff\xfe"))).empty());
}

TEST(Sarif, HasWhatTheSchemaRequires) {
  const auto document = nlohmann::json::parse(ReportAsSarif(OneCycle(kHostile)));
  EXPECT_EQ(document.at("version"), "2.1.0");
  const auto& run = document.at("runs").at(0);
  EXPECT_EQ(run.at("tool").at("driver").at("name"), "heddle lockorder");
  const auto& result = run.at("results").at(0);
  EXPECT_TRUE(result.at("message").at("text").is_string());
  const std::size_t rule = result.at("ruleIndex");
  EXPECT_EQ(run.at("tool").at("driver").at("rules").at(rule).at("id"), result.at("ruleId"));
  EXPECT_EQ(result.at("locations").size(), 1U);
  EXPECT_EQ(result.at("locations").at(0).at("physicalLocation").at("artifactLocation").at("uri"),
            "file:///src/bank%20account.cc");
  EXPECT_EQ(result.at("relatedLocations").size(), 3U);
  EXPECT_EQ(result.at("codeFlows").at(0).at("threadFlows").size(), 2U);
  EXPECT_EQ(result.at("stacks").size(), 4U);
}

TEST(Sarif, FilesOfAnonymousBuildsAreRelative) {
  Report report = OneCycle("a");
  report.findings[0].edges[0].stacks[0].frames[0].file = "/proc/self/cwd/net/a.cc";
  const auto document = nlohmann::json::parse(ReportAsSarif(report));
  const auto& location = document.at("runs").at(0).at("results").at(0).at("locations").at(0);
  EXPECT_EQ(location.at("physicalLocation").at("artifactLocation").at("uri"), "net/a.cc");
}

TEST(Sarif, EveryKindHasARule) {
  for (const FindingKind& kind : FindingKinds()) {
    Report report = OneCycle("a");
    report.findings[0].kind = kind.kind;
    const auto document = nlohmann::json::parse(ReportAsSarif(report));
    EXPECT_TRUE(document.at("runs").at(0).at("results").at(0).contains("ruleIndex")) << kind.kind;
  }
}

TEST(Dot, QuotesNames) {
  const std::string dot = ReportAsDot(OneCycle("a\"];}\\"));
  EXPECT_TRUE(Has(dot, "[label=\"M1 a\\\"];}\\\\\""));
  EXPECT_TRUE(Has(dot, "\"M1\" -> \"M2\""));
}

TEST(Html, IsOneFileAndEscapesNames) {
  const std::string html = ReportAsHtml(OneCycle(kHostile));
  EXPECT_FALSE(Has(html, "<img"));
  EXPECT_FALSE(Has(html, "onerror=\""));
  EXPECT_FALSE(Has(html, "http://"));
  EXPECT_FALSE(Has(html, "https://"));
  EXPECT_TRUE(Has(html, "&lt;/script&gt;&lt;img"));
  // Each edge drawn names the details it opens.
  for (const char* id : {"e0-0", "e0-1"}) {
    EXPECT_TRUE(Has(html, std::string("data-details=\"") + id + "\""));
    EXPECT_TRUE(Has(html, std::string("<details id=\"") + id + "\""));
  }
}

// The markup without the text: tags with the names of their attributes.
std::vector<std::string> Markup(const std::string& html) {
  std::vector<std::string> tags;
  const std::size_t end = html.find("<script nonce");
  for (std::size_t at = html.find("<body"); (at = html.find('<', at)) < end; ++at) {
    std::string tag;
    char quote = 0;
    for (; at < end; ++at) {
      const char c = html[at];
      if (quote != 0) {
        if (c == quote) quote = 0;
        continue;
      }
      tag += c;
      if (c == '"' || c == '\'') quote = c;
      if (c == '>') break;
    }
    tags.push_back(tag);
  }
  return tags;
}

TEST(Html, NamesAddNoMarkup) {
  const std::vector<std::string> plain = Markup(ReportAsHtml(EverywhereIn("account")));
  EXPECT_GT(plain.size(), 50U);
  for (const std::string& name : HostileNames()) {
    if (name.empty()) continue;  // leaves parts out
    const std::string html = ReportAsHtml(EverywhereIn(name));
    EXPECT_EQ(Markup(html), plain) << name.substr(0, 100);
    EXPECT_EQ(html.find("\u202e"), std::string::npos);
    EXPECT_EQ(html.find('\0'), std::string::npos);
    EXPECT_EQ(html.find('\x1b'), std::string::npos);
  }
}

TEST(Html, OnlyItsOwnScriptRuns) {
  const std::string html = ReportAsHtml(OneCycle("a"));
  const std::size_t at = html.find("'nonce-");
  ASSERT_NE(at, std::string::npos);
  const std::string nonce = html.substr(at + 7, 32);
  EXPECT_TRUE(Has(html, "<script nonce=\"" + nonce + "\">"));
  EXPECT_FALSE(Has(ReportAsHtml(OneCycle("a")), nonce)) << "to be guessed";
  EXPECT_EQ(html.find("<script"), html.rfind("<script"));
}

TEST(Html, DrawsManyLocks) {
  Report report;
  for (int i = 0; i < 60; ++i) {
    Report one = OneCycle("a");
    for (ReportLock& lock : one.findings[0].locks) lock.id += std::to_string(i / 2);
    report.findings.push_back(one.findings[0]);
  }
  const std::string html = ReportAsHtml(report);
  const std::string drawing =
      html.substr(html.find("<svg"), html.find("</svg>") - html.find("<svg"));
  EXPECT_FALSE(Has(drawing, "nan"));
  EXPECT_FALSE(Has(drawing, "inf"));
}

TEST(Glob, Matches) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*c", "abbbc"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("abc", "abcd"));
  EXPECT_TRUE(GlobMatches("*std::*lock*", "void std::mutex::lock()"));
  EXPECT_FALSE(GlobMatches(std::string(30, '*') + "b", std::string(10000, 'a')));
}

TEST(Suppressions, OfEachKind) {
  const struct {
    const char* line;
    bool matches;
  } kCases[] = {
      {"function:Pay", true},  {"function:Pay(int)", true}, {"function:Other", false},
      {"file:bank*.cc", true}, {"file:/src/*", true},       {"file:/other/*", false},
      {"module:app", true},    {"module:lib*", false},      {"lock:a", true},
      {"lock:z*", false},
  };
  for (const auto& test : kCases) {
    auto suppressions = Suppressions::Parse(std::string("# comment\n\n  ") + test.line + "\n");
    ASSERT_TRUE(suppressions.ok()) << suppressions.status();
    EXPECT_EQ(suppressions->Matches(OneCycle("a").findings[0]), test.matches) << test.line;
    EXPECT_EQ(suppressions->Counts()[0].matches, test.matches ? 1U : 0U);
    EXPECT_EQ(suppressions->Counts()[0].pattern, test.line);
  }
}

TEST(Suppressions, BadLinesAreNamed) {
  EXPECT_EQ(Suppressions::Parse("lock:a\ndeadlock:b").status().message(),
            "line 2: expected function:, file:, module: or lock: and a pattern");
  EXPECT_FALSE(Suppressions::Parse("lock:").ok());
}

TEST(Suppressions, CountsArePrinted) {
  Report report;
  report.suppressed = 2;
  report.suppressions = {{.pattern = "lock:a", .matches = 2}, {.pattern = "lock:b", .matches = 0}};
  const std::string text = SummaryAsText(report);
  EXPECT_TRUE(Has(text, "2  lock:a\n"));
  EXPECT_TRUE(Has(text, "0  lock:b  (matches nothing)"));
}

TEST(Options, LaterOnesWinAndOthersAreTheRuntimes) {
  Options options;
  ASSERT_TRUE(
      ParseOptions("exitcode=3:log_path='/tmp/a:b' --classes blocking_calls,exitcode=4", options)
          .ok());
  EXPECT_EQ(options.exitcode, 4);
  EXPECT_EQ(options.log, "/tmp/a:b");
  EXPECT_TRUE(options.classes);
  EXPECT_EQ(RuntimeOptionsText(options), "exitcode='3':blocking_calls='1':exitcode='4'");
  EXPECT_EQ(ParseOptions("graf=x", options).message(), "unknown option 'graf'");
  EXPECT_FALSE(ParseOptions("graph=a\"b'c", options).ok()) << "cannot be handed on";
  EXPECT_FALSE(ParseOptions("exitcode=many", options).ok());
  EXPECT_FALSE(ParseOptions("format=xml", options).ok());
  EXPECT_FALSE(ParseOptions("log='x", options).ok());
}

}  // namespace
}  // namespace heddle::lock_order
