// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/outcomes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/scenario/description.h"
#include "checkers/scenario/verdict.h"

// The engines that watch memory accesses must not see these.
#define HEDDLE_UNSEEN __attribute__((no_sanitize("thread")))

namespace heddle {
namespace {

// kFree -> kFilling -> kUsed. `text` and `length` are constant from kUsed on.
enum State : std::uint32_t { kFree, kFilling, kUsed };

struct Slot {
  std::uint32_t state;
  std::uint32_t length;
  std::uint64_t count;
  char text[kLongestOutcome];
};

constexpr std::size_t kSlots = 2 * kMostOutcomes;

Slot* slots = nullptr;
std::span<const GradedOutcome> grades;

HEDDLE_UNSEEN std::size_t Hash(const char* text, std::size_t length) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (std::size_t i = 0; i < length; ++i) {
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 1099511628211U;
  }
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

HEDDLE_UNSEEN bool Same(const Slot& slot, const char* text, std::size_t length) {
  if (slot.length != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    if (slot.text[i] != text[i]) return false;
  }
  return true;
}

HEDDLE_UNSEEN void Count(Slot* table, const char* text, std::size_t length) {
  std::size_t at = Hash(text, length);
  for (std::size_t probe = 0; probe < kSlots; ++probe, ++at) {
    Slot& slot = table[at % kSlots];
    std::uint32_t state = __atomic_load_n(&slot.state, __ATOMIC_ACQUIRE);
    if (state == kFree && __atomic_compare_exchange_n(&slot.state, &state, kFilling, false,
                                                      __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
      slot.length = static_cast<std::uint32_t>(length);
      for (std::size_t i = 0; i < length; ++i) slot.text[i] = text[i];
      __atomic_store_n(&slot.state, kUsed, __ATOMIC_RELEASE);
      state = kUsed;
    }
    while (state == kFilling) state = __atomic_load_n(&slot.state, __ATOMIC_ACQUIRE);
    if (!Same(slot, text, length)) continue;
    __atomic_fetch_add(&slot.count, 1, __ATOMIC_RELAXED);
    return;
  }
}

const GradedOutcome* Find(std::string_view outcome) {
  for (const GradedOutcome& graded : grades) {
    if (graded.outcome == outcome) return &graded;
  }
  return nullptr;
}

}  // namespace

void Observe(std::string_view outcome, std::source_location where) {
  const std::string_view text = outcome.substr(0, kLongestOutcome);
  if (slots != nullptr) Count(slots, text.data(), text.size());
  if (grades.empty()) return;
  const GradedOutcome* graded = Find(outcome);
  if (graded == nullptr) {
    Fail(Verdict::kForbiddenOutcome, "an outcome that is not listed: " + std::string(outcome),
         where);
  } else if (graded->grade == Grade::kForbidden) {
    Fail(Verdict::kForbiddenOutcome,
         "forbidden outcome " + std::string(outcome) + ": " + std::string(graded->sentence), where);
  }
}

namespace outcomes_internal {

bool Begin(std::span<const GradedOutcome> new_grades) {
  grades = new_grades;
  constexpr std::size_t kBytes = kSlots * sizeof(Slot);
  if (slots == nullptr) {
    void* const mapped =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return false;
    slots = static_cast<Slot*>(mapped);
  }
  std::memset(slots, 0, kBytes);
  return true;
}

std::vector<OutcomeCount> Collect() {
  std::vector<OutcomeCount> collected;
  for (const GradedOutcome& graded : grades) {
    collected.push_back({.outcome = std::string(graded.outcome),
                         .grade = graded.grade,
                         .sentence = std::string(graded.sentence)});
  }
  const std::size_t listed = collected.size();
  for (std::size_t i = 0; slots != nullptr && i < kSlots; ++i) {
    const Slot& slot = slots[i];
    if (slot.state != kUsed) continue;
    const std::string_view text(slot.text, slot.length);
    const auto known =
        std::find_if(collected.begin(), collected.begin() + static_cast<std::ptrdiff_t>(listed),
                     [&](const OutcomeCount& count) {
                       return count.outcome.substr(0, kLongestOutcome) == text;
                     });
    if (known != collected.begin() + static_cast<std::ptrdiff_t>(listed)) {
      known->count += slot.count;
    } else {
      collected.push_back({.outcome = std::string(text),
                           .count = slot.count,
                           .grade = listed == 0 ? Grade::kAcceptable : Grade::kForbidden,
                           .sentence = listed == 0 ? "" : "not listed"});
    }
  }
  std::sort(collected.begin() + static_cast<std::ptrdiff_t>(listed), collected.end(),
            [](const OutcomeCount& a, const OutcomeCount& b) { return a.outcome < b.outcome; });
  return collected;
}

}  // namespace outcomes_internal
}  // namespace heddle
