// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/places.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heddle::lock_order {
namespace {

// After "include/c++/": the version, perhaps the target, then the name.
absl::string_view WithoutLibraryVersion(absl::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash != absl::string_view::npos) rest.remove_prefix(slash + 1);
  const std::size_t target = rest.find('/');
  if (target != absl::string_view::npos && absl::StrContains(rest.substr(0, target), "-linux-")) {
    rest.remove_prefix(target + 1);
  }
  return rest;
}

// Around the program's own code: it begins there, or its threads do. With the recorder linked in,
// its frames are in the program's module.
bool IsAround(const ReportFrame& frame) {
  return IsRuntimeModule(frame.module) || frame.function == "_start" ||
         absl::StrContains(frame.file, "checkers/lock_order/runtime/interpose_");
}

}  // namespace

std::string NormalPath(absl::string_view path) {
  return std::filesystem::path(std::string(path)).lexically_normal().string();
}

std::string SystemInclude(absl::string_view file) {
  const std::string path = NormalPath(file);
  const absl::string_view text = path;
  constexpr absl::string_view kLibrary = "/include/c++/";
  if (const std::size_t at = text.find(kLibrary); at != absl::string_view::npos) {
    return std::string(WithoutLibraryVersion(text.substr(at + kLibrary.size())));
  }
  // /usr/include/x86_64-linux-gnu/c++/12/bits/gthr-default.h
  if (absl::StartsWith(text, "/usr/include/")) {
    constexpr absl::string_view kTargets = "/c++/";
    if (const std::size_t at = text.find(kTargets); at != absl::string_view::npos) {
      return std::string(WithoutLibraryVersion(text.substr(at + kTargets.size())));
    }
  }
  for (const absl::string_view prefix : {"/usr/include/", "/usr/local/include/"}) {
    absl::string_view rest = text;
    if (!absl::ConsumePrefix(&rest, prefix)) continue;
    const std::size_t slash = rest.find('/');
    if (slash != absl::string_view::npos && absl::StrContains(rest.substr(0, slash), "-linux-")) {
      rest.remove_prefix(slash + 1);
    }
    return std::string(rest);
  }
  constexpr absl::string_view kInclude = "/include/";
  if (absl::StartsWith(text, "/usr/lib/") && absl::StrContains(text, kInclude)) {
    return std::string(text.substr(text.rfind(kInclude) + kInclude.size()));
  }
  return "";
}

bool IsRuntimeModule(absl::string_view module) {
  const std::size_t slash = module.rfind('/');
  const absl::string_view name =
      slash == absl::string_view::npos ? module : module.substr(slash + 1);
  const auto is = [name](absl::string_view library) {
    return absl::StartsWith(name, library) &&
           (name.size() == library.size() || name[library.size()] == '.' ||
            name[library.size()] == '-');
  };
  return is("libheddle_lockorder") || is("libc") || is("libpthread") || is("libstdc++") ||
         is("libc++") || is("libc++abi") || absl::StartsWith(name, "ld-linux") ||
         absl::StartsWith(name, "ld-musl");
}

std::string ShortPath(absl::string_view file, absl::string_view directory) {
  const std::string include = SystemInclude(file);
  if (!include.empty()) return absl::StrCat("<", include, ">");
  absl::ConsumePrefix(&file, kAnonymousDirectory);
  const std::string path = NormalPath(file);
  absl::string_view below = path;
  if (directory.size() > 1 && absl::ConsumePrefix(&below, NormalPath(directory)) &&
      absl::ConsumePrefix(&below, "/")) {
    return std::string(below);
  }
  return path;
}

std::vector<std::size_t> FramesOfInterest(const std::vector<ReportFrame>& frames) {
  std::size_t end = frames.size();
  while (end > 0 && IsAround(frames[end - 1])) --end;
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < end; ++i) {
    if (SystemInclude(frames[i].file).empty()) result.push_back(i);
  }
  if (result.empty()) {
    for (std::size_t i = 0; i < frames.size(); ++i) result.push_back(i);
  }
  return result;
}

}  // namespace heddle::lock_order
