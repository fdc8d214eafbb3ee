// SPDX-License-Identifier: Apache-2.0
//
// Hierarchies: levels that are declared, inferred, written, read and enforced.
#include "checkers/lock_order/analysis/hierarchy.h"

#include <cstdint>
#include <string>

#include "checkers/lock_order/analysis/analysis_testing.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

TEST(Records, Levels) {
  GraphBuilder g;
  const uint32_t low = g.Lock();
  const uint32_t high = g.Lock();
  g.graph.nodes[low].flags = g.graph.nodes[high].flags = kNodeHasLevel;
  g.graph.nodes[low].level = 1;
  g.graph.nodes[high].level = 2;
  g.Nest(kMain, {low, high});
  EXPECT_TRUE(Analyze(g.graph).empty());
  g.Nest(kMain, {high, low});
  EXPECT_EQ(Only<OrderViolation>(Analyze(g.graph)).size(), 1U);
  Event event = GraphBuilder::MakeEvent(kEventLevel, kMain, 0);
  event.node = low;
  event.other_node = high;
  g.AddEvent(event);
  EXPECT_EQ(Only<OrderViolation>(Analyze(g.graph)).size(), 1U);
}

TEST(Hierarchy, IsInferredWrittenReadAndEnforced) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c with space");
  g.Nest(kMain, {a, b});
  g.Nest(kMain, {b, c});
  g.Nest(kMain, {a, c});
  const std::string text = FormatHierarchy(InferHierarchy({&g.graph}));
  const auto hierarchy = ParseHierarchy(text);
  ASSERT_TRUE(hierarchy.ok()) << hierarchy.status();
  EXPECT_EQ(hierarchy->level.at("a"), 1U);
  EXPECT_EQ(hierarchy->level.at("b"), 2U);
  EXPECT_EQ(hierarchy->level.at("c with space"), 3U);
  EXPECT_EQ(FormatHierarchy(*hierarchy), text);

  AnalyzerOptions options;
  options.enforce = *hierarchy;
  EXPECT_TRUE(Analyze(g.graph, options).empty());
  g.Nest(kMain, {c, a});
  const auto violations = Only<OrderViolation>(Analyze(g.graph, options));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].node, a);
  EXPECT_EQ(violations[0].other_node, c);
}

TEST(Hierarchy, ClassesInACycleShareALevel) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c");
  g.Nest(kMain, {a, b, c});
  g.Nest(kMain, {b, a});
  const Hierarchy hierarchy = InferHierarchy({&g.graph});
  ASSERT_EQ(hierarchy.unordered.size(), 1U);
  EXPECT_EQ(hierarchy.level.at("a"), hierarchy.level.at("b"));
  EXPECT_GT(hierarchy.level.at("c"), hierarchy.level.at("a"));
}

TEST(Hierarchy, BadFilesNameTheLine) {
  EXPECT_EQ(ParseHierarchy("# x\n1 a\nx b\n").status().message(),
            "line 3: expected LEVEL CLASS, a level being a number from 1");
  EXPECT_EQ(ParseHierarchy("1 a\n2 a\n").status().message(), "line 2: a occurs twice");
  EXPECT_FALSE(ParseHierarchy("7\n").ok());
  EXPECT_TRUE(ParseHierarchy("").ok());
}

}  // namespace
}  // namespace heddle::lock_order
