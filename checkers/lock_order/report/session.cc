// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/session.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/report/formats.h"
#include "checkers/lock_order/report/remote_stack.h"
#include "checkers/lock_order/report/text.h"

namespace heddle::lock_order {
namespace {

using Clock = std::chrono::steady_clock;

// Analysis of a live graph may take this part of the time.
constexpr int kShareOfTime = 10;

std::string CurrentDirectory() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno != 0 ? errno : EIO)));
  }
  return text;
}

struct Session::Watched {
  Watched(std::unique_ptr<GraphReader> reader, const AnalyzerOptions& options,
          Symbolizer& symbolizer, uint32_t& next_lock)
      : reader(std::move(reader)),
        analyzer(options),
        describer(this->reader->graph(), symbolizer, next_lock) {}

  std::unique_ptr<GraphReader> reader;
  Analyzer analyzer;
  DeadlockDetector deadlocks;
  Describer describer;
  std::size_t visits = 0;
  std::size_t events = 0;
  bool pending = false;  // the analyzer may hold something back
  bool broken = false;
  // A deadlock and the cycle that warned of it are one finding. By their locks:
  std::set<std::set<uint32_t>> deadlocked;
  std::map<std::set<uint32_t>, std::size_t> cycles;  // index in the report
  Clock::time_point next_analysis;
};

Session::Session(Options options) : options_(std::move(options)), sources_(CurrentDirectory()) {}
Session::~Session() = default;

GraphReader& Session::reader(std::size_t index) { return *watched_[index]->reader; }

absl::StatusOr<std::unique_ptr<Session>> Session::Create(const Options& options) {
  std::unique_ptr<Session> session(new Session(options));
  if (!options.suppressions.empty()) {
    const absl::StatusOr<std::string> text = ReadWholeFile(options.suppressions);
    if (!text.ok()) return text.status();
    absl::StatusOr<Suppressions> suppressions = Suppressions::Parse(*text);
    if (!suppressions.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.suppressions, ": ", suppressions.status().message()));
    }
    session->suppressions_ = *std::move(suppressions);
  }
  if (!options.enforce.empty()) {
    const absl::StatusOr<std::string> text = ReadWholeFile(options.enforce);
    if (!text.ok()) return text.status();
    absl::StatusOr<Hierarchy> hierarchy = ParseHierarchy(*text);
    if (!hierarchy.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.enforce, ": ", hierarchy.status().message()));
    }
    session->analyzer_options_.enforce = *std::move(hierarchy);
  }
  session->analyzer_options_.variable = session->symbolizer_.Namer();
  if (options.classes) session->analyzer_options_.classes = ClassCycles::kInferred;
  return session;
}

absl::Status Session::Add(const std::string& path) {
  absl::StatusOr<std::unique_ptr<GraphReader>> reader = GraphReader::Open(path);
  if (!reader.ok()) return reader.status();
  AnalyzerOptions analyzer_options = analyzer_options_;
  // A merged graph is of many processes: their locks meet by class.
  if ((*reader)->graph().info.pid == 0) analyzer_options.classes = ClassCycles::kInferred;
  watched_.push_back(
      std::make_unique<Watched>(*std::move(reader), analyzer_options, symbolizer_, next_lock_));
  return absl::OkStatus();
}

void Session::Print(absl::string_view text) {
  std::FILE* file = options_.log.empty() ? stderr : std::fopen(options_.log.c_str(), "ae");
  if (file == nullptr) file = stderr;
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
  if (file != stderr) std::fclose(file);
}

bool Session::Take(Describer& describer, const Finding& finding) {
  ReportFinding described = describer.Describe(finding);
  if (suppressions_.Matches(described)) {
    ++report_.suppressed;
    return false;
  }
  if (options_.format == "text") {
    Print(FindingAsText(described, {.full_stacks = options_.full_stacks, .sources = &sources_}));
  }
  report_.findings.push_back(std::move(described));
  return true;
}

void Session::Analyze(Watched& watched, bool final) {
  const Graph& graph = watched.reader->graph();
  const std::vector<Finding> found = watched.analyzer.Update(graph, final);
  for (const Finding& finding : found) {
    // A deadlock that has happened says it all.
    const auto* cycle = std::get_if<Cycle>(&finding);
    if (cycle == nullptr) {
      Take(watched.describer, finding);
      continue;
    }
    std::set<uint32_t> locks;
    for (const CycleEdge& edge : cycle->edges) locks.insert(graph.chains[edge.held].node);
    if (watched.deadlocked.contains(locks)) continue;
    if (Take(watched.describer, finding)) {
      watched.cycles[std::move(locks)] = report_.findings.size() - 1;
    }
  }
  watched.pending = graph.visits.size() != watched.visits;
  watched.visits = graph.visits.size();
  watched.events = graph.events.size();
}

