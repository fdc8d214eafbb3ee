// SPDX-License-Identifier: Apache-2.0
// The recorder's core by many threads at once, and read while it is written. What stands in front
// of it in a program, the interposed functions, would stand in front of ThreadSanitizer's own: the
// locks here are the test's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/raw_graph.h"
#include "checkers/lock_order/runtime/recorder.h"
#include "checkers/lock_order/runtime/signal_frame.h"
#include "checkers/lock_order/runtime/thread_exit.h"

namespace heddle::lock_order {

// What the core asks of the parts that are not here: no signal has a handler, and threads end by
// saying so (ThreadSanitizer's are over when thread-specific data is destroyed).
constinit std::atomic<uint64_t> g_handled_signals{0};
uint64_t blocked_signals() { return 0; }
void install_end_signal() {}
void install_thread_exit() {}
void watch_thread_exit() {}

namespace {

constexpr int kWorkers = 4;
constexpr int kRounds = 6;
constexpr std::size_t kShared = 60;
constexpr std::size_t kDeepest = 5;

// Calls as the interposed ones are: never inlined.
#define HEDDLE_TEST_CALL __attribute__((noinline))

class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  HEDDLE_TEST_CALL ~Lock() { g_recorder.end_address(t_self, key(), HEDDLE_CALL); }

  HEDDLE_TEST_CALL void acquire() {
    const Call call = HEDDLE_CALL;
    Waiting wait{};
    begin(t_self, g_recorder.address_node(t_self, key(), kAnnotated, call), 0, call, ChainWord{},
          &wait);
    mutex_.lock();
    finish(t_self, wait);
  }
  HEDDLE_TEST_CALL void check_held() {
    g_recorder.report(t_self, kEventAssertHeld, g_recorder.known_node(key()), HEDDLE_CALL, 0,
                      "a check");
  }
  void release_it() {
    release(t_self, g_recorder.known_node(key()));
    mutex_.unlock();
  }
  uint64_t key() const { return reinterpret_cast<uint64_t>(this) | kAnnotatedKey; }

 private:
  std::mutex mutex_;
};

// Some of the shared locks, in order; now and then one that nobody has seen before, and an event.
void nest(std::array<Lock, kShared>& locks, std::mt19937& random) {
  std::array<std::size_t, kDeepest> chosen{};
  for (std::size_t& index : chosen) index = random() % kShared;
  std::sort(chosen.begin(), chosen.end());
  auto* const end = std::unique(chosen.begin(), chosen.end());
  for (auto* index = chosen.begin(); index != end; ++index) locks[*index].acquire();
  switch (random() % 16) {
    case 0: {
      Lock fresh;
      fresh.acquire();
      fresh.release_it();
      break;
    }
    case 1:
      locks[chosen[0]].check_held();
      break;
    case 2:
      g_recorder.set_name(g_recorder.known_node(locks[chosen[0]].key()),
                          ("class " + std::to_string(random() % 50)).c_str());
      break;
    case 3: {
      const SlowPath slow(t_self);
      if (slow.entered()) g_recorder.next_segment(t_self);
      break;
    }
    default:
      break;
  }
  // The innermost first, or the outermost.
  const bool backwards = random() % 4 != 0;
  if (backwards) {
    for (auto* index = end; index != chosen.begin();) locks[*--index].release_it();
  } else {
    for (auto* index = chosen.begin(); index != end; ++index) locks[*index].release_it();
  }
}

// Where the recorder has mapped its file: a mapping of our own would be other memory to
// ThreadSanitizer.
RawGraph mapped_graph(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(path)) continue;
    const auto begin = std::strtoull(line.c_str(), nullptr, 16);
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) break;
    return {reinterpret_cast<const uint8_t*>(begin), static_cast<uint64_t>(status.st_size)};
  }
  return {nullptr, 0};
}

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

// Everything that is published is whole. Returns what was looked at.
uint64_t look(const RawGraph& graph) {
  uint64_t seen = 0;
  graph.each<Visit>(kVisits, [&](uint64_t, const Visit& visit) {
    require(visit.chain != 0 && visit.chain < graph.published_count(kChains), "a visit's chain");
    require(visit.thread != 0 && visit.thread < graph.published_count(kThreads), "its thread");
    require(visit.segment != 0 && load_word(visit.segment_end) >= visit.segment, "its segments");
    ++seen;
  });
  graph.each<Chain>(kChains, [&](uint64_t index, const Chain& chain) {
    require(chain.parent < index, "a chain's parent");
    const auto* node = graph.at<Node>(kNodes, chain.node);
    require(chain.node != 0 && node != nullptr && node->address != 0, "a chain's node");
    require(node->kind == kAnnotated, "its kind");
    require((load_word(node->flags) & kNodeReferenced) != 0, "that it is referenced");
    const auto* stack = graph.at<Stack>(kStacks, chain.stack);
    require(chain.stack != 0 && stack->frames != 0, "a chain's stack");
    require(graph.at<Frame>(kFrames, stack->first_frame)->pc == chain.site, "its first frame");
    const uint32_t name = load_word(node->name);
    require(name == 0 || name >= graph.published_count(kStrings) ||
                graph.text(name).starts_with("class "),
            "a node's name");
    ++seen;
  });
  graph.each<Event>(kEvents, [&](uint64_t, const Event& event) {
    require(event.kind != kEventAssertHeld || graph.text(event.name) == "a check", "an event");
    ++seen;
  });
  return seen;
}

TEST(Recorder, ManyThreadsRecordAndOneReads) {
  std::string directory = testing::TempDir() + "heddle_stress_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/graph";
  setenv("HEDDLE_LOCKORDER_OPTIONS", ("watcher=none:graph=" + path).c_str(), 1);
  auto locks = std::make_unique<std::array<Lock, kShared>>();
  (*locks)[0].acquire();  // opens the graph
  (*locks)[0].release_it();

  std::atomic<bool> stop{false};
  uint64_t seen = 0;
  std::thread reader([&] {
    t_self.life = kThreadExited;  // not recorded itself
    do {
      const RawGraph graph = mapped_graph(path);
      seen += look(graph);
    } while (!stop.load());
  });
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kWorkers; ++i) {
      threads.emplace_back([&, seed = round * kWorkers + i] {
        std::mt19937 random(static_cast<uint32_t>(seed));
        for (int k = 0; k < 400; ++k) nest(*locks, random);
        g_recorder.end_thread(t_self);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  stop = true;
  reader.join();

  const RawGraph graph = mapped_graph(path);
  EXPECT_GT(seen, 0U);
  EXPECT_GT(look(graph), 10'000U);
  EXPECT_EQ(graph.header().stopped, 0U);
  EXPECT_EQ(graph.count(kThreads), 1U + kRounds * kWorkers);
  // A lock has one record for all threads; those that come and go share records.
  uint64_t live = 0;
  graph.each<Node>(kNodes, [&](uint64_t, const Node& node) {
    if ((node.flags & kNodeDestroyed) == 0) ++live;
  });
  EXPECT_GE(live, kShared);
  for (uint32_t i = 1; i <= graph.count(kThreads); ++i) {
    EXPECT_EQ(graph.at<Thread>(kThreads, i)->depth, 0U);
  }
  unlink(path.c_str());
  rmdir(directory.c_str());
}

}  // namespace
}  // namespace heddle::lock_order
