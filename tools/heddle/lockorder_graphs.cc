// SPDX-License-Identifier: Apache-2.0
// What `heddle lockorder` does with recorded graphs.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/report/describe.h"
#include "checkers/lock_order/report/session.h"
#include "checkers/lock_order/report/symbolizer.h"
#include "checkers/scenario/command_line.h"
#include "tools/heddle/lockorder.h"

namespace heddle::lockorder {
namespace {

using lock_order::Graph;
using lock_order::GraphReader;
using lock_order::Symbolizer;

struct Graphs {
  std::vector<std::unique_ptr<GraphReader>> readers;
  std::vector<const Graph*> graphs;
};

absl::StatusOr<Graphs> Read(const std::vector<std::string>& paths) {
  Graphs result;
  for (const std::string& path : paths) {
    absl::StatusOr<std::unique_ptr<GraphReader>> reader = GraphReader::Open(path);
    if (!reader.ok()) return reader.status();
    result.graphs.push_back(&(*reader)->graph());
    result.readers.push_back(*std::move(reader));
  }
  return result;
}

lock_order::MergedGraph Joined(const std::vector<const Graph*>& graphs, Symbolizer& symbolizer) {
  lock_order::MergeOptions options;
  options.module_of_variable = [&symbolizer](const Graph& graph, uint64_t address) {
    return symbolizer.ModuleOfVariable(graph, address);
  };
  return lock_order::MergeGraphs(graphs, options);
}

int Failed(const absl::Status& status) {
  std::fprintf(stderr, "heddle lockorder: %s\n", std::string(status.message()).c_str());
  return kExitInternal;
}

std::string Milliseconds(uint64_t nanoseconds) {
  return absl::StrFormat("%.3f", static_cast<double>(nanoseconds) / 1e6);
}

void ShowClasses(const Graph& graph, const lock_order::Classes& classes, Symbolizer& symbolizer) {
  struct Sum {
    uint64_t waits = 0, total = 0, longest = 0;
  };
  std::vector<Sum> sums(classes.classes.size());
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    Sum& sum = sums[classes.of_node[n]];
    sum.waits += graph.nodes[n].waits;
    sum.total += graph.nodes[n].wait_nanoseconds;
    sum.longest = std::max(sum.longest, graph.nodes[n].longest_wait);
  }
  std::printf("%-6s %8s %10s %12s %12s  %s\n", "class", "locks", "waits", "total ms", "longest ms",
              "name (kind; an example)");
  uint32_t next_id = 1;
  lock_order::Describer describer(graph, symbolizer, next_id);
  for (std::size_t i = 1; i < classes.classes.size(); ++i) {
    const lock_order::LockClass& one = classes.classes[i];
    const lock_order::Node& node = graph.nodes[one.example];
    std::string place;
    if (node.name == 0 && node.first_site != 0) {
      const auto frames = symbolizer.Frames(graph, node.first_site);
      if (!frames[0].function.empty()) {
        place = absl::StrCat(
            "; ", frames[0].function,
            frames[0].file.empty() ? "" : absl::StrCat(" ", frames[0].file, ":", frames[0].line));
      }
    }
    std::printf("C%-5zu %8u %10lu %12s %12s  %s (%s; %s%s)\n", i, one.locks, sums[i].waits,
                Milliseconds(sums[i].total).c_str(), Milliseconds(sums[i].longest).c_str(),
                one.label.c_str(), lock_order::Describer::KindName(node.kind),
                describer.Label(one.example).c_str(), place.c_str());
  }
}

// Direct edges: from the lock held last to the one acquired.
void ShowEdges(const Graph& graph, const lock_order::Classes& classes) {
  struct Sum {
    uint64_t chains = 0;
    std::map<uint32_t, bool> threads;
  };
  std::map<std::pair<uint32_t, uint32_t>, Sum> edges;
  std::vector<bool> counted(graph.chains.size());
  for (std::size_t v = 1; v < graph.visits.size(); ++v) {
    const lock_order::Visit& visit = graph.visits[v];
    const lock_order::Chain& chain = graph.chains[visit.chain];
    if (chain.parent == 0) continue;
    Sum& sum =
        edges[{classes.of_node[graph.chains[chain.parent].node], classes.of_node[chain.node]}];
    if (!counted[visit.chain]) ++sum.chains;
    counted[visit.chain] = true;
    sum.threads[visit.thread] = true;
  }
  std::printf("\n%-18s %10s %8s\n", "edge", "ways", "threads");
  for (const auto& [edge, sum] : edges) {
    std::printf("%-18s %10lu %8zu\n", absl::StrCat("C", edge.first, " -> C", edge.second).c_str(),
                sum.chains, sum.threads.size());
  }
}

void ShowOne(const std::string& path, const Graph& graph, Symbolizer& symbolizer) {
  const lock_order::GraphInfo& info = graph.info;
  std::printf("%s: %s%s%s%s\n", path.c_str(), info.program.c_str(),
              info.pid == 0 ? " (merged)" : absl::StrCat(", pid ", info.pid).c_str(),
              info.host.empty() ? "" : absl::StrCat(", ", info.host).c_str(),
              info.stopped != 0 ? ", recording stopped early" : "");
  uint64_t bytes = 0;
  bytes += graph.nodes.size() * sizeof(lock_order::Node);
  bytes += graph.chains.size() * sizeof(lock_order::Chain);
  bytes += graph.visits.size() * sizeof(lock_order::Visit);
  bytes += graph.frames.size() * sizeof(lock_order::Frame);
  bytes += graph.stacks.size() * sizeof(lock_order::Stack);
  bytes += graph.events.size() * sizeof(lock_order::Event);
  std::printf(
      "%zu locks, %zu chains of held locks, %zu visits, %zu threads, %zu stacks; %lu bytes, %lu "
      "per lock; %lu acquisitions, %lu slow (%.1f per million)\n\n",
      graph.nodes.size() - 1, graph.chains.size() - 1, graph.visits.size() - 1,
      graph.threads.size() - 1, graph.stacks.size() - 1, bytes,
      bytes / std::max<std::size_t>(graph.nodes.size() - 1, 1), info.acquisitions, info.slow_paths,
      static_cast<double>(info.slow_paths) * 1e6 /
          static_cast<double>(std::max<uint64_t>(info.acquisitions, 1)));
  const lock_order::Classes classes = lock_order::FindClasses(graph, symbolizer.Namer());
  ShowClasses(graph, classes, symbolizer);
  ShowEdges(graph, classes);
}

}  // namespace

