// SPDX-License-Identifier: Apache-2.0
//
// Placement on machines that are not this one: their /sys/devices/system is written here.
#include "stress/topology.h"

#include <sched.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "stress/affinity.h"
#include "stress/mode.h"
#include "stress/random.h"

namespace heddle::stress {
namespace {

using testing::Test;

void Write(const std::filesystem::path& path, const std::string& line) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << line << "\n";
}

std::vector<int> Range(int first, int last) {
  std::vector<int> numbers;
  for (int i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

// Linux numbers the first SMT sibling of every core of every socket first, then the second ones.
class TopologyTest : public Test {
 protected:
  void MakeMachine(int sockets, int cores, int siblings, int nodes_per_socket = 1) {
    const int cpus = sockets * cores * siblings;
    std::vector<std::string> lists(static_cast<std::size_t>(sockets * nodes_per_socket));
    for (int cpu = 0; cpu < cpus; ++cpu) {
      const int core_of_all = cpu % (sockets * cores);
      const int socket = core_of_all / cores;
      const int core = core_of_all % cores;
      const std::filesystem::path directory =
          root_ / "cpu" / ("cpu" + std::to_string(cpu)) / "topology";
      Write(directory / "physical_package_id", std::to_string(socket));
      Write(directory / "core_id", std::to_string(core));
      const int node = socket * nodes_per_socket + core * nodes_per_socket / cores;
      std::string& list = lists.at(static_cast<std::size_t>(node));
      list += (list.empty() ? "" : ",") + std::to_string(cpu);
    }
    Write(root_ / "node" / "online", "0-" + std::to_string(lists.size() - 1));
    for (std::size_t node = 0; node < lists.size(); ++node) {
      Write(root_ / "node" / ("node" + std::to_string(node)) / "cpulist", lists[node]);
    }
  }

  void TearDown() override { std::filesystem::remove_all(root_); }

  Topology Read(const std::vector<int>& allowed) { return Topology::Read(root_.string(), allowed); }

  static const Cpu& Find(const Topology& topology, int id) {
    for (const Cpu& cpu : topology.cpus()) {
      if (cpu.id == id) return cpu;
    }
    ADD_FAILURE() << "no processor " << id;
    return topology.cpus()[0];
  }

  const std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) /
      ("topology_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
  Random random_{7};
};

TEST_F(TopologyTest, TwoSocketsWith128Processors) {
  MakeMachine(2, 32, 2, 2);
  const Topology topology = Read(Range(0, 127));
  ASSERT_EQ(topology.cpus().size(), 128U);
  EXPECT_EQ(topology.sockets(), 2);
  EXPECT_EQ(topology.nodes(), 4);
  for (const Placement placement : kPlacements) EXPECT_TRUE(topology.Offers(placement));
  for (int turn = 0; turn < 50; ++turn) {
    const auto same = topology.Place(Placement::kSameCpu, 3, random_);
    EXPECT_EQ(std::set<int>(same.begin(), same.end()).size(), 1U);

    const auto smt = topology.Place(Placement::kSmtSiblings, 2, random_);
    EXPECT_NE(smt[0], smt[1]);
    EXPECT_EQ(Find(topology, smt[0]).core, Find(topology, smt[1]).core);

    const auto cores = topology.Place(Placement::kOtherCore, 32, random_);
    std::set<int> used_cores;
    std::set<int> used_sockets;
    for (const int cpu : cores) {
      used_cores.insert(Find(topology, cpu).core);
      used_sockets.insert(Find(topology, cpu).socket);
    }
    EXPECT_EQ(used_cores.size(), 32U);
    EXPECT_EQ(used_sockets.size(), 1U);

    const auto sockets = topology.Place(Placement::kOtherSocket, 64, random_);
    EXPECT_EQ(std::set<int>(sockets.begin(), sockets.end()).size(), 64U);
    for (std::size_t i = 1; i < sockets.size(); ++i) {
      EXPECT_NE(Find(topology, sockets[i - 1]).socket, Find(topology, sockets[i]).socket);
    }
  }
}

TEST_F(TopologyTest, AllProcessorsAreUsedInTime) {
  MakeMachine(2, 4, 2);
  const Topology topology = Read(Range(0, 15));
  std::set<int> used;
  for (int turn = 0; turn < 500; ++turn) {
    for (const int cpu : topology.Place(Placement::kOtherCore, 2, random_)) used.insert(cpu);
  }
  EXPECT_EQ(used.size(), 16U);
}

TEST_F(TopologyTest, MoreThreadsThanProcessorsShareThem) {
  MakeMachine(1, 2, 1);
  const Topology topology = Read({0, 1});
  const auto places = topology.Place(Placement::kOtherCore, 5, random_);
  ASSERT_EQ(places.size(), 5U);
  EXPECT_EQ(places[0], places[2]);
  EXPECT_EQ(places[1], places[3]);
  EXPECT_NE(places[0], places[1]);
}

TEST_F(TopologyTest, ACpuSetNarrowerThanTheMachine) {
  MakeMachine(2, 32, 2);
  // Two siblings of one core of the second socket, and nothing else.
  const Topology topology = Read({40, 104});
  EXPECT_EQ(topology.sockets(), 1);
  EXPECT_TRUE(topology.Offers(Placement::kSmtSiblings));
  EXPECT_FALSE(topology.Offers(Placement::kOtherCore));
  EXPECT_FALSE(topology.Offers(Placement::kOtherSocket));
  EXPECT_TRUE(topology.Place(Placement::kOtherSocket, 2, random_).empty());
  const auto smt = topology.Place(Placement::kSmtSiblings, 2, random_);
  EXPECT_EQ(std::set<int>(smt.begin(), smt.end()), (std::set<int>{40, 104}));
}

TEST_F(TopologyTest, OneProcessorOffersNothing) {
  MakeMachine(1, 1, 1);
  const Topology topology = Read({0});
  for (const Placement placement : kPlacements) {
    EXPECT_EQ(topology.Offers(placement), placement == Placement::kNone);
    EXPECT_TRUE(topology.Place(placement, 2, random_).empty());
  }
}

// A container may hide all of it.
TEST_F(TopologyTest, WithoutFilesEveryProcessorIsACore) {
  const Topology topology = Read({3, 5});
  EXPECT_EQ(topology.sockets(), 1);
  EXPECT_EQ(topology.nodes(), 1);
  EXPECT_TRUE(topology.Offers(Placement::kOtherCore));
  EXPECT_FALSE(topology.Offers(Placement::kSmtSiblings));
}

TEST(ParseCpuListTest, TakesTheKernelsFormat) {
  EXPECT_EQ(ParseCpuList("0-3,8,10-11"), (std::vector<int>{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(ParseCpuList("7"), std::vector<int>{7});
  EXPECT_TRUE(ParseCpuList("").empty());
  EXPECT_TRUE(ParseCpuList("3-1").empty());
  EXPECT_TRUE(ParseCpuList("1,,2").empty());
  EXPECT_TRUE(ParseCpuList("0-99999999999").empty());
  EXPECT_TRUE(ParseCpuList("a").empty());
}

TEST(MachineTest, IsWhatTheProcessMayUse) {
  EXPECT_EQ(Topology::Machine().cpus().size(), static_cast<std::size_t>(AllowedCpus()));
  const int number = AllowedCpuNumbers().back();
  BindToCpu(number);
  EXPECT_EQ(sched_getcpu(), number);
  FreeFromCpu();
}

TEST_F(TopologyTest, ModesFollowTheMachine) {
  MakeMachine(2, 2, 2);
  const Topology large = Read(Range(0, 7));
  const Topology small = Read({0});
  EXPECT_GT(ChooseModes({.noise = "all"}, large).size(),
            ChooseModes({.noise = "all"}, small).size());
  EXPECT_GT(ChooseModes({.noise = "all"}, large).size(), ChooseModes({}, large).size());
  EXPECT_TRUE(ChooseModes({.noise = "loud"}, large).empty());
  EXPECT_TRUE(ChooseModes({.affinity = "moon"}, large).empty());
  EXPECT_EQ(WrongChoice({.waiting = "loud"}, large),
            "bad value 'loud' for option --waiting: want spin, yield, sleep, portfolio or all");
  EXPECT_EQ(WrongChoice({.affinity = "moon"}, small),
            "bad value 'moon' for option --affinity: want none, same_cpu, smt, cores, sockets, "
            "sweep, portfolio or all");
  EXPECT_EQ(WrongChoice({.affinity = "smt"}, small),
            "--affinity=smt: no processors here that this process may use are placed so");
  for (const auto affinity : {"none", "same_cpu", "all", "portfolio"}) {
    EXPECT_EQ(WrongChoice({.affinity = affinity}, small), "");
  }
  for (const Placement place : kPlacements) {
    EXPECT_EQ(WrongChoice({.affinity = ToString(place)}, large), "");
  }
  for (const Mode& mode : ChooseModes({.noise = "bursts", .affinity = "all"}, large)) {
    EXPECT_EQ(mode.noise, NoiseKind::kBursts);
  }
  const auto one = ChooseModes(
      {.noise = "pauses", .affinity = "sockets", .waiting = "sleep", .pressure = "memory"}, large);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(ToString(one[0]), "noise=pauses,affinity=sockets,waiting=sleep,pressure=memory");
}

}  // namespace
}  // namespace heddle::stress
