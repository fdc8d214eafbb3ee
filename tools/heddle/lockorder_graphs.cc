// SPDX-License-Identifier: Apache-2.0
// What `heddle lockorder` does with recorded graphs.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/report/annotations.h"
#include "checkers/lock_order/report/session.h"
#include "checkers/lock_order/report/show.h"
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
    const std::string text = lock_order::GraphAsText(paths[i], *graphs->graphs[i], symbolizer);
    std::printf("%s%s", i > 0 ? "\n" : "", text.c_str());
  }
  return kExitOk;
}

int ShowHierarchy(const std::vector<std::string>& paths, const std::string& output,
                  bool annotations) {
  const absl::StatusOr<Graphs> graphs = Read(paths);
  if (!graphs.ok()) return Usage(std::string(graphs.status().message()));
  Symbolizer symbolizer;
  const std::string text =
      annotations ? lock_order::ClangAnnotations(graphs->graphs, symbolizer.Namer())
                  : FormatHierarchy(lock_order::InferHierarchy(graphs->graphs, symbolizer.Namer()));
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
