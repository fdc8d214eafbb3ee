// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/symbolizer.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/report/describe.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {

// Visible in the symbol table.
uint64_t a_variable[4];
__attribute__((noinline)) uint64_t WhereAmI() {
  auto* volatile pc = __builtin_return_address(0);
  return reinterpret_cast<uint64_t>(pc);
}
__attribute__((always_inline)) inline uint64_t Inlined() { return WhereAmI(); }
__attribute__((noinline)) uint64_t Outer() {
  const uint64_t pc = Inlined();
  asm volatile("" ::: "memory");
  return pc;
}

namespace {

// This program, as the runtime would describe it.
Graph ThisProgram(const std::string& path = "/proc/self/exe") {
  Graph graph;
  Module module{};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* argument) {
        auto& result = *static_cast<Module*>(argument);
        result.bias = info->dlpi_addr;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
            result.begin = info->dlpi_addr + segment.p_vaddr;
            result.end = result.begin + segment.p_memsz;
          }
        }
        return 1;  // the first one is the program
      },
      &module);
  module.path = AddString(graph, path);
  graph.modules.push_back(module);
  return graph;
}

TEST(Symbolizer, FunctionsFilesLinesAndInlinedCalls) {
  const Graph graph = ThisProgram();
  Symbolizer symbolizer;
  const auto frames = symbolizer.Frames(graph, Outer());
  ASSERT_EQ(frames.size(), 2U) << frames[0].function;
  EXPECT_NE(frames[0].function.find("Inlined"), std::string::npos);
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_EQ(frames[1].function, "heddle::lock_order::Outer()");
  EXPECT_FALSE(frames[1].inlined);
  EXPECT_NE(frames[0].file.find("symbolizer_test.cc"), std::string::npos);
  EXPECT_GT(frames[1].line, frames[0].line);
  EXPECT_TRUE(symbolizer.notes().empty());
  EXPECT_EQ(symbolizer.Frames(graph, frames[0].pc), frames) << "remembered";
}

TEST(Symbolizer, Variables) {
  const Graph graph = ThisProgram();
  Symbolizer symbolizer;
  const auto address = reinterpret_cast<uint64_t>(&a_variable);
  EXPECT_EQ(symbolizer.Variable(graph, address), "heddle::lock_order::a_variable");
  EXPECT_EQ(symbolizer.Variable(graph, address + 8), "heddle::lock_order::a_variable+8");
  int local = 0;
  EXPECT_EQ(symbolizer.Variable(graph, reinterpret_cast<uint64_t>(&local)), "");
}

TEST(Symbolizer, SaysWhatItCouldNotRead) {
  const Graph missing = ThisProgram("/not/there");
  Symbolizer symbolizer;
  const auto frames = symbolizer.Frames(missing, Outer());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].function, "");
  EXPECT_EQ(frames[0].module, "/not/there");
  EXPECT_EQ(frames[0].offset, Outer() - missing.modules[1].bias);
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_EQ(symbolizer.notes()[0], "no symbols of /not/there: the file is not there");
}

TEST(Symbolizer, DoesNotGuessFromAnotherBuild) {
  Graph graph = ThisProgram();
  graph.modules[1].build_id_bytes = 4;
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer.Frames(graph, Outer())[0].function, "");
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_NE(symbolizer.notes()[0].find("another build"), std::string::npos);
}

TEST(Symbolizer, OutsideAllModules) {
  Symbolizer symbolizer;
  const auto frames = symbolizer.Frames(Graph{}, 0x1234);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].pc, 0x1234U);
  EXPECT_EQ(frames[0].module, "");
}

TEST(Describer, ACycleNamesLocksThreadsAndStacks) {
  GraphBuilder g;
  const uint32_t a = g.Lock("accounts");
  const uint32_t b = g.Lock("", kRwPreferReader);
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b, kShared);
  g.Nest(t2, {b, a});
  const auto findings = Analyzer().Update(g.graph, true);
  ASSERT_EQ(findings.size(), 1U);
  Symbolizer symbolizer;
  uint32_t next_id = 1;
  Describer describer(g.graph, symbolizer, next_id);
  const ReportFinding finding = describer.Describe(findings[0]);
  EXPECT_EQ(finding.kind, "cycle");
  EXPECT_EQ(finding.path, "M1 -> M2 -> M1");
  ASSERT_EQ(finding.edges.size(), 2U);
  EXPECT_EQ(finding.edges[0].stacks[1].title, "and acquires M2 to read here:");
  EXPECT_EQ(finding.edges[1].stacks[0].title, "it holds M2 to write, acquired here:");
  EXPECT_EQ(finding.locks[0].label, "accounts");
  EXPECT_EQ(finding.edges[0].stacks[0].frames.size(), 2U);
  EXPECT_EQ(next_id, 3U);
}

}  // namespace
}  // namespace heddle::lock_order
