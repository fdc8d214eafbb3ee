// SPDX-License-Identifier: Apache-2.0
//
// The litmus tests on real processors. What the memory model allows is not typed in: the explorer
// enumerates it when this is built (allowed_rc11.inc, allowed_sc.inc). An outcome that it does not
// list is forbidden; one that no interleaving gives is interesting.
#include <array>
#include <atomic>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/explorer/relacy_outcomes/litmus_table.h"
#include "checkers/scenario/scenario.h"
#include "models/litmus/actors.h"

namespace heddle {
namespace {

using litmus::Actors;
using litmus::Cells;
using litmus::kTests;
using litmus::kValues;
using litmus::Step;
using litmus::Test;

struct Allowed {
  std::string_view test;
  std::size_t code;
};
constexpr Allowed kAllowedRc11[] = {
#include "models/litmus/allowed_rc11.inc"
};
constexpr Allowed kAllowedSc[] = {
#include "models/litmus/allowed_sc.inc"
};

// Load buffering: the C++ standard allows it, though no compiler and processor pair has a reason to
// show it for two loads and stores but ARM's and POWER's; RC11 forbids it, and with it values out
// of thin air, which the standard does not want either (lb_data).
constexpr Allowed kLoadBuffering[] = {
    {"lb", 0110000}, {"lb_three", 0111000}, {"lb_data_one", 0110000}};

// "r0=1 r1=0", and what memory holds at the end where the test looks at it.
std::string Show(const Test& test, std::size_t code) {
  std::array<int, litmus::kDigits> digits{};
  for (std::size_t i = digits.size(); i-- > 0; code /= kValues) {
    digits[i] = static_cast<int>(code % kValues);
  }
  std::array<bool, litmus::kRegisters> used{};
  for (const litmus::Thread& thread : test.threads) {
    for (const Step& step : thread) {
      if (step.kind == Step::Kind::kLoad || step.kind == Step::Kind::kAdd ||
          step.kind == Step::Kind::kCas) {
        used[static_cast<std::size_t>(step.reg)] = true;
      }
    }
  }
  std::string text;
  const auto add = [&](const std::string& name, std::size_t digit) {
    text += (text.empty() ? "" : " ") + name + "=" + std::to_string(digits[digit]);
  };
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) add("r" + std::to_string(i), i);
  }
  if (test.memory) {
    add("x", litmus::kRegisters);
    add("y", litmus::kRegisters + 1);
  }
  return text;
}

constexpr Actors const& (*kBuilds[])() = {litmus::ActorsClangO0, litmus::ActorsClangO2,
                                          litmus::ActorsClangO3, litmus::ActorsGccO0,
                                          litmus::ActorsGccO2,   litmus::ActorsGccO3};

template <std::size_t kTest>
struct Litmus {
  template <class P>
  class Scenario {
   public:
    static constexpr const Test& kIt = kTests[kTest];
    static constexpr int kThreads = kIt.Threads();
    static constexpr StressOptions kStress{.instances = 256};

    // The builds take turns. Only one thread of a group constructs, and which build it gets is no
    // matter when there are several groups.
    Scenario() {
      static std::atomic<std::size_t> next{0};
      actors_ =
          &kBuilds[next.fetch_add(1, std::memory_order_relaxed) % std::size(kBuilds)]()[kTest];
    }

    void Thread(int index) { (*actors_)[static_cast<std::size_t>(index)](cells_); }

    void After() {
      std::size_t code = 0;
      for (const litmus::Register& read : cells_.registers) {
        code = code * kValues + static_cast<std::size_t>(read.value);
      }
      constexpr auto kRelaxed = std::memory_order_relaxed;
      const auto memory = [](const litmus::Variable& variable) {
        return static_cast<std::size_t>(variable.value.load(kRelaxed));
      };
      code = code * kValues + (kIt.memory ? memory(cells_.x) : 0);
      code = code * kValues + (kIt.memory ? memory(cells_.y) : 0);
      Observe(Show(kIt, code));
    }

   private:
    Cells cells_;
    const std::array<litmus::Actor, litmus::kMostThreads>* actors_;
  };
};

// What registration refers to. Built once, kept for good.
struct Names {
  std::array<std::string, kTests.size()> scenarios;
  std::array<std::vector<std::string>, kTests.size()> outcomes;
  std::array<std::vector<GradedOutcome>, kTests.size()> graded;
};

bool AllowedUnderSc(std::string_view test, std::size_t code) {
  for (const Allowed& allowed : kAllowedSc) {
    if (allowed.test == test && allowed.code == code) return true;
  }
  return false;
}

void Grade(std::size_t test, Names& names) {
  const std::string_view name = kTests[test].name;
  std::vector<std::string>& outcomes = names.outcomes[test];
  std::vector<GradedOutcome>& graded = names.graded[test];
  outcomes.reserve(std::size(kAllowedRc11) + std::size(kLoadBuffering));
  const auto add = [&](std::size_t code, enum Grade grade, std::string_view sentence) {
    outcomes.push_back(Show(kTests[test], code));
    graded.push_back({.outcome = outcomes.back(), .grade = grade, .sentence = sentence});
  };
  for (const Allowed& allowed : kAllowedRc11) {
    if (allowed.test != name) continue;
    if (AllowedUnderSc(name, allowed.code)) {
      add(allowed.code, Grade::kAcceptable, "an interleaving");
    } else {
      add(allowed.code, Grade::kInteresting, "no interleaving; RC11 allows it");
    }
  }
  for (const Allowed& allowed : kLoadBuffering) {
    if (allowed.test != name) continue;
    add(allowed.code, Grade::kInteresting, "C++ allows it, RC11 does not: load buffering");
  }
}

template <std::size_t... kTest>
bool RegisterAll(std::index_sequence<kTest...> /*tests*/) {
  static Names* const names = new Names();
  const auto add = [](Scenario scenario, std::size_t test) {
    names->scenarios[test] = std::string("litmus/hardware.") + kTests[test].name;
    scenario.name = names->scenarios[test];
    Grade(test, *names);
    scenario.outcomes = names->graded[test];
    return RegisterScenario(scenario);
  };
  return (add(scenario_internal::Describe<EnginePlatform, Litmus<kTest>::template Scenario>(
                  "", Verdict::kPass, {}, std::source_location::current()),
              kTest) &&
          ...);
}
[[maybe_unused]] const bool registered = RegisterAll(std::make_index_sequence<kTests.size()>());

}  // namespace
}  // namespace heddle
