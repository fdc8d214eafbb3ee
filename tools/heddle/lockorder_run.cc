// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/options.h"
#include "checkers/lock_order/report/session.h"
#include "checkers/scenario/command_line.h"
#include "tools/heddle/lockorder.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/suite.h"

namespace heddle::lockorder {
namespace {

namespace fs = std::filesystem;

constexpr auto kPoll = std::chrono::milliseconds(100);

// Signals that end or stop the command reach it through this process too.
volatile std::sig_atomic_t child_pid = 0;
void Forward(int signal) {
  if (child_pid > 0) kill(static_cast<pid_t>(child_pid), signal);
}

// What a terminal's user sends goes to the whole foreground group: the command has it already.
void Ignore(int /*signal*/) {}

class Signals {
 public:
  Signals() {
    for (std::size_t i = 0; i < kAll.size(); ++i) {
      struct sigaction action{};
      const bool from_terminal = kAll[i] == SIGINT || kAll[i] == SIGQUIT;
      action.sa_handler = from_terminal && isatty(STDIN_FILENO) != 0 ? Ignore : Forward;
      action.sa_flags = SA_RESTART;
      sigaction(kAll[i], &action, &before_[i]);
    }
    struct sigaction action{};
    action.sa_handler = [](int) {};
    sigaction(SIGCHLD, &action, &child_before_);
    // Only ppoll and sigtimedwait see it.
    sigemptyset(&child_);
    sigaddset(&child_, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_, &mask_before_);
  }
  ~Signals() {
    for (std::size_t i = 0; i < kAll.size(); ++i) sigaction(kAll[i], &before_[i], nullptr);
    sigaction(SIGCHLD, &child_before_, nullptr);
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // As before, for the command itself.
  void RestoreMask() const { sigprocmask(SIG_SETMASK, &mask_before_, nullptr); }

  // Returns early when a child changes state.
  void Wait() const {
    const timespec time{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kPoll).count()};
    sigtimedwait(&child_, nullptr, &time);
  }

 private:
  static constexpr std::array<int, 6> kAll = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
  std::array<struct sigaction, kAll.size()> before_{};
  struct sigaction child_before_{};
  sigset_t child_{};
  sigset_t mask_before_{};
};

std::string RuntimeLibrary() {
  if (const char* given = std::getenv("HEDDLE_LOCKORDER_RUNTIME"); given != nullptr) return given;
  return absl::StrCat(RunfilesRoot(), "heddle/checkers/lock_order/runtime/libheddle_lockorder.so");
}

// The file that execvp() would run.
std::string FileOf(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  for (const absl::string_view directory : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    std::string file = absl::StrCat(directory, "/", program);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return program;
}

// An ELF file that asks for no loader: there is nobody to preload anything.
bool LinkedStatically(const std::string& program) {
  std::ifstream file(FileOf(program), std::ios::binary);
  Elf64_Ehdr header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr)) {
    return false;
  }
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return false;
    if (segment.p_type == PT_INTERP) return false;
  }
  return true;
}

[[noreturn]] void Become(const std::vector<std::string>& command, const std::string& preload,
                         const std::string& options) {
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv("HEDDLE_LOCKORDER_OPTIONS", options.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  const int error = errno;
  std::fprintf(stderr, "heddle lockorder: %s: %s\n", argv[0], std::strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

// Takes in graphs that have appeared.
void AddGraphs(const std::string& directory, std::set<std::string>& known,
               lock_order::Session& session) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    if (known.contains(path)) continue;
    const absl::Status status = session.Add(path);
    if (status.code() == absl::StatusCode::kUnavailable) continue;
    if (!status.ok()) {
      std::fprintf(stderr, "heddle lockorder: %s\n", std::string(status.message()).c_str());
    }
    known.insert(path);
  }
}

void KeepGraphs(const std::set<std::string>& graphs, const std::string& first,
                const std::string& keep) {
  for (const std::string& graph : graphs) {
    // first, first.PID, ...: keep, keep.PID, ...
    std::error_code error;
    fs::copy_file(graph, absl::StrCat(keep, graph.substr(std::min(first.size(), graph.size()))),
                  fs::copy_options::overwrite_existing, error);
    if (error) {
      std::fprintf(stderr, "heddle lockorder: %s: %s\n", keep.c_str(), error.message().c_str());
    }
  }
}

}  // namespace

int RunCommand(const lock_order::Options& options, const std::vector<std::string>& command) {
  absl::StatusOr<std::unique_ptr<lock_order::Session>> session =
      lock_order::Session::Create(options);
  if (!session.ok()) return Usage(std::string(session.status().message()));
  const std::string library = RuntimeLibrary();
  if (access(library.c_str(), R_OK) != 0) {
    std::fprintf(stderr, "heddle lockorder: %s: %s\n", library.c_str(), std::strerror(errno));
    return kExitInternal;
  }
  const Scratch scratch("lockorder");
  if (scratch.path().empty()) {
    std::fprintf(stderr, "heddle lockorder: no temporary directory: %s\n", std::strerror(errno));
    return kExitInternal;
  }
  const std::string first = absl::StrCat(scratch.path(), "/graph");
  lock_order::Options for_runtime = options;
  for_runtime.runtime.emplace_back("graph", first);
  for_runtime.runtime.emplace_back("watcher", "none");
  const std::string runtime_options = lock_order::RuntimeOptionsText(for_runtime);
  const char* preloaded = std::getenv("LD_PRELOAD");
  const std::string preload =
      preloaded != nullptr && *preloaded != '\0' ? absl::StrCat(library, ":", preloaded) : library;

  const Signals signals;
  const pid_t child = fork();
  if (child < 0) {
    std::fprintf(stderr, "heddle lockorder: fork: %s\n", std::strerror(errno));
    return kExitInternal;
  }
  if (child == 0) {
    signals.RestoreMask();
    Become(command, preload, runtime_options);
  }
  child_pid = child;

  std::set<std::string> known;
  bool halted = false;
  int status = 0;
  while (true) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno == ECHILD)) break;
    AddGraphs(scratch.path(), known, **session);
    (*session)->Poll();
    if (options.halt_on_deadlock && !halted && !(*session)->deadlocked().empty()) {
      halted = true;
      for (const uint32_t pid : (*session)->deadlocked()) kill(static_cast<pid_t>(pid), SIGKILL);
      kill(child, SIGKILL);
      continue;
    }
    signals.Wait();
  }
  child_pid = 0;
  AddGraphs(scratch.path(), known, **session);
  (*session)->Finish();
  if (known.empty() && LinkedStatically(command[0])) {
    std::fprintf(stderr,
                 "heddle lockorder: %s is linked statically, so nothing was recorded: link the "
                 "recorder into it\n",
                 command[0].c_str());
  }
  if (!options.keep_graph.empty()) KeepGraphs(known, first, options.keep_graph);
  if (const absl::Status written = (*session)->WriteReports(); !written.ok()) {
    std::fprintf(stderr, "heddle lockorder: %s\n", std::string(written.message()).c_str());
    return kExitInternal;
  }
  const bool found = !(*session)->report().findings.empty();
  if (halted) return options.exitcode;
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  const int exit_status = WEXITSTATUS(status);
  return exit_status == 0 && found ? options.exitcode : exit_status;
}

}  // namespace heddle::lockorder