int Report(const lock_order::Options& options, const std::vector<std::string>& graphs) {
  absl::StatusOr<std::unique_ptr<lock_order::Session>> session =
      lock_order::Session::Create(options);
  if (!session.ok()) return Usage(std::string(session.status().message()));
  for (const std::string& path : graphs) {
    if (const absl::Status status = (*session)->Add(path); !status.ok()) {
      return Usage(std::string(status.message()));
    }
  }
  (*session)->Finish();
  if (const absl::Status status = (*session)->WriteReports(); !status.ok()) return Failed(status);
  return (*session)->report().findings.empty() ? kExitOk : options.exitcode;
}

int Merge(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return Usage("merge: expected OUT GRAPH...");
  const absl::StatusOr<Graphs> graphs = Read({arguments.begin() + 1, arguments.end()});
  if (!graphs.ok()) return Usage(std::string(graphs.status().message()));
  Symbolizer symbolizer;
  const lock_order::MergedGraph merged = Joined(graphs->graphs, symbolizer);
  const absl::Status status = lock_order::WriteGraph(merged.graph, arguments[0]);
  if (!status.ok()) return Failed(status);
  return kExitOk;
}

int Show(const std::vector<std::string>& paths) {
  const absl::StatusOr<Graphs> graphs = Read(paths);
  if (!graphs.ok()) return Usage(std::string(graphs.status().message()));
  Symbolizer symbolizer;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (i > 0) std::printf("\n");
    ShowOne(paths[i], *graphs->graphs[i], symbolizer);
  }
  return kExitOk;
}

int ShowHierarchy(const std::vector<std::string>& paths, const std::string& output) {
  const absl::StatusOr<Graphs> graphs = Read(paths);
  if (!graphs.ok()) return Usage(std::string(graphs.status().message()));
  Symbolizer symbolizer;
  const std::string text =
      FormatHierarchy(lock_order::InferHierarchy(graphs->graphs, symbolizer.Namer()));
  if (output.empty()) {
    std::fputs(text.c_str(), stdout);
    return kExitOk;
  }
  std::ofstream file(output);
  file << text;
  file.close();
  if (!file) return Failed(absl::InternalError(absl::StrCat(output, ": ", std::strerror(errno))));
  return kExitOk;
}

}  // namespace heddle::lockorder
