// SPDX-License-Identifier: Apache-2.0
#include "stress/schedule.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stress/harness.h"
#include "stress/operation_log.h"

namespace heddle::stress {
namespace {

struct Step {
  std::uint64_t when = 0;
  std::string line;
};

// Plain accesses are no operations of the explorer's.
bool IsPlain(std::string_view name) {
  return name == "get" || name == "set" || name == "take" || name == "destroy";
}

std::string LineOf(int thread, const OperationLog::Entry& entry) {
  const std::uint64_t result = entry.result.load(std::memory_order_relaxed);
  const Location where = entry.where.load(std::memory_order_relaxed);
  return absl::StrCat(thread, " ", entry.name.load(std::memory_order_relaxed), " ",
                      result == kNoResult      ? "-"
                      : result == kSomeAddress ? "*"
                                               : absl::StrCat(result),
                      " ", where.file_name(), ":", where.line(), "\n");
}

}  // namespace

std::string ScheduleOf(const Group& group, std::size_t instance) {
  std::vector<Step> steps;
  for (const auto& worker : group.workers()) {
    const OperationLog& log = worker->context.log();
    const auto [begin, end] = worker->OperationsOf(instance);
    for (std::uint64_t i = begin; i < end; ++i) {
      const OperationLog::Entry* const entry = log.At(i);
      if (entry == nullptr) return "";
      if (IsPlain(entry->name.load(std::memory_order_relaxed))) continue;
      steps.push_back({.when = entry->when.load(std::memory_order_relaxed),
                       .line = LineOf(worker->context.thread(), *entry)});
    }
  }
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.when < b.when; });
  std::string text;
  for (const Step& step : steps) text += step.line;
  return text;
}

}  // namespace heddle::stress
