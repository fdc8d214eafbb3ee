// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"
#include "checkers/explorer/report/record.h"
#include "checkers/explorer/report/text.h"
#include "checkers/lock_order/report/printable.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/explore_build.h"
#include "tools/heddle/explore_options.h"
#include "tools/heddle/explore_run.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/weaken_program.h"

namespace heddle {
namespace explore {
namespace {

namespace fs = std::filesystem;
using explorer::report::Record;

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle explore: %s\n", std::string(problem).c_str());
  return kExitUsage;
}

int Failed(absl::string_view problem) {
  std::fprintf(stderr, "heddle explore: %s\n", std::string(problem).c_str());
  return kExitInternal;
}

// One line on a terminal, rewritten.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : on_(!quiet && isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const explorer::report::RecordedProgress& progress) {
    if (!on_ || (progress.complete == 0 && progress.blocked == 0)) return;
    std::string text = absl::StrFormat("%d executions", progress.complete);
    if (progress.seconds > 0) {
      absl::StrAppendFormat(&text, ", %.0f/s",
                            static_cast<double>(progress.complete) / progress.seconds);
    }
    if (progress.done && *progress.done > 0 && *progress.done <= 1) {
      absl::StrAppendFormat(&text, ", about %.0f%%, %.0f s left", *progress.done * 100,
                            progress.seconds * (1 - *progress.done) / *progress.done);
    }
    std::fprintf(stderr, "\r%s\033[K", text.c_str());
    shown_ = true;
  }

  void Clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
  }

 private:
  const bool on_;
  bool shown_ = false;
};

// The program's name in verdicts and file names.
std::string NameOf(const Options& options) {
  return options.binary.empty() ? options.sources[0] : options.binary;
}

std::string OutDirectory(const Options& options) {
  if (!options.out.empty()) return options.out;
  const char* workspace = std::getenv("HEDDLE_WORKSPACE");
  return absl::StrCat(workspace != nullptr ? workspace : ".", "/out");
}

int TerminalWidth() {
  constexpr int kOtherwise = 120;
  constexpr int kLeast = 60;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kOtherwise;
  return std::max<int>(size.ws_col, kLeast);
}

class Exploration {
 public:
  // `path` is that of the execution to replay, which ended with `expected`; empty: all.
  Exploration(const Options& options, const std::string& path, const std::string& expected)
      : options_(options), path_(path), expected_(expected) {}

  int Run() {
    const Scratch scratch("explore");
    if (scratch.path().empty()) {
      return Failed(absl::StrCat("no temporary directory: ", std::strerror(errno)));
    }
    std::string program = options_.binary;
    if (program.empty()) {
      program = options_.keep.empty() ? absl::StrCat(scratch.path(), "/program") : options_.keep;
      if (const int status = Build(options_, scratch.path(), program, unseen_); status != kExitOk) {
        return status;
      }
    } else if (access(program.c_str(), X_OK) != 0) {
      return Usage(absl::StrCat(program, ": ", std::strerror(errno)));
    }
    std::error_code error;
    program = fs::absolute(program, error).string();
    const RunResult result = Explore(program, absl::StrCat(scratch.path(), "/record"));
    if (result.interrupted) return kExitInterrupted;
    if (!result.started) return Usage(absl::StrCat(program, ": ", result.problem));
    if (!problem_.empty()) return Failed(absl::StrCat("the record of the exploration: ", problem_));
    const int status = Report(program, result);
    if (status != kExitOk || !options_.weaken) return status;
    return weaken::WeakenProgram(
        options_, {.name = NameOf(options_),
                   .path = program,
                   .scratch = scratch.path(),
                   .out = OutDirectory(options_),
                   .replay = [this](const std::string& path) { return ReplayCommand(path); }});
  }

 private:
  RunResult Explore(const std::string& program, const std::string& record) {
    RecordedRun run;
    run.command = {program};
    run.command.insert(run.command.end(), options_.arguments.begin(), options_.arguments.end());
    run.record = record;
    std::vector<std::pair<std::string, std::string>> settings = options_.runtime;
    if (!path_.empty()) {
      settings.emplace_back("replay", path_);
      if (!expected_.empty()) settings.emplace_back("expected", expected_);
    }
    settings.emplace_back("record", record);
    // A test of which there are shards explores all in each of them, unless it says otherwise.
    if (std::none_of(settings.begin(), settings.end(),
                     [](const auto& setting) { return setting.first == "shard"; })) {
      settings.emplace_back("shard", "off");
    }
    run.options = RuntimeOptions(settings);
    run.show_output = !options_.replay.empty();
    ProgressLine line(options_.quiet);
    std::string partial;
    run.on_text = [&](const std::string& text) {
      partial += text;
      std::size_t from = 0;
      for (std::size_t end = 0; (end = partial.find('\n', from)) != std::string::npos;
           from = end + 1) {
        const absl::string_view one = absl::string_view(partial).substr(from, end - from);
        const absl::Status status = explorer::report::AddLine(one, record_);
        if (!status.ok() && problem_.empty()) problem_ = std::string(status.message());
      }
      partial.erase(0, from);
    };
    run.on_tick = [&] { line.Show(record_.progress); };
    return RunRecorded(run);
  }

