// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/fuzz/use_graph.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/analysis/wait_for.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/report/annotations.h"
#include "checkers/lock_order/report/describe.h"
#include "checkers/lock_order/report/formats.h"
#include "checkers/lock_order/report/show.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {
namespace {

template <typename Record>
bool Same(const std::vector<Record>& one, const std::vector<Record>& other) {
  return one.size() == other.size() &&
         std::memcmp(one.data(), other.data(), one.size() * sizeof(Record)) == 0;
}

void Infer(const Graph& graph) {
  for (const char c : ClangAnnotations({&graph})) {
    Demand(c == '\n' || static_cast<unsigned char>(c) >= ' ' ? "" : "a control character",
           "annotations");
  }
  const Hierarchy hierarchy = InferHierarchy({&graph, &graph});
  const auto parsed = ParseHierarchy(FormatHierarchy(hierarchy));
  Demand(parsed.ok() ? "" : std::string(parsed.status().message()), "an inferred hierarchy");
  for (const auto& [label, level] : parsed->level) {
    const auto found = hierarchy.level.find(label);
    Demand(found != hierarchy.level.end() && found->second == level ? "" : label,
           "a line of an inferred hierarchy");
  }
}

void Merge(const Graph& graph) {
  for (const bool one_run : {false, true}) {
    MergeOptions options;
    options.one_run = one_run;
    options.module_of_variable = [](const Graph& of, uint64_t address) {
      return static_cast<uint32_t>(address % 3 < of.modules.size() ? address % 3 : 0);
    };
    const MergedGraph merged = MergeGraphs({&graph, &graph}, options);
    Demand(Unsound(merged.graph), "a graph merged with itself");
    Demand(merged.origin_of_thread.size() == merged.graph.threads.size() ? "" : "wrong count",
           "origins of threads");
    Analyzer().Update(merged.graph, /*final=*/true);
  }
}

}  // namespace

std::string Unsound(const Graph& graph) {
  const auto bad = [](const char* table, std::size_t index, const char* field) {
    return absl::StrCat(table, " ", index, ": ", field);
  };
  const Graph& g = graph;
  for (std::size_t i = 1; i < g.stacks.size(); ++i) {
    if (g.stacks[i].first_frame + g.stacks[i].frames > g.frames.size()) {
      return bad("stack", i, "frames");
    }
  }
  for (std::size_t i = 1; i < g.modules.size(); ++i) {
    if (g.modules[i].path >= g.strings.size()) return bad("module", i, "path");
    if (g.modules[i].build_id_bytes > sizeof Module::build_id) return bad("module", i, "build id");
  }
  for (std::size_t i = 1; i < g.nodes.size(); ++i) {
    if (g.nodes[i].name >= g.strings.size()) return bad("lock", i, "name");
    if (g.nodes[i].first_stack >= g.stacks.size()) return bad("lock", i, "stack");
  }
  for (std::size_t i = 1; i < g.chains.size(); ++i) {
    if (g.chains[i].parent >= i) return bad("chain", i, "parent");
    if (g.chains[i].node == 0 || g.chains[i].node >= g.nodes.size()) return bad("chain", i, "lock");
    if (g.chains[i].stack >= g.stacks.size()) return bad("chain", i, "stack");
  }
  for (std::size_t i = 1; i < g.threads.size(); ++i) {
    const Thread& thread = g.threads[i];
    if (thread.creator >= i) return bad("thread", i, "creator");
    if (thread.creator_chain >= g.chains.size()) return bad("thread", i, "chain");
    if (thread.create_stack >= g.stacks.size()) return bad("thread", i, "stack");
    if (thread.wanted >= g.nodes.size()) return bad("thread", i, "wanted");
    for (uint32_t h = 0; h < std::min(thread.depth, kHeldInline); ++h) {
      if (thread.held[h].node >= g.nodes.size()) return bad("thread", i, "held");
    }
  }
  for (std::size_t i = 1; i < g.visits.size(); ++i) {
    if (g.visits[i].chain == 0 || g.visits[i].chain >= g.chains.size()) {
      return bad("visit", i, "chain");
    }
    if (g.visits[i].thread == 0 || g.visits[i].thread >= g.threads.size()) {
      return bad("visit", i, "thread");
    }
    if (g.visits[i].segment > g.visits[i].segment_end) return bad("visit", i, "segment");
  }
  for (std::size_t i = 1; i < g.events.size(); ++i) {
    const Event& event = g.events[i];
    if (event.thread >= g.threads.size() || event.other >= g.threads.size()) {
      return bad("event", i, "thread");
    }
    if (event.kind != kEventBarrier && event.node >= g.nodes.size()) return bad("event", i, "lock");
    if (event.other_node >= g.nodes.size()) return bad("event", i, "other lock");
    if (event.name >= g.strings.size()) return bad("event", i, "name");
    if (event.stack >= g.stacks.size()) return bad("event", i, "stack");
    if (event.chain >= g.chains.size()) return bad("event", i, "chain");
  }
  return "";
}

