// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "checkers/scenario/description.h"

namespace heddle {
namespace {

std::vector<Scenario>& Registry() {
  static std::vector<Scenario> scenarios;
  return scenarios;
}

std::vector<ProgramSubject>& Subjects() {
  static std::vector<ProgramSubject> subjects;
  return subjects;
}

}  // namespace

bool RegisterScenario(Scenario scenario) {
  auto& all = Registry();
  const auto place = std::upper_bound(
      all.begin(), all.end(), scenario,
      [](const Scenario& a, const Scenario& b) { return a.full_name() < b.full_name(); });
  all.insert(place, std::move(scenario));
  return true;
}

const std::vector<Scenario>& RegisteredScenarios() { return Registry(); }

bool RegisterSubject(ProgramSubject subject) {
  Subjects().push_back(std::move(subject));
  return true;
}

const std::vector<ProgramSubject>& RegisteredSubjects() { return Subjects(); }

}  // namespace heddle
