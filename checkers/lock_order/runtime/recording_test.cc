// SPDX-License-Identifier: Apache-2.0
// What the runtime records of small programs, preloaded and linked in.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkers/lock_order/runtime/raw_graph.h"

namespace heddle::lock_order {
namespace {

std::string g_probe;         // NOLINT
std::string g_probe_linked;  // NOLINT
std::string g_preload;       // NOLINT

class File {
 public:
  explicit File(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status{};
    if (fd < 0 || fstat(fd, &status) != 0) std::abort();
    size_ = static_cast<uint64_t>(status.st_size);
    base_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (base_ == MAP_FAILED) std::abort();
  }
  ~File() { munmap(base_, size_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  RawGraph graph() const { return {static_cast<const uint8_t*>(base_), size_}; }

 private:
  void* base_;
  uint64_t size_;
};

struct Recorded {
  int status;
  std::vector<std::unique_ptr<File>> files;  // by name: the program's own first
  RawGraph graph(size_t index = 0) const { return files.at(index)->graph(); }
};

class Recording : public testing::TestWithParam<bool> {
 protected:
  Recorded run(const std::string& name) {
    char directory[] = "/tmp/heddle_recording_XXXXXX";
    if (mkdtemp(directory) == nullptr) std::abort();
    const std::string options = std::string("watcher=none:graph=") + directory + "/graph";
    const std::string& program = GetParam() ? g_probe_linked : g_probe;
    const pid_t child = fork();
    if (child == 0) {
      setenv("HEDDLE_LOCKORDER_OPTIONS", options.c_str(), 1);
      if (!GetParam()) setenv("LD_PRELOAD", g_preload.c_str(), 1);
      execl(program.c_str(), program.c_str(), name.c_str(), nullptr);
      _exit(127);
    }
    Recorded result{};
    waitpid(child, &result.status, 0);
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) result.files.push_back(std::make_unique<File>(path));
    std::filesystem::remove_all(directory);
    return result;
  }

  static std::vector<Event> events(const RawGraph& graph, uint32_t kind) {
    std::vector<Event> found;
    graph.each<Event>(kEvents, [&](uint64_t, const Event& event) {
      if (event.kind == kind) found.push_back(event);
    });
    return found;
  }

  // Visits as "thread:held>node", with the nodes' numbers.
  static std::map<std::string, int> dependencies(const RawGraph& graph) {
    std::map<std::string, int> found;
    graph.each<Visit>(kVisits, [&](uint64_t, const Visit& visit) {
      const auto* chain = graph.at<Chain>(kChains, visit.chain);
      const auto* parent = graph.at<Chain>(kChains, chain->parent);
      ++found[std::to_string(visit.thread) + ":" + std::to_string(parent->node) + ">" +
              std::to_string(chain->node)];
    });
    return found;
  }
  using Dependencies = std::map<std::string, int>;
};

TEST_P(Recording, BothOrdersWithTheirStacks) {
  const Recorded result = run("abba");
  ASSERT_EQ(result.status, 0);
  const RawGraph graph = result.graph();
  EXPECT_EQ(graph.header().magic, kGraphMagic);
  EXPECT_EQ(graph.header().exited, 1U);
  EXPECT_EQ(graph.count(kNodes), 2U);
  // The threads are numbered as they begin to run.
  const Dependencies either{{"2:1>2", 1}, {"3:2>1", 1}};
  const Dependencies other{{"3:1>2", 1}, {"2:2>1", 1}};
  EXPECT_TRUE(dependencies(graph) == either || dependencies(graph) == other);
  graph.each<Chain>(kChains, [&](uint64_t, const Chain& chain) {
    const auto* stack = graph.at<Stack>(kStacks, chain.stack);
    ASSERT_GE(stack->frames, 2U);
    EXPECT_EQ(graph.at<Frame>(kFrames, stack->first_frame)->pc, chain.site);
  });
  EXPECT_EQ(events(graph, kEventCreate).size(), 2U);
  EXPECT_EQ(events(graph, kEventJoin).size(), 2U);
  EXPECT_GE(graph.count(kModules), 2U);
}

TEST_P(Recording, ALockMadeAnewAtTheSameAddressIsAnother) {
  const Recorded result = run("reconstructed");
  EXPECT_EQ(result.graph().count(kNodes), 3U);
  EXPECT_EQ(dependencies(result.graph()).size(), 2U);
}

TEST_P(Recording, AConditionWaitAcquiresAgain) {
  const Recorded result = run("condition");
  int waits = 0;
  result.graph().each<Chain>(kChains, [&](uint64_t, const Chain& chain) {
    if ((chain.flags & kCondWait) != 0) ++waits;
  });
  EXPECT_LE(waits, 1);  // none when the notification came first
}

TEST_P(Recording, ASecondReadIsMarked) {
  const Recorded result = run("shared");
  int recursive = 0;
  result.graph().each<Chain>(kChains, [&](uint64_t, const Chain& chain) {
    if ((chain.flags & (kShared | kRecursive)) == (kShared | kRecursive)) ++recursive;
  });
  EXPECT_EQ(recursive, 1);
}

TEST_P(Recording, RecursionIsNoDependency) {
  const Recorded result = run("recursion");
  EXPECT_EQ(dependencies(result.graph()), (Dependencies{{"1:1>2", 1}}));
}

TEST_P(Recording, SemaphoresAreLocksUntilSomebodyElsePosts) {
  const Recorded result = run("semaphores");
  uint32_t foreign = 0;
  result.graph().each<Node>(kNodes, [&](uint64_t, const Node& node) {
    if (node.kind == kSemaphore && (node.flags & kNodeForeignPost) != 0) ++foreign;
  });
  EXPECT_EQ(foreign, 1U);
  EXPECT_EQ(dependencies(result.graph()).size(), 1U);
  EXPECT_EQ(events(result.graph(), kEventOneShot).size(), 1U);
}

TEST_P(Recording, UnlockOutOfOrder) {
  const Recorded result = run("out_of_order");
  EXPECT_EQ(dependencies(result.graph()), (Dependencies{{"1:1>2", 1}, {"1:2>3", 1}}));
}

TEST_P(Recording, ManyLocksHeldAtOnce) {
  const Recorded result = run("many");
  EXPECT_EQ(result.graph().count(kNodes), 200U);
  EXPECT_EQ(result.graph().count(kVisits), 199U);
}

TEST_P(Recording, AForkedChildRecordsForItselfWithWhatItHolds) {
  const Recorded result = run("forked");
  ASSERT_EQ(result.files.size(), 2U);
  EXPECT_TRUE(dependencies(result.graph(0)).empty());
  EXPECT_EQ(dependencies(result.graph(1)), (Dependencies{{"1:1>2", 1}}));
  EXPECT_EQ(result.graph(1).header().parent_pid, result.graph(0).header().pid);
  EXPECT_EQ(result.graph(1).header().exited, 1U);
}

TEST_P(Recording, ALockTakenInAHandlerAndOutsideIt) {
  const Recorded result = run("signals");
  const auto* node = result.graph().at<Node>(kNodes, 1);
  EXPECT_EQ(node->flags & (kNodeInHandler | kNodeWithSignal), kNodeInHandler | kNodeWithSignal);
  EXPECT_EQ(node->signal, SIGUSR1);
}

TEST_P(Recording, MisuseIsNoted) {
  const Recorded result = run("misuse");
  const RawGraph graph = result.graph();
  ASSERT_EQ(events(graph, kEventExitHolding).size(), 1U);
  EXPECT_EQ(events(graph, kEventExitHolding)[0].node, 2U);
  ASSERT_EQ(events(graph, kEventUnlockNotHeld).size(), 1U);
  EXPECT_EQ(events(graph, kEventUnlockNotHeld)[0].other, 1U);
  EXPECT_EQ(events(graph, kEventDestroyHeld).size(), 1U);
  EXPECT_TRUE(dependencies(graph).empty()) << "the lock that was unlocked elsewhere is not held";
}

TEST_P(Recording, FileLocksAreNodes) {
  const Recorded result = run("files");
  EXPECT_EQ(dependencies(result.graph()).size(), 1U);
  EXPECT_EQ(result.graph().at<Node>(kNodes, 1)->kind, kFlock);
  EXPECT_NE(result.graph().at<Node>(kNodes, 1)->identity, 0U);
}

TEST_P(Recording, WrappersHaveNamesAndLevels) {
  const Recorded result = run("wrapped");
  const RawGraph graph = result.graph();
  EXPECT_EQ(graph.text(graph.at<Node>(kNodes, 1)->name), "outer");
  EXPECT_EQ(graph.text(graph.at<Node>(kNodes, 2)->name), "inner");
  EXPECT_EQ(graph.at<Node>(kNodes, 2)->level, 2U);
  EXPECT_EQ(events(graph, kEventLevel).size(), 1U);
  EXPECT_EQ(events(graph, kEventAssertHeld).size(), 1U);
}

TEST_P(Recording, LocksThatComeAndGoNeedNoMoreRecordsThanLiveOnes) {
  const Recorded result = run("churn");
  EXPECT_LE(result.graph().count(kNodes), 2U);
}

// Nodes, by where they stand: "1>n" the locks that thread 1 took under another one, "n>" those
// under which another was taken by any thread.
struct Places {
  std::map<uint32_t, int> under;
  std::map<uint32_t, int> over;
};

Places places(const RawGraph& graph, uint32_t thread_under, uint32_t thread_over) {
  Places found;
  graph.each<Visit>(kVisits, [&](uint64_t, const Visit& visit) {
    const auto* chain = graph.at<Chain>(kChains, visit.chain);
    if (visit.thread == thread_under) ++found.under[chain->node];
    if (visit.thread == thread_over) ++found.over[graph.at<Chain>(kChains, chain->parent)->node];
  });
  return found;
}

constexpr uint64_t kGenerations = 500;

TEST_P(Recording, AMutexThatDoesWhatItsPredecessorDidNeedsNoRecord) {
  for (const char* name : {"short_lived", "short_lived_outside", "short_lived_made"}) {
    const Recorded result = run(name);
    const RawGraph graph = result.graph();
    // The first two at least, and what they met there.
    EXPECT_LE(graph.count(kNodes), 8U) << name;
    EXPECT_LE(graph.count(kVisits), 12U) << name;
    EXPECT_GE(graph.count(kVisits), 1U) << name;
    EXPECT_GE(graph.header().acquisitions, 2 * kGenerations) << name;
    EXPECT_LE(graph.header().slow_paths, 40U) << name;
    EXPECT_EQ(graph.at<Thread>(kThreads, 1)->slow_paths, graph.header().slow_paths) << name;
  }
}

TEST_P(Recording, AMutexThatDoesMoreThanItsPredecessorsIsRecordedWithAllItDid) {
  const Recorded result = run("short_lived_until");
  const RawGraph graph = result.graph();
  EXPECT_LE(graph.count(kNodes), 8U);
  const Places found = places(graph, 1, 1);
  int both = 0;
  for (const auto& [node, visits] : found.under) {
    if (found.over.contains(node) && graph.at<Node>(kNodes, node)->first_stack == 0) ++both;
  }
  EXPECT_EQ(both, 1) << "the last mutex alone stood on both sides";
}

TEST_P(Recording, AMutexThatAnotherThreadTakesIsItself) {
  const Recorded result = run("short_lived_shared");
  const RawGraph graph = result.graph();
  const Places found = places(graph, 1, 2);
  EXPECT_EQ(found.over.size(), kGenerations) << "one node for each mutex that was shared";
  for (const auto& [node, visits] : found.over) {
    EXPECT_TRUE(found.under.contains(node)) << "the owner's order of lock " << node << " is lost";
    EXPECT_EQ(graph.at<Node>(kNodes, node)->flags & kNodePrivate, 0U);
  }
}

TEST_P(Recording, AKilledProgramLosesNothing) {
  const Recorded result = run("killed");
  ASSERT_TRUE(WIFSIGNALED(result.status));
  EXPECT_EQ(dependencies(result.graph()), (Dependencies{{"1:1>2", 1}}));
  EXPECT_EQ(result.graph().header().exited, 0U);
  EXPECT_EQ(result.graph().at<Thread>(kThreads, 1)->depth, 2U);
}

INSTANTIATE_TEST_SUITE_P(Ways, Recording, testing::Bool(),
                         [](const auto& way) { return way.param ? "linked" : "preloaded"; });

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 4) return 2;
  heddle::lock_order::g_probe = std::filesystem::absolute(argv[1]);
  heddle::lock_order::g_probe_linked = std::filesystem::absolute(argv[2]);
  heddle::lock_order::g_preload = std::filesystem::absolute(argv[3]);
  return RUN_ALL_TESTS();
}
