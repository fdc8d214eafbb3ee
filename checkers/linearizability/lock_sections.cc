// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "checkers/linearizability/fast.h"

namespace heddle::linearizability {
namespace {

constexpr std::size_t kNobody = SIZE_MAX;

struct Section {
  std::size_t lock = kNobody;
  std::size_t unlock = kNobody;
  Time lock_invoke = 0;
  Time lock_done = 0;
  Time unlock_invoke = kNever;
  Time unlock_done = kNever;
};

FastVerdict Wrong(const std::vector<Section>& sections, std::size_t op = kNobody) {
  FastVerdict wrong{.ok = false, .witness = {}};
  for (const Section& section : sections) {
    wrong.witness.push_back(section.lock);
    if (section.unlock != kNobody) wrong.witness.push_back(section.unlock);
  }
  if (op != kNobody) wrong.witness.push_back(op);
  return wrong;
}

}  // namespace

std::optional<FastVerdict> FastMutex(std::span<const Operation> operations) {
  std::map<std::int32_t, std::vector<std::size_t>> processes;
  for (std::size_t i = 0; i < operations.size(); ++i) processes[operations[i].process].push_back(i);
  std::vector<Section> sections;
  std::vector<std::size_t> failures;
  bool pending_lock = false;
  for (auto& [process, own] : processes) {
    std::sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(operations[a].invoke, operations[a].done, a) <
             std::tuple(operations[b].invoke, operations[b].done, b);
    });
    for (std::size_t k = 1; k < own.size(); ++k) {
      // Which of them comes first would be a question.
      if (operations[own[k]].invoke <= operations[own[k - 1]].done) return std::nullopt;
    }
    std::optional<Section> open;
    for (const std::size_t i : own) {
      const Operation& op = operations[i];
      if (op.function == kUnlock) {
        if (!open && op.pending()) continue;  // it had no effect
        if (!open) return FastVerdict{.ok = false, .witness = {i}};
        open->unlock = i;
        open->unlock_invoke = op.invoke;
        open->unlock_done = op.done;
        sections.push_back(*open);
        open.reset();
      } else if (op.pending()) {
        pending_lock = true;
      } else if (op.function == kTryLock && op.result == 0) {
        failures.push_back(i);
      } else {
        if (open) return Wrong({*open}, i);  // it holds the mutex and gets it again
        open = {.lock = i, .lock_invoke = op.invoke, .lock_done = op.done};
      }
    }
    if (open) sections.push_back(*open);
  }
  std::sort(sections.begin(), sections.end(), [](const Section& a, const Section& b) {
    return std::tuple(a.lock_done, a.unlock_invoke, a.lock) <
           std::tuple(b.lock_done, b.unlock_invoke, b.lock);
  });
  for (std::size_t i = 1; i < sections.size(); ++i) {
    if (sections[i - 1].unlock_invoke > sections[i].lock_done) {
      return Wrong({sections[i - 1], sections[i]});
    }
    // An unlock that did not return, and after which somebody got in, happened.
  }
  // The mutex can be held all the time but before its first section, after its last one, and
  // where an unlock has returned before the next lock was called.
  for (const std::size_t i : failures) {
    const Operation& op = operations[i];
    // The first section that may still hold it when the operation begins.
    const auto section =
        std::partition_point(sections.begin(), sections.end(), [&](const Section& s) {
          const std::size_t next = static_cast<std::size_t>(&s - sections.data()) + 1;
          const Time last = next < sections.size()
                                ? std::min(s.unlock_done, sections[next].lock_done)
                                : s.unlock_done;
          return last < op.invoke;
        });
    if (section != sections.end() && section->lock_invoke <= op.done) continue;
    if (pending_lock) return std::nullopt;
    std::vector<Section> around;
    if (section != sections.begin()) around.push_back(*(section - 1));
    if (section != sections.end()) around.push_back(*section);
    return Wrong(around, i);
  }
  return FastVerdict{};
}

}  // namespace heddle::linearizability
