// SPDX-License-Identifier: Apache-2.0
//
// heddle_lockorder_watch GRAPH: watches the graph of one live process that was not started by the
// heddle tool, reports, tells the process through the graph's header, and removes the graph. The
// runtime starts it. Options: HEDDLE_LOCKORDER_OPTIONS.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/report/options.h"
#include "checkers/lock_order/report/session.h"

namespace heddle::lock_order {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr int kLooksPerPoll = 5;
constexpr int kLooksForAGraph = 500;
constexpr int kLooksForAnEnd = 50;

int Fail(absl::string_view problem) {
  std::fprintf(stderr, "heddle_lockorder_watch: %s\n", std::string(problem).c_str());
  return 2;
}

// Whether the process that wrote the graph is there: not another one with its number, not a corpse.
bool Lives(const GraphInfo& info) {
  std::ifstream file(absl::StrCat("/proc/", info.pid, "/stat"));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return false;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(text).substr(name_end + 1), ' ', absl::SkipEmpty());
  uint64_t start = 0;
  constexpr std::size_t kStartTime = 19;  // field 22; the first one here is field 3
  if (fields.size() <= kStartTime || fields[0] == "Z" || fields[0] == "X") return false;
  return info.start_time == 0 || !absl::SimpleAtoi(fields[kStartTime], &start) ||
         start == info.start_time;
}

// Asks the process to end with its exit code; one that does not listen is killed.
void EndProcess(GraphReader& reader) {
  const GraphInfo& info = reader.graph().info;
  reader.SetWatcher(kWatcherEnds);
  for (int look = 0; look < kLooksForAnEnd && Lives(info); ++look) {
    kill(static_cast<pid_t>(info.pid), SIGURG);
    std::this_thread::sleep_for(kLook);
  }
  if (Lives(info)) kill(static_cast<pid_t>(info.pid), SIGKILL);
}

// The processes of a run have the same options: the first one's files get the names that are given,
// those of others FILE.PID. The locks are held until this process ends.
std::string Claim(const std::string& name, uint32_t pid) {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string own = name;
    if (attempt > 0) absl::StrAppend(&own, ".", pid);
    if (attempt > 1) absl::StrAppend(&own, ".", attempt);
    const int fd = open(own.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) break;  // who writes it says why
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return own;
    close(fd);
  }
  return name;
}

absl::Status Keep(const std::string& graph, const std::string& as) {
  std::error_code error;
  std::filesystem::copy_file(graph, as, std::filesystem::copy_options::overwrite_existing, error);
  return error ? absl::FailedPreconditionError(absl::StrCat(as, ": ", error.message()))
               : absl::OkStatus();
}

int Watch(const std::string& path) {
  Options options;
  if (const char* environment = std::getenv("HEDDLE_LOCKORDER_OPTIONS"); environment != nullptr) {
    if (absl::Status status = ParseOptions(environment, options); !status.ok()) {
      return Fail(absl::StrCat("HEDDLE_LOCKORDER_OPTIONS: ", status.message()));
    }
  }
  // Whatever ends the process group must not end the analysis.
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);

  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(options);
  if (!session.ok()) return Fail(session.status().message());
  absl::Status added = (*session)->Add(path);
  for (int i = 0; i < kLooksForAGraph && added.code() == absl::StatusCode::kUnavailable; ++i) {
    std::this_thread::sleep_for(kLook);
    added = (*session)->Add(path);
  }
  if (!added.ok()) return Fail(added.message());

  GraphReader& reader = (*session)->reader(0);
  reader.SetWatcher(kWatcherAttached);
  const GraphInfo& info = reader.graph().info;
  for (std::string* file :
       {&options.json, &options.sarif, &options.dot, &options.html, &options.keep_graph}) {
    if (!file->empty()) *file = Claim(*file, info.pid);
  }
  (*session)->NameReports(options);
  bool end = false;
  for (int look = 0; !end && reader.Alive() && info.exited == 0 && Lives(info); ++look) {
    if (look % kLooksPerPoll == 0) (*session)->Poll();
    end = options.halt_on_deadlock && !(*session)->deadlocked().empty();
    if (!end) std::this_thread::sleep_for(kLook);
  }
  (*session)->Finish();
  absl::Status written = (*session)->WriteReports();
  if (written.ok() && !options.keep_graph.empty()) written = Keep(path, options.keep_graph);
  reader.SetFound(static_cast<uint32_t>((*session)->report().findings.size()));
  if (end) {
    EndProcess(reader);
  } else {
    reader.SetWatcher(kWatcherDone);
  }
  unlink(path.c_str());
  if (!written.ok()) return Fail(written.message());
  return 0;
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  if (argc != 2) return heddle::lock_order::Fail("usage: heddle_lockorder_watch GRAPH");
  return heddle::lock_order::Watch(argv[1]);
}
