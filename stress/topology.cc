// SPDX-License-Identifier: Apache-2.0
#include "stress/topology.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "stress/affinity.h"

namespace heddle::stress {
namespace {

struct NamedPlacement {
  Placement placement;
  std::string_view name;
};
constexpr NamedPlacement kNames[] = {
    {Placement::kNone, "none"},           {Placement::kSameCpu, "same_cpu"},
    {Placement::kSmtSiblings, "smt"},     {Placement::kOtherCore, "cores"},
    {Placement::kOtherSocket, "sockets"}, {Placement::kSweep, "sweep"}};

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// The first line of a file; empty where there is none.
std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

template <class Key>
std::map<int, std::vector<Cpu>> GroupBy(const std::vector<Cpu>& cpus, Key key) {
  std::map<int, std::vector<Cpu>> groups;
  for (const Cpu& cpu : cpus) groups[key(cpu)].push_back(cpu);
  return groups;
}

template <class T>
void Shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random.Below(static_cast<std::uint32_t>(i))]);
  }
}

template <class T>
const T& Draw(const std::vector<T>& values, Random& random) {
  return values[random.Below(static_cast<std::uint32_t>(values.size()))];
}

// One processor of each core of `cpus` first, then the cores' second ones, and so on.
std::vector<int> CoreAfterCore(const std::vector<Cpu>& cpus, Random& random) {
  const auto by_core = GroupBy(cpus, [](const Cpu& cpu) { return cpu.core; });
  std::vector<std::vector<Cpu>> cores;
  std::size_t most = 0;
  for (const auto& [core, members] : by_core) {
    cores.push_back(members);
    Shuffle(cores.back(), random);
    most = std::max(most, members.size());
  }
  Shuffle(cores, random);
  std::vector<int> order;
  for (std::size_t i = 0; i < most; ++i) {
    for (const auto& members : cores) {
      if (i < members.size()) order.push_back(members[i].id);
    }
  }
  return order;
}

}  // namespace

std::string_view ToString(Placement placement) {
  for (const NamedPlacement& named : kNames) {
    if (named.placement == placement) return named.name;
  }
  return "?";
}

std::optional<Placement> PlacementFromName(std::string_view name) {
  for (const NamedPlacement& named : kNames) {
    if (named.name == name) return named.placement;
  }
  return std::nullopt;
}

std::vector<int> ParseCpuList(std::string_view text) {
  std::vector<int> list;
  while (!text.empty()) {
    const std::string_view range = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto first = ParseNumber(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : ParseNumber(range.substr(dash + 1));
    constexpr int kMost = 1 << 16;
    if (!first || !last || *last < *first || *last > kMost) return {};
    for (int cpu = *first; cpu <= *last; ++cpu) list.push_back(cpu);
  }
  return list;
}

Topology Topology::Read(const std::string& root, const std::vector<int>& allowed) {
  Topology topology;
  std::map<int, int> node_of;
  for (const int node : ParseCpuList(FirstLine(root + "/node/online"))) {
    for (const int cpu :
         ParseCpuList(FirstLine(root + "/node/node" + std::to_string(node) + "/cpulist"))) {
      node_of[cpu] = node;
    }
  }
  // A core's number is unique in its socket only.
  std::map<std::pair<int, int>, int> cores;
  for (const int id : allowed) {
    const std::string directory = root + "/cpu/cpu" + std::to_string(id) + "/topology/";
    Cpu cpu{.id = id};
    cpu.socket = ParseNumber(FirstLine(directory + "physical_package_id")).value_or(0);
    const auto core = ParseNumber(FirstLine(directory + "core_id"));
    // Without a number: a core of its own, counted from where no kernel does.
    const std::pair<int, int> key{cpu.socket, core ? *core : -1 - id};
    cpu.core = cores.emplace(key, static_cast<int>(cores.size())).first->second;
    const auto node = node_of.find(id);
    cpu.node = node == node_of.end() ? 0 : node->second;
    topology.cpus_.push_back(cpu);
  }
  return topology;
}

const Topology& Topology::Machine() {
  static const Topology machine = Read("/sys/devices/system", AllowedCpuNumbers());
  return machine;
}

int Topology::sockets() const {
  return static_cast<int>(GroupBy(cpus_, [](const Cpu& cpu) { return cpu.socket; }).size());
}

int Topology::nodes() const {
  return static_cast<int>(GroupBy(cpus_, [](const Cpu& cpu) { return cpu.node; }).size());
}

bool Topology::Offers(Placement placement) const {
  const auto cores = GroupBy(cpus_, [](const Cpu& cpu) { return cpu.core; });
  switch (placement) {
    case Placement::kNone:
      return true;
    case Placement::kSameCpu:
    case Placement::kSweep:
      return cpus_.size() > 1;
    case Placement::kSmtSiblings:
      return cores.size() < cpus_.size();
    case Placement::kOtherCore:
      return static_cast<int>(cores.size()) > sockets();
    case Placement::kOtherSocket:
      return sockets() > 1;
  }
  return false;
}

std::vector<int> Topology::Place(Placement placement, int threads, Random& random) const {
  if (placement == Placement::kNone || placement == Placement::kSweep || !Offers(placement)) {
    return {};
  }
  std::vector<int> order;  // taken from the front, again and again
  switch (placement) {
    case Placement::kSameCpu:
      order = {Draw(cpus_, random).id};
      break;
    case Placement::kSmtSiblings: {
      std::vector<std::vector<Cpu>> shared;
      for (const auto& [core, members] : GroupBy(cpus_, [](const Cpu& cpu) { return cpu.core; })) {
        if (members.size() > 1) shared.push_back(members);
      }
      for (const Cpu& cpu : Draw(shared, random)) order.push_back(cpu.id);
      break;
    }
    case Placement::kOtherCore: {
      // Those with the most processors here: a CPU set may leave one core of another.
      std::vector<std::vector<Cpu>> best;
      for (const auto& [socket, members] :
           GroupBy(cpus_, [](const Cpu& cpu) { return cpu.socket; })) {
        if (!best.empty() && members.size() > best[0].size()) best.clear();
        if (best.empty() || members.size() == best[0].size()) best.push_back(members);
      }
      order = CoreAfterCore(Draw(best, random), random);
      break;
    }
    case Placement::kOtherSocket: {
      std::vector<std::vector<int>> sockets;
      for (const auto& [socket, members] :
           GroupBy(cpus_, [](const Cpu& cpu) { return cpu.socket; })) {
        sockets.push_back(CoreAfterCore(members, random));
      }
      Shuffle(sockets, random);
      for (int i = 0; i < threads; ++i) {
        const auto thread = static_cast<std::size_t>(i);
        const std::vector<int>& socket = sockets[thread % sockets.size()];
        order.push_back(socket[thread / sockets.size() % socket.size()]);
      }
      break;
    }
    default:
      break;
  }
  std::vector<int> places(static_cast<std::size_t>(threads));
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = order[i % order.size()];
  return places;
}

}  // namespace heddle::stress