  int Report(const std::string& program, const RunResult& result) {
    if (record_.error) {
      // A program that is replayed has said it itself.
      if (!options_.replay.empty()) return kExitUsage;
      std::fputs(explorer::report::FormatText(explorer::report::Describe(record_, Directory()),
                                              {.width = TerminalWidth(), .replay_command = ""})
                     .c_str(),
                 stderr);
      return kExitUsage;
    }
    if (!record_.end) return Died(program, result);
    LeaveOutUnseen(*record_.end);
    const explorer::report::RecordedEnd& end = *record_.end;
    const auto verdict = VerdictFromString(end.verdict);
    if (!verdict) return Failed(absl::StrCat("unknown verdict '", end.verdict, "'"));
    if (*verdict == Verdict::kError && !options_.replay.empty()) {
      const std::string why = record_.finding ? record_.finding->message : end.reason;
      return Usage(absl::StrCat(options_.replay, ": ", lock_order::Printable(why)));
    }
    std::string path;
    absl::Status written = absl::OkStatus();
    if (IsFinding(*verdict) && options_.replay.empty() && !record_.replay.empty()) {
      written = Keep(*verdict, path);
      if (!written.ok()) path.clear();
    }
    const explorer::report::Execution execution = explorer::report::Describe(record_, Directory());
    Print(*verdict, execution, path);
    // Whatever cannot be written, the rest is.
    written.Update(Write(*verdict, execution, path));
    if (!written.ok()) return Usage(written.message());
    return *verdict == Verdict::kPass ? kExitOk : kExitFound;
  }

  // As the runtime does where it finds such code itself.
  void LeaveOutUnseen(explorer::report::RecordedEnd& end) const {
    if (unseen_.empty()) return;
    end.complete = false;
    if (end.verdict == "pass") end.verdict = "incomplete";
    if (end.verdict != "incomplete") return;
    absl::StrAppend(&end.reason, end.reason.empty() ? "" : "; ",
                    "what is not instrumented was not explored: ", absl::StrJoin(unseen_, ", "));
  }

  int Died(const std::string& program, const RunResult& result) {
    std::fputs(result.output.c_str(), stderr);
    if (record_.program.empty()) {
      // The runtime has said why it did not begin.
      if (absl::StrContains(result.output, "heddle explorer: ")) return kExitUsage;
      const std::string how = result.status > 128
                                  ? absl::StrCat(" (it ended by signal ", result.status - 128, ", ",
                                                 strsignal(result.status - 128), ")")
                                  : "";
      return Usage(absl::StrCat(program, ": not linked with the explorer's runtime", how));
    }
    if (result.status > 128) {
      return Failed(absl::StrCat(program, ": the exploration ended by signal ", result.status - 128,
                                 " (", strsignal(result.status - 128), ")"));
    }
    return Failed(absl::StrCat(program, ": the exploration ended with status ", result.status,
                               " and without a verdict"));
  }

