// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/suppressions.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heddle::lock_order {
namespace {

constexpr std::array<const char*, 4> kPrefixes = {"function:", "file:", "module:", "lock:"};

absl::string_view LastPart(absl::string_view path, absl::string_view glob) {
  const std::size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos || glob.find('/') != absl::string_view::npos) return path;
  return path.substr(slash + 1);
}

template <typename Predicate>
bool AnyFrame(const ReportFinding& finding, const Predicate& predicate) {
  const auto in_stack = [&predicate](const ReportStack& stack) {
    return std::any_of(stack.frames.begin(), stack.frames.end(), predicate);
  };
  return std::any_of(finding.stacks.begin(), finding.stacks.end(), in_stack) ||
         std::any_of(finding.edges.begin(), finding.edges.end(), [&](const ReportEdge& edge) {
           return std::any_of(edge.stacks.begin(), edge.stacks.end(), in_stack);
         });
}

}  // namespace

bool GlobMatches(absl::string_view glob, absl::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = absl::string_view::npos;  // the last one met: it can take more
  std::size_t taken = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      taken = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != absl::string_view::npos) {
      g = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

absl::StatusOr<Suppressions> Suppressions::Parse(absl::string_view text) {
  Suppressions result;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    std::size_t of = 0;
    while (of < kPrefixes.size() && !absl::ConsumePrefix(&line, kPrefixes[of])) ++of;
    line = absl::StripAsciiWhitespace(line);
    if (of == kPrefixes.size() || line.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number, ": expected function:, file:, module: or lock: and a pattern"));
    }
    result.patterns_.push_back(
        {.of = static_cast<Of>(of), .glob = std::string(line), .matches = 0});
  }
  return result;
}

bool Suppressions::Matches(const Pattern& pattern, const ReportFinding& finding) {
  const absl::string_view glob = pattern.glob;
  switch (pattern.of) {
    case Of::kFunction:
      return AnyFrame(finding, [glob](const ReportFrame& frame) {
        // With or without the parameters.
        return !frame.function.empty() &&
               (GlobMatches(glob, frame.function) ||
                GlobMatches(glob,
                            absl::string_view(frame.function).substr(0, frame.function.find('('))));
      });
    case Of::kFile:
      return AnyFrame(finding, [glob](const ReportFrame& frame) {
        return !frame.file.empty() && GlobMatches(glob, LastPart(frame.file, glob));
      });
    case Of::kModule:
      return AnyFrame(finding, [glob](const ReportFrame& frame) {
        return !frame.module.empty() && GlobMatches(glob, LastPart(frame.module, glob));
      });
    case Of::kLock:
      break;
  }
  return std::any_of(finding.locks.begin(), finding.locks.end(), [glob](const ReportLock& lock) {
    return GlobMatches(glob, lock.label) || GlobMatches(glob, lock.lock_class);
  });
}

bool Suppressions::Matches(const ReportFinding& finding) {
  for (Pattern& pattern : patterns_) {
    if (!Matches(pattern, finding)) continue;
    ++pattern.matches;
    return true;
  }
  return false;
}

std::vector<SuppressionCount> Suppressions::Counts() const {
  std::vector<SuppressionCount> counts;
  for (const Pattern& pattern : patterns_) {
    counts.push_back(
        {.pattern = absl::StrCat(kPrefixes[static_cast<std::size_t>(pattern.of)], pattern.glob),
         .matches = pattern.matches});
  }
  return counts;
}

}  // namespace heddle::lock_order
