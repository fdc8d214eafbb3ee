// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/suite.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/counterexample.h"

namespace heddle {

std::string RunfilesRoot() {
  // Under `bazel test` the data is in the test's runfiles, not beside the binary.
  if (const char* test = std::getenv("TEST_SRCDIR")) return absl::StrCat(test, "/");
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return absl::StrCat(self.string(), ".runfiles/");
}

absl::StatusOr<std::vector<ScenarioBinary>> ParseManifest(absl::string_view manifest,
                                                          absl::string_view root) {
  std::vector<ScenarioBinary> binaries;
  for (const absl::string_view line : absl::StrSplit(manifest, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields.size() != 3) {
      return absl::InternalError(absl::StrCat("bad line in the suite's manifest: ", line));
    }
    binaries.push_back({fields[0], fields[1], absl::StrCat(root, fields[2])});
  }
  return binaries;
}

absl::StatusOr<std::vector<ScenarioBinary>> LoadSuite() {
  const std::string root = RunfilesRoot();
  const absl::StatusOr<std::string> manifest =
      ReadFile(absl::StrCat(root, "heddle/models/all.manifest"));
  if (!manifest.ok()) return manifest.status();
  return ParseManifest(*manifest, root);
}

}  // namespace heddle
