// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/symmetry.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace heddle::explorer::oracle {
namespace {

using Names = std::vector<int>;  // by thread: its new number

// Threads of the same number can change places.
std::vector<int> Classes(const Program& program) {
  std::vector<int> created;  // 0: something else in between
  if (program.has_main) {
    for (const Statement& s : program.threads[0]) {
      created.push_back(s.kind == Statement::Kind::kCreate ? s.thread : 0);
    }
  } else {
    for (std::size_t i = 1; i < program.threads.size(); ++i) created.push_back(static_cast<int>(i));
  }
  std::vector<int> classes(program.threads.size(), -1);
  int before = 0;
  for (const int thread : created) {
    const auto at = static_cast<std::size_t>(thread);
    const auto last = static_cast<std::size_t>(before);
    const bool same = before != 0 && program.threads[at] == program.threads[last];
    if (thread != 0) classes[at] = same ? classes[last] : thread;
    before = thread;
  }
  return classes;
}

// Numbers of threads are one digit, and stand before a point or, at the beginning of a part,
// before a colon.
std::string Renamed(absl::string_view text, const Names& names) {
  std::string out(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const bool starts = i == 0 || out[i - 1] == ' ' || out[i - 1] == '<';
    if (!starts || absl::ascii_isdigit(out[i]) == 0) continue;
    const bool is_thread = out[i + 1] == '.' || (i == 0 && out[i + 1] == ':');
    if (is_thread) out[i] = static_cast<char>('0' + names[static_cast<std::size_t>(out[i] - '0')]);
  }
  return out;
}

// Both texts are lists whose parts name a thread first, or a location: those stay behind.
std::string Renamed(const std::string& text, absl::string_view separator, const Names& names) {
  std::vector<std::string> parts;
  std::vector<std::string> rest;
  for (const absl::string_view part : absl::StrSplit(text, separator, absl::SkipEmpty())) {
    const bool names_thread = absl::ascii_isdigit(part[0]) != 0;
    (names_thread ? parts : rest).push_back(Renamed(part, names));
  }
  std::sort(parts.begin(), parts.end());
  parts.insert(parts.end(), rest.begin(), rest.end());
  return absl::StrJoin(parts, separator);
}

}  // namespace

std::set<std::string> UpToSymmetry(const Program& program, const std::set<std::string>& texts) {
  const std::vector<int> classes = Classes(program);
  Names names(program.threads.size());
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = static_cast<int>(i);
  std::vector<Names> all;
  do {
    bool fits = true;
    for (std::size_t i = 0; i < names.size(); ++i) {
      fits = fits && classes[i] == classes[static_cast<std::size_t>(names[i])] &&
             (classes[i] >= 0 || names[i] == static_cast<int>(i));
    }
    if (fits) all.push_back(names);
  } while (std::next_permutation(names.begin(), names.end()));
  std::set<std::string> result;
  for (const std::string& text : texts) {
    const bool is_graph = text.find(" | ") != std::string::npos;
    std::string least;
    for (const Names& renaming : all) {
      const std::string renamed = Renamed(text, is_graph ? " | " : " ", renaming);
      if (least.empty() || renamed < least) least = renamed;
    }
    result.insert(least);
  }
  return result;
}

}  // namespace heddle::explorer::oracle
