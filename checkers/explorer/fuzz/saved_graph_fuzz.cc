// SPDX-License-Identifier: Apache-2.0
//
// Execution graphs as text: what is taken for one saves as itself, and is run as it says by a
// program that does the same, or by one that does something else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {
namespace {

void Demand(bool holds) {
  if (!holds) std::abort();
}

constexpr int kMostSteps = 2000;

// Tells what the graph has next for the thread; beyond its end, or when `other`, something else.
Answer Tell(Search& search, ThreadId thread, bool other) {
  const Graph& graph = search.graph();
  const auto position = static_cast<std::size_t>(search.Position(thread));
  if (other || position >= graph.thread(thread).size()) return search.Finish(thread);
  const Event event = graph[graph.thread(thread)[position]];
  Access access;
  if (event.location != kNoLocation) {
    access = {.address = search.AddressOf(event.location),
              .size = event.size,
              .order = event.order,
              .site = event.site,
              .initial = graph.location(event.location).initial};
  }
  switch (event.kind) {
    case Kind::kRead:
    case Kind::kPark:
      if (event.update) return search.DoUpdate(thread, access, Update());
      return search.Load(thread, access);
    case Kind::kWrite:
      return search.Store(thread, access, event.value);
    case Kind::kFence:
      return search.Fence(thread, event.order, event.site);
    case Kind::kCreate:
      return search.Create(thread, event.site);
    case Kind::kJoin:
      return search.Join(thread, event.peer, event.site);
    case Kind::kFinish:
      return search.Finish(thread);
    case Kind::kChoose:
      return search.Choose(thread, 2, event.site);
  }
  return {};
}

void Run(Search& search, int odd_one) {
  if (!search.Begin()) return;
  ThreadId thread = kNoThread;
  for (int step = 0; step < kMostSteps && (thread = search.Next()) != kNoThread; ++step) {
    const Answer answer = Tell(search, thread, step == odd_one);
    if (answer.action == Action::kStop) break;
    if (search.IsPart()) search.Holds(thread);
  }
  search.End();
}

void Use(std::string_view text) {
  Search search({});
  if (!search.Restore(text)) return;
  Run(search, -1);
  Search first({});
  Demand(first.Restore(text));
  Demand(first.Begin());
  const std::string saved = first.IsPart() ? "" : first.Save();
  if (!saved.empty()) {
    Search again({});
    Demand(again.Restore(saved));
    Demand(again.Begin());
    Demand(again.Save() == saved);
  }
  Search odd({});
  odd.Restore(text);
  Run(odd, static_cast<int>(text.size() % 16));
}

}  // namespace
}  // namespace heddle::explorer

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heddle::explorer::Use({reinterpret_cast<const char*>(data), size});
  return 0;
}
