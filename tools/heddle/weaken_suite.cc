// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_suite.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"
#include "tools/heddle/weaken.h"
#include "tools/heddle/weaken_run.h"

namespace heddle {
namespace weaken {
namespace {

constexpr char kEngine[] = "explore";
// Of scenarios and the machinery below them: their orders are part of the claim.
constexpr absl::string_view kLeftOut[] = {"models/", "checkers/scenario/", "checkers/explorer/"};

constexpr char kHelp[] =
    R"(usage: heddle weaken [PATTERN...] [OPTION]...

Tries each weaker memory order at each atomic operation of the primitives, one at a time, under every scenario
whose name contains a PATTERN and that executes the operation, over every execution that RC11 allows. Prints which
orders are needed, and by what execution; which the scenarios cannot justify; and which of those can be weaker
together.

  --time=SECONDS         bound of one exploration; what is longer is undecided (default 60)
  --library              also the operations in system headers
  --models               also those of the scenarios themselves
  --json=FILE            a line for each order
  --markdown=FILE        a page with the table
  --reasons=FILE         why orders are kept though no scenario needs them (default models/memory_orders.txt)
  --out=DIR              where counterexamples go (default: out/weaken in the workspace)
  --suite=FILE           scenario binaries to use, a line "explore<TAB>LABEL<TAB>PATH" each (default: all)
  --quiet                no progress

Exit status: 0 the table is printed, 1 a scenario fails as it is, 2 wrong usage, 3 the tool failed, 130 interrupted.
)";

struct SuiteOptions {
  bool help = false;
  bool library = false;
  bool models = false;
  double seconds = 60;
  std::string out;
  std::string suite;
  Reports reports;
  std::vector<std::string> patterns;
};

absl::StatusOr<SuiteOptions> Parse(const std::vector<std::string>& arguments) {
  SuiteOptions options;
  options.reports.command = "heddle weaken";
  const std::vector<std::pair<absl::string_view, bool*>> switches = {
      {"help", &options.help},
      {"library", &options.library},
      {"models", &options.models},
      {"quiet", &options.reports.quiet}};
  std::string seconds;
  const std::vector<std::pair<absl::string_view, std::string*>> valued = {
      {"time", &seconds},
      {"json", &options.reports.json},
      {"markdown", &options.reports.markdown},
      {"reasons", &options.reports.reasons},
      {"out", &options.out},
      {"suite", &options.suite}};
  for (const std::string& argument : arguments) {
    absl::string_view name = argument;
    if (!absl::ConsumePrefix(&name, "-")) {
      options.patterns.push_back(argument);
      continue;
    }
    const bool is_long = absl::ConsumePrefix(&name, "-");
    const std::size_t equals = name.find('=');
    const absl::string_view value =
        equals == absl::string_view::npos ? "" : name.substr(equals + 1);
    name = name.substr(0, equals);
    const auto named = [name](const auto& one) { return one.first == name; };
    const auto flag = std::find_if(switches.begin(), switches.end(), named);
    const auto setting = std::find_if(valued.begin(), valued.end(), named);
    if (argument == "-h" ||
        (is_long && flag != switches.end() && equals == absl::string_view::npos)) {
      *(argument == "-h" ? &options.help : flag->second) = true;
    } else if (is_long && setting != valued.end() && !value.empty()) {
      *setting->second = std::string(value);
    } else if (is_long && setting != valued.end()) {
      return absl::InvalidArgumentError(absl::StrCat("option --", name, " needs a value"));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown option ", argument));
    }
  }
  absl::string_view number = seconds;
  absl::ConsumeSuffix(&number, "s");
  if (!seconds.empty() && (!absl::SimpleAtod(number, &options.seconds) ||
                           !(options.seconds > 0 && options.seconds < 1e6))) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad value '", seconds, "' for option --time: want seconds"));
  }
  return options;
}

std::string Workspace() {
  const char* workspace = std::getenv("HEDDLE_WORKSPACE");
  return workspace != nullptr ? workspace : ".";
}

absl::StatusOr<std::vector<ScenarioBinary>> Binaries(const SuiteOptions& options) {
  absl::StatusOr<std::vector<ScenarioBinary>> all;
  if (options.suite.empty()) {
    all = LoadSuite();
  } else {
    const absl::StatusOr<std::string> manifest = ReadFile(options.suite);
    if (!manifest.ok()) return absl::InvalidArgumentError(manifest.status().message());
    all = ParseManifest(*manifest, "");
  }
  if (!all.ok()) return all.status();
  std::vector<ScenarioBinary> binaries;
  for (const ScenarioBinary& binary : *all) {
    if (binary.engine == kEngine) binaries.push_back(binary);
  }
  return binaries;
}

// The scenarios of each binary, mutants left out. False: interrupted.
bool List(const std::vector<ScenarioBinary>& binaries, const SuiteOptions& options,
          std::vector<std::vector<std::string>>& names) {
  names.resize(binaries.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < binaries.size(); ++i) {
    Task task;
    task.command = {binaries[i].path, "--list", "--nomutants"};
    task.command.insert(task.command.end(), options.patterns.begin(), options.patterns.end());
    task.on_line = [&names, i](const std::string& line) { names[i].push_back(line); };
    tasks.push_back(std::move(task));
  }
  return RunTasks(std::move(tasks), 2, nullptr);
}

Subject MakeSubject(const std::string& path, std::size_t binary, const std::string& scenario,
                    double seconds) {
  Subject subject;
  subject.name = scenario;
  subject.binary = binary;
  subject.task = [path, scenario, seconds](const std::string& orders, const std::string& record) {
    Task task;
    task.command = {path, "--quiet", absl::StrCat("--record=", record),
                    absl::StrCat("--time=", seconds), absl::StrCat("=", scenario)};
    if (!orders.empty()) task.command.push_back(absl::StrCat("--orders=", orders));
    return task;
  };
  // A scenario of deliberately broken code.
  subject.fails_on_purpose = [](int status) { return status == kExitOk; };
  return subject;
}

int Say(absl::string_view problem, int status) {
  std::fprintf(stderr, "heddle weaken: %s\n", std::string(problem).c_str());
  return status;
}

int WeakenSuite(SuiteOptions options) {
  const absl::StatusOr<std::vector<ScenarioBinary>> binaries = Binaries(options);
  if (!binaries.ok()) {
    return Say(binaries.status().message(),
               absl::IsInvalidArgument(binaries.status()) ? kExitUsage : kExitInternal);
  }
  std::vector<std::vector<std::string>> names;
  if (!List(*binaries, options, names)) return kExitInterrupted;
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::string& name : names[i]) {
      subjects.push_back(MakeSubject((*binaries)[i].path, i, name, options.seconds));
    }
  }
  if (subjects.empty()) {
    return Say(absl::StrCat("no scenario matches ", absl::StrJoin(options.patterns, " ")),
               kExitUsage);
  }
  const Scratch scratch("weaken");
  if (scratch.path().empty()) return Say("no temporary directory", kExitInternal);
  Settings settings;
  settings.library = options.library;
  for (const absl::string_view prefix : kLeftOut) {
    if (!options.models) settings.leave_out.emplace_back(prefix);
  }
  settings.scratch = scratch.path();
  settings.out = options.out.empty() ? absl::StrCat(Workspace(), "/out/weaken") : options.out;
  settings.replay = [](const std::string& path) {
    return absl::StrCat("./heddle check --replay=", path);
  };
  const std::string reasons = absl::StrCat(Workspace(), "/models/memory_orders.txt");
  std::error_code error;
  if (options.reports.reasons.empty() && std::filesystem::exists(reasons, error)) {
    options.reports.reasons = reasons;
  }
  options.reports.made_by =
      absl::StrCat("./heddle weaken ", absl::StrJoin(options.patterns, " "),
                   options.patterns.empty() ? "" : " ", "--markdown=", options.reports.markdown);
  return RunWeakening(std::move(subjects), std::move(settings), options.reports);
}

}  // namespace
}  // namespace weaken

int RunWeaken(const std::vector<std::string>& arguments) {
  absl::StatusOr<weaken::SuiteOptions> options = weaken::Parse(arguments);
  if (!options.ok()) return weaken::Say(options.status().message(), kExitUsage);
  if (options->help) {
    std::fputs(weaken::kHelp, stdout);
    return kExitOk;
  }
  return weaken::WeakenSuite(*std::move(options));
}

}  // namespace heddle
