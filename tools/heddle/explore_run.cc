// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace heddle::explore {
namespace {

// Of a program that died, the last words.
constexpr std::size_t kKeptOutput = 16384;
constexpr int kTickMilliseconds = 200;

volatile std::sig_atomic_t stop_requested = 0;
volatile std::sig_atomic_t child_group = 0;

// The child is a group of its own, so that its workers go with it.
void OnStop(int /*signal*/) {
  stop_requested = 1;
  if (child_group > 0) kill(-static_cast<pid_t>(child_group), SIGKILL);
}

class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File() { Close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void Open(const std::string& path) { fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC); }
  void Set(int fd) { fd_ = fd; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void Become(const std::vector<std::string>& command, int problem) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // A file that is no program is not given to a shell.
  if (command[0].find('/') != std::string::npos) {
    execv(argv[0], argv.data());
  } else {
    execvp(argv[0], argv.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = write(problem, &error, sizeof error);
  _exit(127);
}

// A child in a group of its own; `setup` runs in it. -1 with `result.problem` where that fails.
template <class Setup>
pid_t Start(const std::vector<std::string>& command, RunResult& result, Setup setup) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.problem = std::strerror(errno);
    return -1;
  }
  const File reader(ends[0]);
  File writer(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    // A tool that is killed leaves nothing behind that runs.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setup();
    Become(command, writer.fd());
  }
  if (child < 0) {
    result.problem = std::strerror(errno);
    return -1;
  }
  setpgid(child, child);
  child_group = child;
  if (stop_requested != 0) kill(-child, SIGKILL);
  writer.Close();
  int error = 0;
  ssize_t got = 0;
  while ((got = read(reader.fd(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got == sizeof error) {
    result.problem = std::strerror(error);
    waitpid(child, nullptr, 0);
    child_group = 0;
    return -1;
  }
  result.started = true;
  return child;
}

void Reap(pid_t child, RunResult& result) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  child_group = 0;
  result.interrupted = stop_requested != 0;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// False at end of file.
bool Drain(int fd, std::string& kept) {
  std::array<char, 65536> buffer{};
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  kept.append(buffer.data(), static_cast<std::size_t>(got));
  if (kept.size() > 2 * kKeptOutput) kept.erase(0, kept.size() - kKeptOutput);
  return true;
}

// What was added to the file since the last call.
void Follow(File& file, const RecordedRun& run) {
  if (file.fd() < 0) file.Open(run.record);
  if (file.fd() < 0) return;
  std::array<char, 65536> buffer{};
  ssize_t got = 0;
  while ((got = read(file.fd(), buffer.data(), buffer.size())) > 0) {
    run.on_text(std::string(buffer.data(), static_cast<std::size_t>(got)));
  }
}

}  // namespace

StopSignals::StopSignals() {
  stop_requested = 0;
  struct sigaction action{};
  action.sa_handler = OnStop;
  for (std::size_t i = 0; i < kAll.size(); ++i) sigaction(kAll[i], &action, &before_[i]);
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kAll.size(); ++i) sigaction(kAll[i], &before_[i], nullptr);
}

bool StopSignals::Requested() { return stop_requested != 0; }

RunResult RunPlain(const std::vector<std::string>& command) {
  RunResult result;
  const pid_t child = Start(command, result, [] {});
  if (child > 0) Reap(child, result);
  return result;
}

RunResult RunRecorded(const RecordedRun& run) {
  RunResult result;
  std::array<int, 2> ends{-1, -1};
  if (!run.show_output && pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.problem = std::strerror(errno);
    return result;
  }
  File output(ends[0]);
  File writer(ends[1]);
  const pid_t child = Start(run.command, result, [&] {
    setenv("HEDDLE_EXPLORE_OPTIONS", run.options.c_str(), 1);
    // A replay finds everything where it was.
    personality(ADDR_NO_RANDOMIZE);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    if (run.show_output) return;
    dup2(writer.fd(), STDOUT_FILENO);
    dup2(writer.fd(), STDERR_FILENO);
  });
  writer.Close();
  if (child < 0) return result;
  File record;
  // Without its output, the child's end shows as that of the process.
  while (true) {
    pollfd waiting{.fd = output.fd(), .events = POLLIN, .revents = 0};
    poll(&waiting, 1, kTickMilliseconds);
    Follow(record, run);
    if (run.on_tick) run.on_tick();
    if (waiting.revents != 0 && !Drain(output.fd(), result.output)) output.Close();
    siginfo_t ended{};
    if (waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        ended.si_pid == child) {
      break;
    }
  }
  Reap(child, result);
  Follow(record, run);
  // Whatever it left in the pipe; processes of its own may still hold the other end.
  if (output.fd() >= 0) {
    fcntl(output.fd(), F_SETFL, O_NONBLOCK);
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = read(output.fd(), buffer.data(), buffer.size())) > 0) {
      result.output.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  if (result.output.size() > kKeptOutput) {
    result.output.erase(0, result.output.size() - kKeptOutput);
  }
  return result;
}

}  // namespace heddle::explore
