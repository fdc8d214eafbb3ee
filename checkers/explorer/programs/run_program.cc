// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/programs/run_program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checkers/scenario/counterexample.h"

namespace heddle::explorer {

ProgramRun RunProgram(const std::string& program, const std::string& arguments,
                      const std::string& options) {
  ProgramRun run{.record = report::Record{}, .output = "", .status = 0};
  const char* const directory = std::getenv("TEST_TMPDIR");
  const std::string file =
      absl::StrCat(directory == nullptr ? "/tmp" : directory, "/record.", getpid());
  const std::string command =
      absl::StrCat("HEDDLE_EXPLORE_OPTIONS='", options, options.empty() ? "" : ":", "record=", file,
                   "' checkers/explorer/programs/", program, " ", arguments, " 2>&1");
  std::FILE* const output = popen(command.c_str(), "r");
  if (output == nullptr) {
    run.record = absl::ErrnoToStatus(errno, "popen");
    return run;
  }
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) run.output += buffer.data();
  const int status = pclose(output);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const absl::StatusOr<std::string> text = ReadFile(file);
  std::remove(file.c_str());
  if (text.ok()) {
    run.record = report::ParseRecord(*text);
  } else {
    run.record = text.status();
  }
  return run;
}

}  // namespace heddle::explorer
