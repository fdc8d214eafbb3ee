// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/show.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/report/describe.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

std::string Milliseconds(uint64_t nanoseconds) {
  return absl::StrFormat("%.3f", static_cast<double>(nanoseconds) / 1e6);
}

std::string Place(const Node& node, const Graph& graph, Symbolizer& symbolizer) {
  if (node.name != 0 || node.first_site == 0) return "";
  const std::vector<ReportFrame> frames = symbolizer.Frames(graph, node.first_site);
  const ReportFrame* frame = PlaceOf(frames);
  if (frame == nullptr || frame->function.empty()) return "";
  return absl::StrCat("; ", Printable(frame->function),
                      frame->file.empty() ? ""
                                          : absl::StrCat(" ", Printable(ShortPath(frame->file, "")),
                                                         ":", frame->line));
}

void AppendClasses(const Graph& graph, const Classes& classes, Symbolizer& symbolizer,
                   std::string& out) {
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
  absl::StrAppendFormat(&out, "%-6s %8s %10s %12s %12s  %s\n", "class", "locks", "waits",
                        "total ms", "longest ms", "name (kind; an example)");
  uint32_t next_id = 1;
  Describer describer(graph, symbolizer, next_id);
  for (std::size_t i = 1; i < classes.classes.size(); ++i) {
    const LockClass& one = classes.classes[i];
    const Node& node = graph.nodes[one.example];
    absl::StrAppendFormat(&out, "C%-5d %8d %10d %12s %12s  %s (%s; %s%s)\n", i, one.locks,
                          sums[i].waits, Milliseconds(sums[i].total), Milliseconds(sums[i].longest),
                          Printable(one.label), Describer::KindName(node.kind),
                          Printable(describer.Label(one.example)), Place(node, graph, symbolizer));
  }
}

// Direct edges: from the lock held last to the one acquired.
void AppendEdges(const Graph& graph, const Classes& classes, std::string& out) {
  struct Sum {
    std::set<uint32_t> chains;
    std::set<uint32_t> threads;
  };
  std::map<std::pair<uint32_t, uint32_t>, Sum> edges;
  for (std::size_t v = 1; v < graph.visits.size(); ++v) {
    const Visit& visit = graph.visits[v];
    const Chain& chain = graph.chains[visit.chain];
    if (chain.parent == 0) continue;
    Sum& sum =
        edges[{classes.of_node[graph.chains[chain.parent].node], classes.of_node[chain.node]}];
    sum.chains.insert(visit.chain);
    sum.threads.insert(visit.thread);
  }
  absl::StrAppendFormat(&out, "\n%-18s %10s %8s  %s\n", "edge", "ways", "threads", "names");
  for (const auto& [edge, sum] : edges) {
    absl::StrAppendFormat(&out, "%-18s %10d %8d  %s -> %s\n",
                          absl::StrCat("C", edge.first, " -> C", edge.second), sum.chains.size(),
                          sum.threads.size(), Printable(classes.classes[edge.first].label),
                          Printable(classes.classes[edge.second].label));
  }
}

}  // namespace

std::string GraphAsText(const std::string& name, const Graph& graph, Symbolizer& symbolizer) {
  const GraphInfo& info = graph.info;
  std::string out = absl::StrCat(name, ": ", Printable(info.program),
                                 info.pid == 0 ? " (merged)" : absl::StrCat(", pid ", info.pid),
                                 info.host.empty() ? "" : absl::StrCat(", ", Printable(info.host)),
                                 info.stopped != 0 ? ", recording stopped early" : "", "\n");
  uint64_t bytes = 0;
  bytes += graph.nodes.size() * sizeof(Node);
  bytes += graph.chains.size() * sizeof(Chain);
  bytes += graph.visits.size() * sizeof(Visit);
  bytes += graph.frames.size() * sizeof(Frame);
  bytes += graph.stacks.size() * sizeof(Stack);
  bytes += graph.events.size() * sizeof(Event);
  const std::size_t locks = graph.nodes.size() - 1;
  absl::StrAppend(&out, locks, " locks, ", graph.chains.size() - 1, " chains of held locks, ",
                  graph.visits.size() - 1, " visits, ", graph.threads.size() - 1, " threads, ",
                  graph.stacks.size() - 1, " stacks; ", bytes, " bytes, ",
                  bytes / std::max<std::size_t>(locks, 1), " per lock; ", info.acquisitions,
                  " acquisitions, ", info.slow_paths, " slow\n\n");
  const Classes classes = FindClasses(graph, symbolizer.Namer());
  AppendClasses(graph, classes, symbolizer, out);
  AppendEdges(graph, classes, out);
  return out;
}

}  // namespace heddle::lock_order
