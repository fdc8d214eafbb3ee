// SPDX-License-Identifier: Apache-2.0
//
// The scenario binaries that were built with the tool, found through its runfiles.
#ifndef HEDDLE_TOOLS_HEDDLE_SUITE_H_
#define HEDDLE_TOOLS_HEDDLE_SUITE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace heddle {

struct ScenarioBinary {
  std::string engine;
  std::string label;
  std::string path;
};

// Directory of the tool's data, with a trailing slash.
std::string RunfilesRoot();

// `manifest` holds lines "engine<TAB>label<TAB>path below root".
absl::StatusOr<std::vector<ScenarioBinary>> ParseManifest(absl::string_view manifest,
                                                          absl::string_view root);

absl::StatusOr<std::vector<ScenarioBinary>> LoadSuite();

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_SUITE_H_
