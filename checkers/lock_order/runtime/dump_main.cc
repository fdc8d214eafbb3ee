// SPDX-License-Identifier: Apache-2.0
//
// Prints a graph file as it is: one line per record. For whoever works on the runtime.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <string>

#include "checkers/lock_order/graph_format.h"

namespace {

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

class Graph {
 public:
  Graph(const uint8_t* base, uint64_t size) : base_(base), size_(size) {}
  const Header& header() const { return *reinterpret_cast<const Header*>(base_); }

  template <class Record>
  const Record* at(TableId id, uint64_t index) const {
    const Table& table = header().tables[id];
    const uint64_t per = kChunkBytes / table.record_bytes;
    const uint64_t position = index / per;
    const auto* numbers =
        reinterpret_cast<const uint64_t*>(chunk(table.directory[position / 8192]));
    if (numbers == nullptr) return nullptr;
    const uint8_t* data = chunk(numbers[position % 8192]);
    return data == nullptr
               ? nullptr
               : reinterpret_cast<const Record*>(data + index % per * table.record_bytes);
  }

  template <class Record, class Print>
  void each(TableId id, const char* title, Print print) const {
    const uint64_t count = header().tables[id].count;
    std::printf("%s: %" PRIu64 "\n", title, count == 0 ? 0 : count - 1);
    for (uint64_t i = 1; i < count; ++i) {
      const auto* record = at<Record>(id, i);
      if (record != nullptr) print(i, *record);
    }
  }

  std::string text(uint32_t index) const {
    std::string out;
    while (index != 0) {
      const auto* part = at<StringPart>(kStrings, index++);
      if (part == nullptr) break;
      out.append(part->text, part->bytes > 60 ? 60 : part->bytes);
      if (part->bytes <= 60) break;
    }
    return out;
  }

 private:
  const uint8_t* chunk(uint64_t number) const {
    const uint64_t at = kHeaderBytes + number * kChunkBytes;
    return number == 0 || at + kChunkBytes > size_ ? nullptr : base_ + at;
  }
  const uint8_t* base_;
  uint64_t size_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int fd = open(argv[1], O_RDONLY);
  struct stat status{};
  if (fd < 0 || fstat(fd, &status) != 0) return 2;
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size < kHeaderBytes) return 2;
  void* base = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return 2;
  const Graph graph(static_cast<const uint8_t*>(base), size);
  const Header& h = graph.header();
  std::printf("pid %u program %s host %s chunks %" PRIu64
              " stopped %u exited %u watcher %u found %u slow %" PRIu64 " acquisitions %" PRIu64
              "\n",
              h.pid, h.program, h.host, h.chunks, h.stopped, h.exited, h.watcher, h.found,
              h.slow_paths, h.acquisitions);
  graph.each<Node>(kNodes, "nodes", [&](uint64_t i, const Node& n) {
    std::printf("  %" PRIu64 " kind %u flags %u addr %" PRIx64 " id %" PRIx64 " site %" PRIx64
                " stack %u level %u name '%s' waits %" PRIu64 "\n",
                i, n.kind, n.flags, n.address, n.identity, n.first_site, n.first_stack, n.level,
                graph.text(n.name).c_str(), n.waits);
  });
  graph.each<Chain>(kChains, "chains", [](uint64_t i, const Chain& c) {
    std::printf("  %" PRIu64 " parent %u node %u site %" PRIx64 " flags %u stack %u\n", i, c.parent,
                c.node, c.site, c.flags, c.stack);
  });
  graph.each<Visit>(kVisits, "visits", [](uint64_t i, const Visit& v) {
    std::printf("  %" PRIu64 " chain %u thread %u segment %u-%u\n", i, v.chain, v.thread, v.segment,
                v.segment_end);
  });
  graph.each<Stack>(kStacks, "stacks", [&](uint64_t i, const Stack& s) {
    std::printf("  %" PRIu64 ":", i);
    for (uint32_t f = 0; f < s.frames; ++f) {
      std::printf(" %" PRIx64, graph.at<Frame>(kFrames, s.first_frame + f)->pc);
    }
    std::printf("\n");
  });
  graph.each<Thread>(kThreads, "threads", [](uint64_t i, const Thread& t) {
    std::printf("  %" PRIu64 " tid %u '%s' creator %u@%u chain %u segment %u alive %u seq %" PRIu64
                " wanted %u held",
                i, t.tid, t.name, t.creator, t.creator_segment, t.creator_chain, t.segment, t.alive,
                t.sequence, t.wanted);
    for (uint32_t d = 0; d < t.depth && d < kHeldInline; ++d) {
      std::printf(" %u(flags %u)", t.held[d].node, t.held[d].flags);
    }
    std::printf("\n");
  });
  graph.each<Event>(kEvents, "events", [&](uint64_t i, const Event& e) {
    static const char* const kNames[] = {"none",
                                         "create",
                                         "join",
                                         "barrier",
                                         "once",
                                         "one-shot",
                                         "guard",
                                         "fork",
                                         "exit-holding",
                                         "unlock-not-held",
                                         "destroy-held",
                                         "free-held",
                                         "blocking-call",
                                         "assert-held",
                                         "assert-not-held",
                                         "level",
                                         "enforce",
                                         "cond-two-mutexes",
                                         "exit"};
    std::printf("  %" PRIu64
                " %s thread %u@%u other %u@%u node %u other_node %u name '%s' gen %u "
                "stack %u chain %u\n",
                i, e.kind < 19 ? kNames[e.kind] : "?", e.thread, e.segment, e.other,
                e.other_segment, e.node, e.other_node, graph.text(e.name).c_str(), e.generation,
                e.stack, e.chain);
  });
  graph.each<Module>(kModules, "modules", [&](uint64_t i, const Module& m) {
    std::printf("  %" PRIu64 " %" PRIx64 "-%" PRIx64 " bias %" PRIx64 " id ", i, m.begin, m.end,
                m.bias);
    for (unsigned b = 0; b < m.build_id_bytes; ++b) std::printf("%02x", m.build_id[b]);
    std::printf(" %s\n", graph.text(m.path).c_str());
  });
  return 0;
}
