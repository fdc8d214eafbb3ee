// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/ask_explorer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/scenario_runs.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

std::optional<VerdictRecord> Ask(const std::string& explorer, const std::string& scenario,
                                 const std::string& out, const std::string& option) {
  std::optional<VerdictRecord> answer;
  Task task;
  task.command = {explorer,
                  "--quiet",
                  "--json=/dev/stdout",
                  "--time=30",
                  absl::StrCat("--counterexamples=", out),
                  absl::StrCat("=", scenario)};
  if (!option.empty()) task.command.push_back(option);
  task.on_line = [&answer](const std::string& line) {
    if (auto record = VerdictRecordFromJson(line)) answer = *std::move(record);
  };
  std::vector<Task> tasks;
  tasks.push_back(std::move(task));
  if (!RunTasks(std::move(tasks), 1, nullptr)) return std::nullopt;
  return answer;
}

std::string Found(const VerdictRecord& answer) {
  std::string text = absl::StrCat(": ", std::string(ToString(answer.verdict)), "\n");
  if (answer.counterexample) {
    absl::StrAppend(&text, "  replay it:  ./heddle check --replay=", *answer.counterexample, "\n");
  }
  return text;
}

}  // namespace

std::string TellAnswers(const VerdictRecord* guided, const VerdictRecord* any) {
  std::string text;
  if (guided != nullptr && IsFinding(guided->verdict)) {
    const std::uint64_t before = guided->executions + guided->blocked;
    return absl::StrCat("  reproduced in the explorer, ",
                        before == 0 ? "in the recorded order"
                                    : absl::StrCat("in an order close to the recorded one (the ",
                                                   before, " tried before do not fail)"),
                        Found(*guided));
  }
  if (guided != nullptr && guided->verdict == Verdict::kError) {
    absl::StrAppend(&text, "  the explorer cannot follow the recorded order: ", guided->reason,
                    "\n");
  } else if (guided != nullptr) {
    absl::StrAppend(&text, "  not reproduced in the recorded order, nor in ",
                    guided->executions + guided->blocked, " close to it\n");
  }
  if (any == nullptr) return text + "  the explorer gave no answer\n";
  if (IsFinding(any->verdict)) {
    return absl::StrCat(text, "  reproduced in the explorer, in execution ",
                        any->executions + any->blocked + 1, " of all there are", Found(*any));
  }
  return absl::StrCat(
      text, "  not reproduced in the explorer: ", std::string(ToString(any->verdict)), " after ",
      any->executions, " executions", any->complete ? ", all there are" : "", "\n");
}

std::string AskTheExplorer(const VerdictRecord& failure,
                           const std::vector<ScenarioBinary>& explorers, const std::string& out) {
  const std::string name = FullName(failure);
  const auto selected = SelectScenarios(explorers, {absl::StrCat("=", name)}, {});
  if (!selected || selected->empty()) return "  the explorer does not run this scenario\n";
  const std::string& explorer = (*selected)[0].binary.path;
  std::optional<VerdictRecord> guided;
  if (failure.schedule) {
    guided = Ask(explorer, name, out, absl::StrCat("--schedule=", *failure.schedule));
  }
  std::optional<VerdictRecord> any;
  if (!guided || !IsFinding(guided->verdict)) any = Ask(explorer, name, out, "");
  return TellAnswers(guided ? &*guided : nullptr, any ? &*any : nullptr);
}

}  // namespace heddle