  // The counterexample's file.
  absl::Status Keep(Verdict verdict, std::string& path) {
    const std::string directory = OutDirectory(options_);
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot create ", directory, ": ", error.message()));
    }
    path = fs::path(absl::StrCat(directory, "/", fs::path(NameOf(options_)).filename().string(),
                                 ".explore.txt"))
               .lexically_normal()
               .string();
    const absl::string_view name(ToString(verdict).data(), ToString(verdict).size());
    return WriteCounterexample(path, {.scenario = NameOf(options_),
                                      .mutant = "",
                                      .engine = "explore",
                                      .mode = record_.end->mode,
                                      .verdict = std::string(name),
                                      .state = record_.replay,
                                      .text = explorer::report::FormatText(
                                          explorer::report::Describe(record_, Directory()),
                                          {.width = 120, .replay_command = ReplayCommand(path)})});
  }

  std::string ReplayCommand(const std::string& path) const {
    std::string command = absl::StrCat("./heddle explore --replay=", ShellQuoted(path));
    for (const std::string& word : options_.repeat) {
      absl::StrAppend(&command, " ", ShellQuoted(word));
    }
    if (!options_.arguments.empty()) command += " --";
    for (const std::string& word : options_.arguments) {
      absl::StrAppend(&command, " ", ShellQuoted(word));
    }
    return command;
  }

  void Print(Verdict verdict, const explorer::report::Execution& execution,
             const std::string& path) const {
    const explorer::report::RecordedEnd& end = *record_.end;
    if (options_.quiet && verdict == Verdict::kPass) return;
    const std::string text = verdict == Verdict::kPass
                                 ? ""
                                 : explorer::report::FormatText(
                                       execution, {.width = TerminalWidth(), .replay_command = ""});
    if (!text.empty()) std::printf("%s\n", text.c_str());
    std::printf("%s\n", Summary(verdict, end).c_str());
    if (!path.empty()) std::printf("replay it:  %s\n", ReplayCommand(path).c_str());
  }

  std::string Summary(Verdict verdict, const explorer::report::RecordedEnd& end) const {
    // "full,shard(1/3)"
    const std::pair<std::string, std::string> mode =
        absl::StrSplit(end.mode, absl::MaxSplits(',', 1));
    const bool all = mode.first == "full" || mode.first.empty();
    std::string how = all ? "" : absl::StrCat(" ", mode.first);
    if (end.complete) {
      how = absl::StrCat(" exhaustive (", record_.model == "sc" ? "SC" : "RC11", ")");
    }
    if (!mode.second.empty()) {
      absl::StrAppend(
          &how, " ",
          absl::StrReplaceAll(mode.second, {{",", " "}, {"symmetry", "up to symmetry"}}));
    }
    const absl::string_view name(ToString(verdict).data(), ToString(verdict).size());
    std::string text = absl::StrCat(NameOf(options_), ": ", name, how, ", ", end.executions,
                                    end.executions == 1 ? " execution" : " executions");
    if (end.blocked > 0) absl::StrAppend(&text, ", ", end.blocked, " blocked");
    absl::StrAppendFormat(&text, ", %.2f s", end.seconds);
    if (end.seed && IsSampled(end)) absl::StrAppend(&text, ", seed ", *end.seed);
    if (!end.reason.empty()) absl::StrAppend(&text, "\n  ", lock_order::Printable(end.reason));
    if (!expected_.empty() && name != expected_) {
      absl::StrAppend(&text, "\n  the counterexample's ", lock_order::Printable(expected_),
                      " does not come about in this program");
    }
    return text;
  }

  absl::Status Write(Verdict verdict, const explorer::report::Execution& execution,
                     const std::string& path) const {
    const explorer::report::RecordedEnd& end = *record_.end;
    if (!options_.json.empty()) {
      VerdictRecord record;
      record.scenario = NameOf(options_);
      record.primitive = NameOf(options_);
      record.threads = end.threads;
      record.engine = "explore";
      record.mode = end.mode.empty() ? "full" : end.mode;
      record.executions = end.executions;
      record.blocked = end.blocked;
      record.complete = end.complete;
      record.seconds = end.seconds;
      record.verdict = verdict;
      record.expected = "pass";
      record.ok = verdict == Verdict::kPass;
      if (!path.empty()) record.counterexample = path;
      if (IsSampled(end)) record.seed = end.seed;
      record.reason = end.reason;
      record.detail = explorer::report::FormatText(execution, {.width = 120, .replay_command = ""});
      const absl::Status status = WriteFile(options_.json, absl::StrCat(ToJson(record), "\n"));
      if (!status.ok()) return status;
    }
    if (!options_.html.empty()) {
      std::string summary = Summary(verdict, end);
      if (!path.empty()) absl::StrAppend(&summary, "; replay it: ", ReplayCommand(path));
      return WriteFile(
          options_.html,
          explorer::report::FormatHtml(execution, {.title = NameOf(options_), .summary = summary}));
    }
    return absl::OkStatus();
  }

  static bool IsSampled(const explorer::report::RecordedEnd& end) {
    return absl::StartsWith(end.mode, "random") || absl::StartsWith(end.mode, "pct");
  }

  static std::string Directory() {
    std::error_code error;
    return fs::current_path(error).string();
  }

  const Options& options_;
  const std::string path_;
  const std::string expected_;
  Record record_;
  std::vector<std::string> unseen_;  // objects that are linked and not instrumented
  std::string problem_;              // the first line of the record that is none
};

}  // namespace
}  // namespace explore

int RunExplore(const std::vector<std::string>& arguments) {
  const absl::StatusOr<explore::Options> options = explore::ParseOptions(arguments);
  if (!options.ok()) return explore::Usage(options.status().message());
  if (options->help) {
    std::fputs(explore::kHelp, stdout);
    return kExitOk;
  }
  std::string path;
  std::string expected;
  if (!options->replay.empty()) {
    // A device may have no end.
    std::error_code error;
    const explore::fs::file_status there = explore::fs::status(options->replay, error);
    if (explore::fs::is_character_file(there) || explore::fs::is_block_file(there)) {
      return explore::Usage(absl::StrCat(options->replay, ": not a heddle counterexample"));
    }
    const absl::StatusOr<Counterexample> file = ReadCounterexample(options->replay);
    if (!file.ok()) return explore::Usage(file.status().message());
    if (file->engine != "explore") {
      return explore::Usage(absl::StrCat(options->replay, ": made by the engine ", file->engine));
    }
    path = file->state;
    expected = file->verdict;
    // What a path of an execution has in any case.
    if (!absl::StrContains(path, ';')) {
      return explore::Usage(absl::StrCat(options->replay, ": no execution to replay"));
    }
  }
  const explore::StopSignals signals;
  const int status = explore::Exploration(*options, path, expected).Run();
  return explore::StopSignals::Requested() ? kExitInterrupted : status;
}

}  // namespace heddle