void Session::Poll() {
  for (const std::unique_ptr<Watched>& watched : watched_) {
    if (watched->broken) continue;
    if (absl::Status status = watched->reader->Poll(); !status.ok()) {
      report_.notes.emplace_back(status.message());
      watched->broken = true;
      continue;
    }
    const Graph& graph = watched->reader->graph();
    std::vector<Deadlock> deadlocks = watched->deadlocks.Poll(graph);
    if (!deadlocks.empty()) {
      watched->reader->Refresh().IgnoreError();
      if (options_.stacks) watched->describer.SetThreadStacks(&StackOfThread);
      for (const Deadlock& deadlock : deadlocks) {
        std::set<uint32_t> locks;
        for (const DeadlockMember& member : deadlock.members) locks.insert(member.wanted);
        if (Take(watched->describer, deadlock)) {
          deadlocked_.push_back(graph.info.pid);
          if (const auto warned = watched->cycles.find(locks); warned != watched->cycles.end()) {
            report_.findings[warned->second] = std::move(report_.findings.back());
            report_.findings.pop_back();
          }
        }
        watched->deadlocked.insert(std::move(locks));
      }
      watched->describer.SetThreadStacks(nullptr);
    }
    const Clock::time_point now = Clock::now();
    const bool news = graph.visits.size() != watched->visits ||
                      graph.events.size() != watched->events || watched->pending;
    if (!news || now < watched->next_analysis) continue;
    if (!watched->reader->Refresh().ok()) continue;
    Analyze(*watched, /*final=*/false);
    watched->next_analysis = Clock::now() + kShareOfTime * (Clock::now() - now);
  }
}

void Session::Finish() {
  for (const std::unique_ptr<Watched>& watched : watched_) {
    if (!watched->broken) {
      if (absl::Status status = watched->reader->Refresh(); !status.ok()) {
        report_.notes.emplace_back(status.message());
      }
    }
    Analyze(*watched, /*final=*/true);
    if (watched->analyzer.exhausted()) {
      report_.notes.emplace_back(
          "the search for cycles was too long and was cut short: there may be more");
    }
    if (watched->analyzer.similar() != 0) {
      report_.notes.push_back(absl::StrCat(watched->analyzer.similar(),
                                           " more cycle(s) of other locks by the same code"));
    }
    if (watched->reader->graph().info.stopped != 0) {
      report_.notes.push_back(absl::StrCat("recording in process ",
                                           watched->reader->graph().info.pid,
                                           " stopped early: no memory or disk"));
    }
  }
  FindAcrossProcesses();
  report_.suppressions = suppressions_.Counts();
  const std::vector<std::string>& notes = symbolizer_.notes();
  report_.notes.insert(report_.notes.end(), notes.begin(), notes.end());
  if (options_.format == "text") Print(SummaryAsText(report_));
}

// Locks that processes share, files above all: cycles whose threads are not of one process.
void Session::FindAcrossProcesses() {
  std::vector<const Graph*> graphs;
  bool shared = false;
  for (const std::unique_ptr<Watched>& watched : watched_) {
    graphs.push_back(&watched->reader->graph());
    for (const Node& node : graphs.back()->nodes) shared = shared || is_shared(node);
  }
  if (graphs.size() < 2 || !shared) return;
  MergeOptions merge_options;
  merge_options.one_run = true;
  const MergedGraph merged = MergeGraphs(graphs, merge_options);
  Segments segments;
  segments.Update(merged.graph);
  Describer describer(merged.graph, symbolizer_, next_lock_);
  for (const Cycle& cycle : CycleFinder().Find(merged.graph, segments)) {
    std::set<uint32_t> processes;
    for (const CycleEdge& edge : cycle.edges)
      processes.insert(merged.origin_of_thread[edge.thread]);
    if (processes.size() > 1) Take(describer, cycle);
  }
}

absl::Status Session::WriteReports() {
  if (options_.format != "text") Print(ReportAs(options_.format, report_));
  const std::pair<const char*, const std::string&> kFiles[] = {{"json", options_.json},
                                                               {"sarif", options_.sarif},
                                                               {"dot", options_.dot},
                                                               {"html", options_.html}};
  for (const auto& [format, path] : kFiles) {
    if (path.empty()) continue;
    std::ofstream file(path, std::ios::binary);
    file << ReportAs(format, report_);
    file.close();
    if (!file) return absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace heddle::lock_order
