// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <list>
#include <string>
#include <utility>
#include <vector>

extern char** environ;

namespace heddle {
namespace {

volatile std::sig_atomic_t stop_requested = 0;
void OnStop(int /*signal*/) { stop_requested = 1; }

// Restores the previous handlers, so that RunTasks leaves no trace.
class StopSignals {
 public:
  StopSignals() {
    struct sigaction action{};
    action.sa_handler = OnStop;
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopSignals() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction interrupt_{};
  struct sigaction terminate_{};
};

struct Running {
  Task task;
  pid_t pid = -1;
  int out = -1;
  int err = -1;
  std::string partial;
  ProcessResult result;
};

bool Start(Running& process) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) return false;
  if (pipe2(err.data(), O_CLOEXEC) != 0) {
    close(out[0]);
    close(out[1]);
    return false;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& word : process.task.command) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (std::string& setting : process.task.environment) environment.push_back(setting.data());
  for (char** setting = environ; *setting != nullptr; ++setting) environment.push_back(*setting);
  environment.push_back(nullptr);
  const int error =
      posix_spawn(&process.pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  process.out = out[0];
  process.err = err[0];
  if (error != 0) {
    process.pid = -1;
    process.result.errors = std::string(argv[0]) + ": " + std::strerror(error);
  }
  return error == 0;
}

// False at end of file.
bool Drain(int fd, std::string& into) {
  std::array<char, 65536> buffer{};
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

void DeliverLines(Running& process) {
  std::size_t end = 0;
  while ((end = process.partial.find('\n')) != std::string::npos) {
    const std::string line = process.partial.substr(0, end);
    process.partial.erase(0, end + 1);
    if (process.task.on_line) process.task.on_line(line);
  }
}

void Finish(Running& process) {
  if (process.pid > 0) {
    int status = 0;
    while (waitpid(process.pid, &status, 0) < 0 && errno == EINTR) {
    }
    process.result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  if (!process.partial.empty() && process.task.on_line) process.task.on_line(process.partial);
  if (process.task.on_exit) process.task.on_exit(process.result);
}

}  // namespace

bool RunTasks(std::vector<Task> tasks, std::size_t jobs, const std::function<void()>& on_tick) {
  std::size_t at = 0;
  return RunTasks(
      [&](Task& task) {
        if (at == tasks.size()) return false;
        task = std::move(tasks[at++]);
        return true;
      },
      jobs, on_tick);
}

bool RunTasks(const std::function<bool(Task&)>& next, std::size_t jobs,
              const std::function<void()>& on_tick) {
  StopSignals signals;
  stop_requested = 0;
  bool told = false;
  std::list<Running> running;
  for (;;) {
    Task task;
    while (running.size() < jobs && stop_requested == 0 && next(task)) {
      Running& process = running.emplace_back();
      process.task = std::exchange(task, Task());
      if (!Start(process)) {
        Finish(process);
        running.pop_back();
      }
    }
    if (running.empty()) break;
    if (stop_requested != 0 && !std::exchange(told, true)) {
      for (const Running& process : running) kill(process.pid, SIGINT);
    }
    std::vector<pollfd> waiting;
    for (const Running& process : running) {
      waiting.push_back({.fd = process.out, .events = POLLIN, .revents = 0});
      waiting.push_back({.fd = process.err, .events = POLLIN, .revents = 0});
    }
    // A closed end is -1, which poll() skips.
    poll(waiting.data(), waiting.size(), 500);
    if (on_tick) on_tick();
    std::size_t index = 0;
    for (auto process = running.begin(); process != running.end(); index += 2) {
      if (waiting[index].revents != 0 && !Drain(process->out, process->partial)) {
        close(std::exchange(process->out, -1));
      }
      if (waiting[index + 1].revents != 0 && !Drain(process->err, process->result.errors)) {
        close(std::exchange(process->err, -1));
      }
      DeliverLines(*process);
      if (process->out == -1 && process->err == -1) {
        Finish(*process);
        process = running.erase(process);
      } else {
        ++process;
      }
    }
  }
  return stop_requested == 0;
}

}  // namespace heddle
