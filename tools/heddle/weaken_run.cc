// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/weaken.h"
#include "tools/heddle/weaken_report.h"

namespace heddle::weaken {
namespace {

int Say(const Reports& reports, absl::string_view problem, int status) {
  std::fprintf(stderr, "%s: %s\n", reports.command.c_str(), std::string(problem).c_str());
  return status;
}

absl::Status Write(const Weakening& result, const Settings& settings, const Reasons& reasons,
                   const Reports& reports) {
  if (!reports.json.empty()) {
    const absl::Status status = WriteFile(reports.json, Json(result, settings, reasons));
    if (!status.ok()) return status;
  }
  if (!reports.markdown.empty()) {
    return WriteFile(reports.markdown, Markdown(result, reasons, reports.made_by));
  }
  return absl::OkStatus();
}

}  // namespace

int RunWeakening(std::vector<Subject> subjects, Settings settings, const Reports& reports) {
  Reasons reasons;
  if (!reports.reasons.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(reports.reasons);
    if (!text.ok()) return Say(reports, text.status().message(), kExitUsage);
    absl::StatusOr<Reasons> parsed = ParseReasons(*text);
    if (!parsed.ok()) {
      return Say(reports, absl::StrCat(reports.reasons, ": ", parsed.status().message()),
                 kExitUsage);
    }
    reasons = *std::move(parsed);
  }
  std::error_code error;
  settings.directory = std::filesystem::current_path(error).string();
  settings.jobs = std::max(1U, std::thread::hardware_concurrency());
  const bool terminal = !reports.quiet && isatty(STDERR_FILENO) != 0;
  settings.progress = [terminal](const std::string& line) {
    if (terminal) std::fprintf(stderr, "\r%s\033[K", line.c_str());
  };
  const auto clear = [terminal] {
    if (terminal) std::fputs("\r\033[K", stderr);
  };
  Weakening weakening(std::move(subjects), settings);
  const bool explored = weakening.Explore();
  clear();
  if (!explored) return kExitInterrupted;
  for (const std::string& problem : weakening.problems()) Say(reports, problem, kExitFound);
  if (!weakening.problems().empty()) return kExitFound;
  const bool tried = weakening.Try();
  clear();
  if (!tried) return kExitInterrupted;
  std::fputs(Text(weakening, settings, reasons).c_str(), stdout);
  std::fflush(stdout);
  if (!weakening.status().ok()) return Say(reports, weakening.status().message(), kExitUsage);
  const absl::Status written = Write(weakening, settings, reasons, reports);
  return written.ok() ? kExitOk : Say(reports, written.message(), kExitUsage);
}

}  // namespace heddle::weaken
