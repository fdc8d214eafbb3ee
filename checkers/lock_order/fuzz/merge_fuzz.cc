// SPDX-License-Identifier: Apache-2.0
//
// Merging: any number of sound graphs give a sound graph, which survives being written and read.
#include <fuzzer/FuzzedDataProvider.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/fuzz/use_graph.h"

namespace heddle::lock_order {
namespace {

// Threads that do what the input says; modules, names and kinds that it chooses.
Graph Play(FuzzedDataProvider& input) {
  GraphBuilder g;
  Graph& graph = g.graph;
  const int modules = input.ConsumeIntegralInRange<int>(0, 3);
  for (int i = 0; i < modules; ++i) {
    Module module{};
    module.begin = input.ConsumeIntegral<uint32_t>();
    module.end = module.begin + input.ConsumeIntegral<uint32_t>();
    module.bias = input.ConsumeIntegral<uint64_t>();
    module.path = g.Name(input.ConsumeRandomLengthString(70));
    module.build_id_bytes = input.ConsumeIntegralInRange<uint8_t>(0, sizeof module.build_id);
    module.build_id[0] = input.ConsumeIntegral<uint8_t>();
    graph.modules.push_back(module);
  }
  const int locks = input.ConsumeIntegralInRange<int>(1, 6);
  for (int i = 0; i < locks; ++i) {
    const auto kind = input.ConsumeIntegralInRange<uint8_t>(0, kAnnotatedRecursive);
    const uint32_t lock = g.Lock(input.ConsumeRandomLengthString(70), static_cast<LockKind>(kind));
    Node& node = graph.nodes[lock];
    node.identity = input.ConsumeIntegralInRange<uint64_t>(0, 3);
    node.flags = input.ConsumeIntegral<uint32_t>();
    if (input.ConsumeBool()) node.address = input.ConsumeIntegral<uint32_t>();
  }
  std::vector<std::vector<uint32_t>> held(2);
  while (input.remaining_bytes() > 0 && graph.events.size() < 300) {
    const auto threads = static_cast<uint32_t>(graph.threads.size() - 1);
    const auto thread = input.ConsumeIntegralInRange<uint32_t>(1, threads);
    const auto other = input.ConsumeIntegralInRange<uint32_t>(1, threads);
    const auto lock = input.ConsumeIntegralInRange<uint32_t>(1, locks);
    held.resize(graph.threads.size() + 1);
    switch (input.ConsumeIntegralInRange<int>(0, 9)) {
      case 0:
        g.Create(thread);
        break;
      case 1:
        g.Join(thread, other);
        break;
      case 2:
        g.Barrier(lock, input.ConsumeIntegralInRange<uint32_t>(0, 3), {thread, other});
        break;
      case 3:
        g.Once(thread, other);
        break;
      case 4:
        g.Guard(thread, lock, other);
        break;
      case 5:
        if (!held[thread].empty()) {
          g.Release(thread, held[thread].back());
          held[thread].pop_back();
        }
        break;
      case 6: {
        Event event = GraphBuilder::MakeEvent(
            static_cast<EventKind>(input.ConsumeIntegralInRange<uint32_t>(0, 20)), thread, other);
        event.node = lock;
        event.chain = g.HeldChain(thread);
        g.AddEvent(event);
        break;
      }
      default:
        if (held[thread].size() < 40) {
          g.Acquire(thread, lock, input.ConsumeIntegral<uint8_t>());
          held[thread].push_back(lock);
        }
    }
  }
  graph.info.pid = input.ConsumeIntegralInRange<uint32_t>(0, 3);
  graph.info.parent_pid = input.ConsumeIntegralInRange<uint32_t>(0, 3);
  graph.info.parent_thread = input.ConsumeIntegralInRange<uint32_t>(0, 5);
  graph.info.host = input.ConsumeBool() ? "one" : "other";
  return std::move(graph);
}

void CheckMerged(const std::vector<const Graph*>& graphs, bool one_run, bool variables) {
  MergeOptions options;
  options.one_run = one_run;
  if (variables) {
    options.module_of_variable = [](const Graph& of, uint64_t address) {
      return static_cast<uint32_t>(address % of.modules.size());
    };
  }
  const MergedGraph merged = MergeGraphs(graphs, options);
  Demand(Unsound(merged.graph), "the merged graph");
  std::size_t visits = 1;
  for (const Graph* graph : graphs) visits += graph->visits.size() - 1;
  Demand(merged.graph.visits.size() == visits ? "" : "visits are missing", "the merged graph");
  for (const uint32_t origin : merged.origin_of_thread) {
    Demand(origin < graphs.size() ? "" : "out of range", "a thread's origin");
  }
  static const std::string path = absl::StrCat("/tmp/heddle_merge_fuzz.", getpid());
  Demand(WriteGraph(merged.graph, path).ok() ? "" : "cannot write", path.c_str());
  const auto reader = GraphReader::Open(path);
  unlink(path.c_str());
  Demand(reader.ok() ? "" : std::string(reader.status().message()), "the merged graph");
  Demand(Difference((*reader)->graph(), merged.graph), "the merged graph read back");
}

}  // namespace
}  // namespace heddle::lock_order

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)
  FuzzedDataProvider input(data, size);
  const bool one_run = input.ConsumeBool();
  const bool variables = input.ConsumeBool();
  const std::string half = input.ConsumeRandomLengthString(2000);
  FuzzedDataProvider first(reinterpret_cast<const uint8_t*>(half.data()), half.size());
  const Graph one = Play(first);
  const Graph other = Play(input);
  CheckMerged({&one, &other, &one}, one_run, variables);
  Analyzer().Update(MergeGraphs({&one, &other}, {}).graph, /*final=*/true);
  return 0;
}
