// SPDX-License-Identifier: Apache-2.0
//
// The whole vocabulary of outcomes, and the record that every engine prints for every scenario.
#ifndef HEDDLE_CHECKERS_SCENARIO_VERDICT_H_
#define HEDDLE_CHECKERS_SCENARIO_VERDICT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/scenario/outcome_count.h"

namespace heddle {

enum class Verdict : std::uint8_t {
  kPass,  // nothing found within what `mode` says; `complete` tells whether that was everything
  kAssertion,
  kRace,
  kDeadlock,
  kLivelock,
  kLostWakeup,
  kUseAfterFree,
  kDoubleFree,
  kOutOfBounds,
  kLeak,
  kUninitialized,
  kBadUnlock,
  kDestroyedInUse,
  kNonlinearizable,
  kForbiddenOutcome,
  kCrash,
  kMissed,      // a mutant that a sampling engine did not catch
  kIncomplete,  // an exhaustive search that was cut, a run that was ended: never a pass
  kError,       // the check itself could not be carried out
};

// Something is wrong with the code that was checked.
constexpr bool IsFinding(Verdict verdict) {
  return verdict > Verdict::kPass && verdict < Verdict::kMissed;
}

std::string_view ToString(Verdict verdict);
std::optional<Verdict> VerdictFromString(std::string_view text);

// Which verdicts a scenario may end with. A mutant often breaks in more than one way; which one an
// engine meets first is not part of the claim.
class VerdictSet {
 public:
  constexpr VerdictSet(Verdict verdict)  // NOLINT(google-explicit-constructor)
      : bits_(1U << static_cast<unsigned>(verdict)) {}
  constexpr VerdictSet operator|(VerdictSet other) const { return VerdictSet(bits_ | other.bits_); }
  constexpr bool contains(Verdict verdict) const {
    return (bits_ >> static_cast<unsigned>(verdict) & 1U) != 0;
  }
  friend constexpr bool operator==(VerdictSet, VerdictSet) = default;

 private:
  constexpr explicit VerdictSet(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_;
};
constexpr VerdictSet operator|(Verdict a, Verdict b) { return VerdictSet(a) | b; }

std::string ToString(VerdictSet set);  // "race|assertion"

// What one way of running a scenario did.
struct VariantRecord {
  std::string name;
  std::uint64_t executions = 0;
  double seconds = 0;
  Verdict verdict = Verdict::kError;
};

// One line of JSON. Field names and meanings are a contract with whoever reads --json files.
struct VerdictRecord {
  std::string scenario;   // "mutex/ticket_lock.excludes"
  std::string primitive;  // "mutex/ticket_lock"
  std::optional<std::string> mutant;
  int threads = 0;
  std::string engine;  // "relacy", "stress", "tsan"
  std::string mode;    // "full", "bounded(2)", "random(1000)", or what a sampling engine did
  std::uint64_t executions = 0;
  std::uint64_t blocked = 0;
  bool complete = false;
  double seconds = 0;
  Verdict verdict = Verdict::kError;
  std::string expected;  // "pass", or the accepted verdicts joined by '|'
  bool ok = false;
  std::optional<std::string> counterexample;  // path of a file that --replay takes
  std::optional<std::string> schedule;        // path of a file that the explorer's --schedule takes
  std::optional<std::uint64_t> seed;
  std::vector<OutcomeCount> outcomes{};   // what the scenario observed, if anything
  std::vector<VariantRecord> variants{};  // of an engine that has some
  int variants_left_out = 0;              // there was no time for
  // Why this verdict needs a word: a mutant beyond the engine's model, a bounded search, an error.
  std::string reason;
  // The counterexample or the report as text; in the JSON line only when `ok` is false.
  std::string detail;
};

std::string ToJson(const VerdictRecord& record);  // one line, without the newline
std::optional<VerdictRecord> VerdictRecordFromJson(std::string_view line);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_VERDICT_H_
