// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/isolation.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"
#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;
volatile pid_t running_child = 0;

void OnInterrupt(int /*signal*/) {
  interrupted = 1;
  if (running_child > 0) kill(running_child, SIGKILL);
}

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string OutcomeToText(const Outcome& outcome, bool site_reached) {
  nlohmann::json json;
  json["verdict"] = static_cast<int>(outcome.verdict);
  json["mode"] = outcome.mode;
  json["executions"] = outcome.executions;
  json["blocked"] = outcome.blocked;
  json["complete"] = outcome.complete;
  json["seconds"] = outcome.seconds;
  json["reason"] = outcome.reason;
  json["detail"] = outcome.detail;
  json["state"] = outcome.state;
  json["schedule"] = outcome.schedule;
  json["site_reached"] = site_reached;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool OutcomeFromText(const std::string& text, Outcome& outcome, bool& site_reached) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  outcome.verdict = static_cast<Verdict>(json["verdict"].get<int>());
  outcome.mode = json["mode"].get<std::string>();
  outcome.executions = json["executions"].get<std::uint64_t>();
  outcome.blocked = json["blocked"].get<std::uint64_t>();
  outcome.complete = json["complete"].get<bool>();
  outcome.seconds = json["seconds"].get<double>();
  outcome.reason = json["reason"].get<std::string>();
  outcome.detail = json["detail"].get<std::string>();
  outcome.state = json["state"].get<std::string>();
  outcome.schedule = json["schedule"].get<std::string>();
  site_reached = json["site_reached"].get<bool>();
  return true;
}

[[noreturn]] void RunChild(const Scenario& scenario, const RunOptions& options, int pipe) {
  std::signal(SIGINT, SIG_IGN);  // the parent reports the interruption and kills this process
  const Outcome outcome = RunScenario(scenario, options);
  const bool reached = scenario.site_reached == nullptr || scenario.site_reached();
  const std::string text = OutcomeToText(outcome, reached);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(pipe, text.data() + done, text.size() - done);
    if (wrote <= 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  std::fflush(nullptr);
  _exit(0);
}

// Reads until end of file or the deadline; false on the deadline.
bool ReadAll(int fd, double limit, Clock::time_point start, std::string& text) {
  std::array<char, 4096> buffer{};
  for (;;) {
    int timeout = -1;
    if (limit > 0) {
      const double left = limit - Since(start);
      if (left <= 0) return false;
      timeout = static_cast<int>(left * 1000) + 1;
    }
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) continue;
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

IsolatedOutcome RunIsolated(const Scenario& scenario, const RunOptions& options) {
  IsolatedOutcome isolated;
  Outcome& outcome = isolated.outcome;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    outcome.reason = absl::StrCat("pipe: ", std::strerror(errno));
    return isolated;
  }
  std::fflush(nullptr);
  const auto start = Clock::now();
  const pid_t child = fork();
  if (child < 0) {
    outcome.reason = absl::StrCat("fork: ", std::strerror(errno));
    return isolated;
  }
  if (child == 0) {
    close(ends[0]);
    RunChild(scenario, options, ends[1]);
  }
  running_child = child;
  close(ends[1]);
  std::string text;
  const double limit = ThisEngine().seconds_limit;
  const bool in_time = ReadAll(ends[0], limit, start, text);
  if (!in_time) kill(child, SIGKILL);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  running_child = 0;
  if (OutcomeFromText(text, outcome, isolated.site_reached)) return isolated;
  outcome.seconds = Since(start);
  if (!in_time) {
    outcome.verdict = Verdict::kIncomplete;
    outcome.reason = absl::StrCat("stopped after ", limit, " seconds");
  } else if (WIFSIGNALED(status)) {
    outcome.verdict = Verdict::kCrash;
    outcome.reason =
        absl::StrCat("ended by signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  } else {
    outcome.verdict = Verdict::kCrash;
    outcome.reason =
        absl::StrCat("exited with status ", WEXITSTATUS(status), " before its verdict");
  }
  return isolated;
}

void CatchInterrupts() {
  struct sigaction action{};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return interrupted != 0; }

}  // namespace heddle