std::string Difference(const Graph& one, const Graph& other) {
  if (!Same(one.nodes, other.nodes)) return "locks differ";
  if (!Same(one.chains, other.chains)) return "chains differ";
  if (!Same(one.visits, other.visits)) return "visits differ";
  if (!Same(one.frames, other.frames)) return "frames differ";
  if (!Same(one.stacks, other.stacks)) return "stacks differ";
  if (!Same(one.threads, other.threads)) return "threads differ";
  if (!Same(one.events, other.events)) return "events differ";
  if (!Same(one.modules, other.modules)) return "modules differ";
  if (!Same(one.strings, other.strings)) return "strings differ";
  return "";
}

void UseGraph(const Graph& graph, bool print) {
  Demand(Unsound(graph), "a graph that was read");
  Symbolizer symbolizer;
  uint32_t next_id = 1;
  Describer describer(graph, symbolizer, next_id);
  Report report;
  const auto describe = [&](const Finding& finding) {
    report.findings.push_back(describer.Describe(finding));
  };
  AnalyzerOptions options;
  options.classes = ClassCycles::kInferred;
  options.enforce = InferHierarchy({&graph});
  for (const Finding& finding : Analyzer(options).Update(graph, /*final=*/true)) describe(finding);
  DeadlockDetector detector;
  for (int polls = 0; polls < 4; ++polls) {
    for (const Deadlock& deadlock : detector.Poll(graph)) describe(deadlock);
  }
  for (const char* format : {"text", "json", "sarif", "dot", "html"}) {
    if (!print) break;
    Demand(ReportAs(format, report).empty() && !report.findings.empty() ? "nothing" : "", format);
  }
  if (print) Demand(GraphAsText("graph", graph, symbolizer).empty() ? "nothing" : "", "show");
  Infer(graph);
  Merge(graph);
}

Graph RichGraph() {
  GraphBuilder g;
  const uint32_t a = g.Lock("accounts");
  const uint32_t b = g.Lock(std::string(150, 'b'));
  const uint32_t rw = g.Lock("", kRwPreferWriterNonrecursive);
  const uint32_t file = g.Lock("", kFlock);
  g.graph.nodes[file].address = 0;
  g.graph.nodes[file].identity = 77;
  const uint32_t semaphore = g.Lock("", kSemaphore);
  const uint32_t leveled = g.Lock("ledger");
  g.graph.nodes[leveled].flags |= kNodeHasLevel;
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b, leveled});
  g.Nest(t2, {b, a});
  g.Acquire(t1, rw, kShared);
  g.Acquire(t1, rw, kShared | kRecursive);
  g.Release(t1, rw);
  g.Acquire(t1, rw, kUpgrade);
  g.Release(t1, rw);
  g.Release(t1, rw);
  g.Nest(t2, {file, rw, semaphore});
  g.Nest(t1, {semaphore, file});
  g.Acquire(t1, b);
  g.Acquire(t1, a, kCondWait);
  g.Release(t1, a);
  g.Release(t1, b);
  g.Once(t1, t2);
  g.Barrier(1, 1, {t1, t2});
  g.Guard(GraphBuilder::kMain, a, t1);
  g.OneShot(t2, t1);
  g.Acquire(t1, a);
  g.Acquire(t2, b);
  for (const EventKind kind :
       {kEventFork, kEventExitHolding, kEventUnlockNotHeld, kEventDestroyHeld, kEventFreeHeld,
        kEventBlockingCall, kEventAssertHeld, kEventAssertNotHeld, kEventLevel, kEventEnforce,
        kEventCondTwoMutexes}) {
    Event event = GraphBuilder::MakeEvent(kind, t1, t2);
    event.node = leveled;
    event.other_node = a;
    event.chain = g.HeldChain(t1);
    event.name = g.Name("read");
    event.stack = 1;
    g.AddEvent(event);
  }
  g.Want(t1, b);
  g.Want(t2, a);
  const uint32_t ended = g.Create(GraphBuilder::kMain);
  g.Join(GraphBuilder::kMain, ended);
  for (const char* path : {"/nowhere/app", "/nowhere/libaccounts.so"}) {
    Module module{};
    module.begin = 0x400000 + g.graph.modules.size() * 0x2000;
    module.end = module.begin + 0x2000;
    module.bias = 0x400000;
    module.path = g.Name(path);
    module.build_id_bytes = 20;
    module.build_id[0] = static_cast<uint8_t>(g.graph.modules.size());
    g.graph.modules.push_back(module);
  }
  g.graph.info.program = "/nowhere/app";
  g.graph.info.host = "host";
  g.graph.info.pid = 7;
  return std::move(g.graph);
}

}  // namespace heddle::lock_order
