// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/scratch.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle {

Scratch::Scratch(absl::string_view purpose) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  const bool usable = !error && parent.string().find(':') == std::string::npos;
  std::string name =
      absl::StrCat(usable ? parent.string() : "/tmp", "/heddle_", purpose, ".XXXXXX");
  if (mkdtemp(name.data()) != nullptr) path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace heddle
