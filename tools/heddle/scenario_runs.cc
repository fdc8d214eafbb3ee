// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/scenario_runs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/heddle/common_flags.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {

Progress::Progress(std::size_t total) : total_(total), shown_(isatty(STDERR_FILENO) != 0) {}

void Progress::Clear() const {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::Show() const {
  if (!shown_ || done_ >= total_) return;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double rate = static_cast<double>(done_) / std::max(seconds, 0.001);
  Clear();
  std::fprintf(stderr, "%zu/%zu, %.1f/s", done_, total_, rate);
  if (done_ > 0)
    std::fprintf(stderr, ", about %.0f s left", static_cast<double>(total_ - done_) / rate);
  std::fflush(stderr);
}

absl::Status KeepEngines(const std::vector<std::string>& wanted,
                         std::vector<ScenarioBinary>& binaries) {
  if (wanted.empty()) return absl::OkStatus();
  std::set<std::string> known;
  for (const ScenarioBinary& binary : binaries) known.insert(binary.engine);
  for (const std::string& engine : wanted) {
    if (known.count(engine) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown engine '", engine, "'; there are ", absl::StrJoin(known, ", ")));
    }
  }
  std::erase_if(binaries, [&](const ScenarioBinary& binary) {
    return std::find(wanted.begin(), wanted.end(), binary.engine) == wanted.end();
  });
  return absl::OkStatus();
}

std::optional<std::vector<SelectedBinary>> SelectScenarios(
    const std::vector<ScenarioBinary>& binaries, const std::vector<std::string>& patterns,
    const std::vector<std::string>& flags) {
  std::vector<SelectedBinary> all;
  for (const ScenarioBinary& binary : binaries) all.push_back({.binary = binary, .scenarios = {}});
  std::vector<Task> tasks;
  for (SelectedBinary& each : all) {
    Task task;
    task.command = {each.binary.path, "--list"};
    task.command.insert(task.command.end(), flags.begin(), flags.end());
    task.command.insert(task.command.end(), patterns.begin(), patterns.end());
    task.on_line = [&each](const std::string& line) { each.scenarios.push_back(line); };
    tasks.push_back(std::move(task));
  }
  if (!RunTasks(std::move(tasks), 4, nullptr)) return std::nullopt;
  std::erase_if(all, [](const SelectedBinary& each) { return each.scenarios.empty(); });
  return all;
}

absl::Status CheckWritable(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::error_code error;
  const bool existed = std::filesystem::exists(path, error);
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr)
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  std::fclose(file);
  if (!existed) std::filesystem::remove(path, error);
  return absl::OkStatus();
}

std::string OutDirectory() {
  std::string out = absl::GetFlag(FLAGS_out);
  if (out.empty()) {
    const char* workspace = std::getenv("HEDDLE_WORKSPACE");
    out = absl::StrCat(workspace != nullptr ? workspace : ".", "/out");
  }
  return out;
}

}  // namespace heddle
