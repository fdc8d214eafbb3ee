// SPDX-License-Identifier: Apache-2.0
//
// What `show` says of a program that knows how long it waited for which lock.
#include "checkers/lock_order/report/show.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// Absolute: the program might run elsewhere.
std::string Absolute(const std::string& path) {
  std::array<char, 4096> directory{};
  if (path.empty() || path[0] == '/' || getcwd(directory.data(), directory.size()) == nullptr) {
    return path;
  }
  return absl::StrCat(directory.data(), "/", path);
}

struct Waits {
  std::string lock;
  uint64_t count = 0;
  uint64_t least = 0, most = 0;  // their sum, in nanoseconds
  uint64_t longest_at_least = 0, longest_at_most = 0;
};

struct Contended {
  std::vector<Waits> waits;
  uint64_t acquisitions = 0;
};

Contended RunContended(const std::string& graph) {
  const std::string command =
      absl::StrCat("LD_PRELOAD='", Absolute(FromEnvironment("RUNTIME")),
                   "' HEDDLE_LOCKORDER_OPTIONS=\"watcher=none:graph='", graph, "'\" '",
                   Absolute(FromEnvironment("PROGRAM")), "'");
  std::FILE* output = popen(command.c_str(), "r");
  EXPECT_NE(output, nullptr);
  std::string text;
  std::array<char, 1024> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) text += buffer.data();
  EXPECT_EQ(pclose(output), 0) << command;
  Contended run;
  std::istringstream words(text);
  for (std::string name; words >> name;) {
    if (name == "acquisitions") {
      words >> run.acquisitions;
      continue;
    }
    Waits one;
    one.lock = name;
    words >> one.count >> one.least >> one.most >> one.longest_at_least >> one.longest_at_most;
    run.waits.push_back(one);
  }
  return run;
}

// The fields of the line that ends in what contains `part`.
std::vector<std::string> LineWith(const std::string& text, const std::string& part) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (absl::StrContains(line, part)) return absl::StrSplit(line, ' ', absl::SkipEmpty());
  }
  return {};
}

double Number(const std::string& text) {
  double value = -1;
  EXPECT_TRUE(absl::SimpleAtod(text, &value)) << text;
  return value;
}

TEST(Show, WaitsAreThoseThatTheProgramHad) {
  const std::string path = absl::StrCat(testing::TempDir(), "/contended.graph");
  unlink(path.c_str());
  const Contended run = RunContended(path);
  ASSERT_EQ(run.waits.size(), 3U);
  const auto reader = GraphReader::Open(path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  Symbolizer symbolizer;
  const std::string text = GraphAsText("contended.graph", (*reader)->graph(), symbolizer);
  for (const Waits& waits : run.waits) {
    SCOPED_TRACE(absl::StrCat(waits.lock, "\n", text));
    // class, locks, waits, total ms, longest ms, name
    const std::vector<std::string> fields = LineWith(text, absl::StrCat(":", waits.lock, " ("));
    ASSERT_GE(fields.size(), 6U);
    EXPECT_EQ(fields[1], "1");
    EXPECT_EQ(fields[2], absl::StrCat(waits.count));
    const double rounding = 0.0006;
    EXPECT_GE(Number(fields[3]) + rounding, static_cast<double>(waits.least) / 1e6);
    EXPECT_LE(Number(fields[3]) - rounding, static_cast<double>(waits.most) / 1e6);
    EXPECT_GE(Number(fields[4]) + rounding, static_cast<double>(waits.longest_at_least) / 1e6);
    EXPECT_LE(Number(fields[4]) - rounding, static_cast<double>(waits.longest_at_most) / 1e6);
    EXPECT_LT(Number(fields[4]), Number(fields[3]));
  }
  EXPECT_TRUE(absl::StrContains(text, absl::StrCat("; ", run.acquisitions, " acquisitions, ")))
      << run.acquisitions << "\n"
      << text;
  // One way (the same calls), two threads.
  const std::vector<std::string> edge = LineWith(text, "contended_mutex -> ");
  ASSERT_GE(edge.size(), 5U) << text;
  EXPECT_EQ(edge[1], "->");
  EXPECT_EQ(edge[3], "1");
  EXPECT_EQ(edge[4], "2");
}

TEST(Show, SumsWaitsOfAClassAndKeepsTheLongest) {
  GraphBuilder g;
  for (const uint64_t milliseconds : {3, 11, 7}) {
    Node& node = g.graph.nodes[g.Lock("accounts")];
    node.waits = milliseconds;
    node.wait_nanoseconds = 10 * milliseconds * 1'000'000;
    node.longest_wait = milliseconds * 1'000'000;
  }
  g.Lock("quiet");
  Symbolizer symbolizer;
  const std::string text = GraphAsText("g", g.graph, symbolizer);
  const std::vector<std::string> accounts = LineWith(text, " accounts (");
  ASSERT_GE(accounts.size(), 6U) << text;
  EXPECT_EQ(accounts[1], "3");
  EXPECT_EQ(accounts[2], "21");
  EXPECT_EQ(accounts[3], "210.000");
  EXPECT_EQ(accounts[4], "11.000");
  EXPECT_EQ(LineWith(text, " quiet (")[2], "0");
}

TEST(Show, LetsNoControlCharactersThrough) {
  GraphBuilder g;
  g.Lock("a\x1b[2J\nb");
  g.graph.info.program = "\x1b]0;x\x07";
  g.graph.info.host = "h\nost";
  Symbolizer symbolizer;
  const std::string text = GraphAsText("g", g.graph, symbolizer);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("h\nost"), std::string::npos);
}

}  // namespace
}  // namespace heddle::lock_order
