// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_program.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/heddle/explore_options.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/weaken.h"
#include "tools/heddle/weaken_report.h"
#include "tools/heddle/weaken_run.h"

namespace heddle::weaken {

int WeakenProgram(const explore::Options& options, const Program& program) {
  Subject subject;
  subject.name = program.name;
  subject.task = [&](const std::string& orders, const std::string& record) {
    std::vector<std::pair<std::string, std::string>> settings = options.runtime;
    // Also in a test of which there are shards.
    settings.emplace_back("shard", "off");
    settings.emplace_back("sites", "on");
    settings.emplace_back("record", record);
    if (!orders.empty()) settings.emplace_back("orders", orders);
    Task task;
    task.command = {program.path};
    task.command.insert(task.command.end(), options.arguments.begin(), options.arguments.end());
    task.environment = {absl::StrCat("HEDDLE_EXPLORE_OPTIONS=", explore::RuntimeOptions(settings))};
    return task;
  };
  subject.fails_on_purpose = [](int) { return false; };
  Settings settings;
  settings.library = options.library;
  settings.scratch = program.scratch;
  settings.out = program.out;
  settings.replay = program.replay;
  Reports reports;
  reports.command = "heddle explore";
  reports.json = options.json;
  reports.quiet = options.quiet;
  return RunWeakening({subject}, std::move(settings), reports);
}

}  // namespace heddle::weaken
