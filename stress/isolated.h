// SPDX-License-Identifier: Apache-2.0
//
// For tests of the engine: one scenario in a process of its own, as the runner does it.
#ifndef HEDDLE_STRESS_ISOLATED_H_
#define HEDDLE_STRESS_ISOLATED_H_

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"
#include "checkers/scenario/verdict.h"
#include "stress/engine.h"
#include "stress/harness.h"

namespace heddle::stress {

struct IsolatedOutcome {
  std::string verdict;  // "none" when the process ended without one
  std::string detail;
};

inline IsolatedOutcome RunIsolated(std::string_view name, const Settings& settings) {
  const Scenario* scenario = nullptr;
  for (const Scenario& candidate : RegisteredScenarios()) {
    if (candidate.full_name() == name) scenario = &candidate;
  }
  std::array<int, 2> ends{};
  if (scenario == nullptr || pipe(ends.data()) != 0) return {"none", "no such scenario"};
  const pid_t child = fork();
  if (child == 0) {
    const Outcome outcome = RunUnder(*scenario, settings);
    std::string text(ToString(outcome.verdict));
    text += "\n" + outcome.reason + outcome.detail;
    const ssize_t wrote = write(ends[1], text.data(), text.size());
    _exit(wrote == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = read(ends[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  const std::size_t line = text.find('\n');
  if (line == std::string::npos) return {"none", text};
  return {text.substr(0, line), text.substr(line + 1)};
}

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_ISOLATED_H_
