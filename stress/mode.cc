// SPDX-License-Identifier: Apache-2.0
#include "stress/mode.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/topology.h"

namespace heddle::stress {
namespace {

template <class Kind>
struct Named {
  Kind kind;
  std::string_view name;
};

constexpr Named<NoiseKind> kNoises[] = {{NoiseKind::kOff, "off"},
                                        {NoiseKind::kPauses, "pauses"},
                                        {NoiseKind::kBursts, "bursts"},
                                        {NoiseKind::kSlowThread, "slow_thread"},
                                        {NoiseKind::kPriorities, "priorities"}};
constexpr Named<Waiting> kWaitings[] = {
    {Waiting::kSpin, "spin"}, {Waiting::kYield, "yield"}, {Waiting::kSleep, "sleep"}};
constexpr Named<Pressure> kPressures[] = {{Pressure::kNone, "none"},
                                          {Pressure::kPreempt, "preempt"},
                                          {Pressure::kNice, "nice"},
                                          {Pressure::kCpu, "cpu"},
                                          {Pressure::kMemory, "memory"}};

template <class Kind, class Names>
std::string_view NameOf(Kind kind, const Names& names) {
  for (const auto& named : names) {
    if (named.kind == kind) return named.name;
  }
  return "?";
}

bool IsPortfolio(std::string_view name) { return name == "portfolio" || name == "all"; }

// Sets `kind` where the name names one. False for an unknown name.
template <class Kind, class Names>
bool Parse(std::string_view name, const Names& names, std::optional<Kind>& kind) {
  if (IsPortfolio(name)) return true;
  for (const auto& named : names) {
    if (named.name == name) kind = named.kind;
  }
  return kind.has_value();
}

// Adds what is wrong with the name, if nothing was before.
template <class Names>
void LookAt(std::string_view option, std::string_view name, const Names& names,
            std::string& problem) {
  if (!problem.empty() || IsPortfolio(name)) return;
  std::string known;
  for (const auto& named : names) {
    if (named.name == name) return;
    known.append(named.name).append(", ");
  }
  problem.append("bad value '").append(name).append("' for option --").append(option);
  problem.append(": want ").append(known).append("portfolio or all");
}

// One departure from the plain mode each, and the pairs that need each other: delays matter most
// where threads share a processor or must come back from sleep.
std::vector<Mode> Portfolio(bool all, const Topology& topology) {
  std::vector<Mode> modes;
  for (const auto& noise : kNoises) {
    if (all || noise.kind != NoiseKind::kPriorities) modes.push_back({.noise = noise.kind});
  }
  if (topology.Offers(Placement::kSweep)) modes.push_back({.affinity = Placement::kSweep});
  if (!all) return modes;
  for (const Placement placement : {Placement::kSameCpu, Placement::kSmtSiblings,
                                    Placement::kOtherCore, Placement::kOtherSocket}) {
    if (topology.Offers(placement)) modes.push_back({.affinity = placement});
  }
  for (const Waiting waiting : {Waiting::kYield, Waiting::kSleep}) {
    modes.push_back({.waiting = waiting});
  }
  for (const Pressure pressure : {Pressure::kPreempt, Pressure::kCpu, Pressure::kMemory}) {
    modes.push_back({.pressure = pressure});
  }
  modes.push_back({.noise = NoiseKind::kPauses, .pressure = Pressure::kPreempt});
  modes.push_back({.noise = NoiseKind::kBursts, .pressure = Pressure::kCpu});
  if (topology.Offers(Placement::kSameCpu)) {
    modes.push_back({.noise = NoiseKind::kPauses, .affinity = Placement::kSameCpu});
    // Priorities matter where threads compete for a processor.
    modes.push_back({.affinity = Placement::kSameCpu, .pressure = Pressure::kNice});
  }
  return modes;
}

}  // namespace

std::string ToString(const Mode& mode) {
  std::string text = "noise=";
  text += NameOf(mode.noise, kNoises);
  if (mode.affinity != Placement::kNone) text.append(",affinity=").append(ToString(mode.affinity));
  if (mode.waiting != Waiting::kSpin) {
    text.append(",waiting=").append(NameOf(mode.waiting, kWaitings));
  }
  if (mode.pressure != Pressure::kNone) {
    text.append(",pressure=").append(NameOf(mode.pressure, kPressures));
  }
  return text;
}

std::string WrongChoice(const ModeChoice& choice, const Topology& topology) {
  std::vector<Named<Placement>> places;
  for (const Placement place : kPlacements) places.push_back({place, ToString(place)});
  std::string problem;
  LookAt("noise", choice.noise, kNoises, problem);
  LookAt("affinity", choice.affinity, places, problem);
  LookAt("waiting", choice.waiting, kWaitings, problem);
  LookAt("pressure", choice.pressure, kPressures, problem);
  const std::optional<Placement> place = PlacementFromName(choice.affinity);
  // On one processor all threads are on the same one anyway.
  if (problem.empty() && place && *place != Placement::kSameCpu && !topology.Offers(*place)) {
    problem.append("--affinity=").append(choice.affinity);
    problem.append(": no processors here that this process may use are placed so");
  }
  return problem;
}

std::vector<Mode> ChooseModes(const ModeChoice& choice, const Topology& topology) {
  std::optional<NoiseKind> noise;
  std::optional<Waiting> waiting;
  std::optional<Pressure> pressure;
  std::optional<Placement> affinity;
  if (!Parse(choice.noise, kNoises, noise) || !Parse(choice.waiting, kWaitings, waiting) ||
      !Parse(choice.pressure, kPressures, pressure)) {
    return {};
  }
  if (!IsPortfolio(choice.affinity)) {
    affinity = PlacementFromName(choice.affinity);
    if (!affinity) return {};
  }
  const auto all = [&] {
    for (const std::string_view name :
         {choice.noise, choice.affinity, choice.waiting, choice.pressure}) {
      if (name == "all") return true;
    }
    return false;
  };
  // What is named holds for every mode: the portfolio's others then differ in the rest.
  std::vector<Mode> modes;
  for (Mode mode : Portfolio(all(), topology)) {
    if (noise) mode.noise = *noise;
    if (affinity) mode.affinity = *affinity;
    if (waiting) mode.waiting = *waiting;
    if (pressure) mode.pressure = *pressure;
    if (std::find(modes.begin(), modes.end(), mode) == modes.end()) modes.push_back(mode);
  }
  return modes;
}

}  // namespace heddle::stress
