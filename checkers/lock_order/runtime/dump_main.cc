// SPDX-License-Identifier: Apache-2.0
//
// Prints a graph file as it is: one line per record. For whoever works on the runtime.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "checkers/lock_order/runtime/raw_graph.h"

namespace {

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

template <class Record, class Print>
void print_all(const RawGraph& graph, TableId id, const char* title, Print print) {
  std::printf("%s: %" PRIu64 "\n", title, graph.count(id));
  graph.each<Record>(id, print);
}

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
  const RawGraph graph(static_cast<const uint8_t*>(base), size);
  const Header& h = graph.header();
  std::printf("pid %u program %s host %s chunks %" PRIu64
              " stopped %u exited %u watcher %u found %u slow %" PRIu64 " acquisitions %" PRIu64
              "\n",
              h.pid, h.program, h.host, h.chunks, h.stopped, h.exited, h.watcher, h.found,
              h.slow_paths, h.acquisitions);
  print_all<Node>(graph, kNodes, "nodes", [&](uint64_t i, const Node& n) {
    std::printf("  %" PRIu64 " kind %u flags %u addr %" PRIx64 " id %" PRIx64 " site %" PRIx64
                " stack %u level %u name '%s' waits %" PRIu64 "\n",
                i, n.kind, n.flags, n.address, n.identity, n.first_site, n.first_stack, n.level,
                graph.text(n.name).c_str(), n.waits);
  });
  print_all<Chain>(graph, kChains, "chains", [](uint64_t i, const Chain& c) {
    std::printf("  %" PRIu64 " parent %u node %u site %" PRIx64 " flags %u stack %u\n", i, c.parent,
                c.node, c.site, c.flags, c.stack);
  });
  print_all<Visit>(graph, kVisits, "visits", [](uint64_t i, const Visit& v) {
    std::printf("  %" PRIu64 " chain %u thread %u segment %u-%u\n", i, v.chain, v.thread, v.segment,
                v.segment_end);
  });
  print_all<Stack>(graph, kStacks, "stacks", [&](uint64_t i, const Stack& s) {
    std::printf("  %" PRIu64 ":", i);
    for (uint32_t f = 0; f < s.frames; ++f) {
      std::printf(" %" PRIx64, graph.at<Frame>(kFrames, s.first_frame + f)->pc);
    }
    std::printf("\n");
  });
  print_all<Thread>(graph, kThreads, "threads", [](uint64_t i, const Thread& t) {
    std::printf("  %" PRIu64 " tid %u '%s' creator %u@%u chain %u segment %u alive %u seq %" PRIu64
                " wanted %u held",
                i, t.tid, t.name, t.creator, t.creator_segment, t.creator_chain, t.segment, t.alive,
                t.sequence, t.wanted);
    for (uint32_t d = 0; d < t.depth && d < kHeldInline; ++d) {
      std::printf(" %u(flags %u)", t.held[d].node, t.held[d].flags);
    }
    std::printf("\n");
  });
  print_all<Event>(graph, kEvents, "events", [&](uint64_t i, const Event& e) {
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
  print_all<Module>(graph, kModules, "modules", [&](uint64_t i, const Module& m) {
    std::printf("  %" PRIu64 " %" PRIx64 "-%" PRIx64 " bias %" PRIx64 " id ", i, m.begin, m.end,
                m.bias);
    for (unsigned b = 0; b < m.build_id_bytes; ++b) std::printf("%02x", m.build_id[b]);
    std::printf(" %s\n", graph.text(m.path).c_str());
  });
  return 0;
}
