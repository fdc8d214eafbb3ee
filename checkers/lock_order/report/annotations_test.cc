// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/annotations.h"

#include <cstdint>
#include <string>

#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

// Without the two lines of introduction.
std::string Lines(const Graph& graph) {
  const std::string text = ClangAnnotations({&graph});
  return text.substr(text.find('\n', text.find('\n') + 1) + 1);
}

TEST(NameInSource, IsOfVariablesAndDeclaredNames) {
  EXPECT_EQ(NameInSource("accounts"), "accounts");
  EXPECT_EQ(NameInSource("bank::accounts"), "bank::accounts");
  EXPECT_EQ(NameInSource("app:bank::accounts"), "bank::accounts");
  EXPECT_EQ(NameInSource("lib-x.so.6:accounts"), "accounts");
  EXPECT_EQ(NameInSource("app:bank::(anonymous namespace)::accounts"), "bank::accounts");
  EXPECT_EQ(NameInSource("app:accounts+8"), "") << "a part of it";
  EXPECT_EQ(NameInSource("app+0x1234"), "") << "a place";
  EXPECT_EQ(NameInSource("0x1234"), "");
  EXPECT_EQ(NameInSource("two words"), "");
  EXPECT_EQ(NameInSource("a;} int x = system(\"\");//"), "");
  EXPECT_EQ(NameInSource(""), "");
}

TEST(ClangAnnotations, SayWhatIsDirectlyInside) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c");
  const uint32_t d = g.Lock("d");
  g.Lock("alone");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b, c});
  g.Nest(t2, {a, c});  // follows from the others
  g.Nest(t2, {a, d});
  EXPECT_EQ(Lines(g.graph),
            "a ACQUIRED_BEFORE(b, d);\n"
            "b ACQUIRED_AFTER(a) ACQUIRED_BEFORE(c);\n"
            "d ACQUIRED_AFTER(a);\n"
            "c ACQUIRED_AFTER(b);\n");
}

TEST(ClangAnnotations, GoThroughLocksWithoutAName) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t heap = g.Lock("of the heap");
  const uint32_t b = g.Lock("b");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, heap});
  g.Nest(t2, {heap, b});
  EXPECT_EQ(Lines(g.graph),
            "// not a variable by itself: of the heap\n"
            "a ACQUIRED_BEFORE(b);\n"
            "b ACQUIRED_AFTER(a);\n");
}

TEST(ClangAnnotations, GiveNoOrderToACycle) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b, c});
  g.Nest(t2, {b, a});
  EXPECT_EQ(Lines(g.graph),
            "// in a cycle, without an order: a, b\n"
            "a ACQUIRED_BEFORE(c);\n"
            "b ACQUIRED_BEFORE(c);\n"
            "c ACQUIRED_AFTER(a, b);\n");
}

TEST(ClangAnnotations, OfNothingAreNone) { EXPECT_EQ(Lines(Graph{}), ""); }

TEST(ClangAnnotations, LabelsCannotEndAComment) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a\nint x;");
  const uint32_t b = g.Lock("b");
  g.Nest(GraphBuilder::kMain, {a, b});
  EXPECT_EQ(Lines(g.graph), "// not a variable by itself: a\\x0aint x;\n");
}

}  // namespace
}  // namespace heddle::lock_order
