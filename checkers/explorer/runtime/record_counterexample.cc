// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/record_counterexample.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/record_line.h"
#include "checkers/explorer/runtime/record_order.h"
#include "checkers/explorer/runtime/scheduler.h"

namespace heddle::explorer {
namespace {

using record::Hex;
using record::Line;
using record::StackText;

const char* NameOf(const Event& event) {
  switch (event.kind) {
    case Kind::kRead:
      return event.order == Order::kPlain ? "plain_read" : "read";
    case Kind::kWrite:
      return event.order == Order::kPlain ? "plain_write" : "write";
    case Kind::kFence:
      return "fence";
    case Kind::kCreate:
      return "create";
    case Kind::kJoin:
      return "join";
    case Kind::kFinish:
      return "finish";
    case Kind::kChoose:
      return "choose";
    case Kind::kPark:
      return "park";
  }
  return "";
}

const char* StateOf(const Fiber& fiber) {
  if (!fiber.started) return "not_started";
  if (fiber.finished) return "finished";
  return fiber.operation != nullptr ? "waiting" : "running";
}

void WriteThreads(const Scheduler& scheduler) {
  for (int i = 0; i < scheduler.threads(); ++i) {
    const Fiber& fiber = scheduler.fibers()[i];
    if (!fiber.started) continue;
    Line line("thread");
    line.Number("id", i).Text("state", StateOf(fiber));
    if (fiber.parent != kNoThread) {
      line.Number("parent", fiber.parent);
      line.Stack("stack", scheduler.tracer().OfCreation(i), fiber.created_at);
    }
    line.Address("function", reinterpret_cast<std::uintptr_t>(fiber.function)).Write();
  }
}

struct BlockId {
  std::uintptr_t address;
  int id;
};

// The heap's blocks that the counterexample speaks of.
class Blocks {
 public:
  explicit Blocks(const Scheduler& scheduler)
      : heap_(const_cast<Heap&>(scheduler.heap())), tracer_(scheduler.tracer()) {}

  // -1: not in a block. Writes the block when it is the first time.
  int Of(std::uintptr_t address, std::uintptr_t& offset) {
    const Block* const block = heap_.Near(address);
    if (block == nullptr || address < block->address || address > block->address + block->size) {
      return -1;
    }
    offset = address - block->address;
    for (const BlockId& known : known_) {
      if (known.address == block->address) return known.id;
    }
    const int id = static_cast<int>(known_.size());
    known_.push_back({block->address, id});
    Line line("block");
    line.Number("id", id).Address("address", block->address).Number("size", block->size);
    line.Number("thread", block->thread);
    line.Stack("stack", tracer_.OfAllocation(block->address), block->site);
    if (block->freed_by != kNoThread) {
      line.Number("freed_by", block->freed_by);
      line.Stack("free_stack", tracer_.OfFree(block->address), block->free_site);
    }
    line.Write();
    return id;
  }

 private:
  Heap& heap_;
  const Tracer& tracer_;
  std::vector<BlockId> known_;
};

void WriteLocations(const Scheduler& scheduler, Blocks& blocks) {
  const Graph& graph = scheduler.search().graph();
  for (std::size_t i = 0; i < graph.locations(); ++i) {
    const auto id = static_cast<LocationId>(i);
    const Graph::Location& location = graph.location(id);
    if (location.accesses.empty()) continue;
    const std::uintptr_t address = scheduler.search().AddressOf(id);
    std::uintptr_t offset = 0;
    const int block = blocks.Of(address, offset);
    Line line("location");
    line.Number("id", i).Address("address", address);
    line.Number("size", graph[location.accesses.front()].size);
    line.Address("initial", location.initial);
    if (block >= 0) line.Number("block", block).Number("offset", offset);
    line.Write();
  }
}

// What is read and written may be pointers.
void WritePointedTo(const Graph& graph, Blocks& blocks) {
  std::uintptr_t offset = 0;
  for (const Event& event : graph.events()) {
    const bool has_value = event.kind == Kind::kRead || event.kind == Kind::kWrite;
    if (has_value && event.size == sizeof(void*)) {
      blocks.Of(static_cast<std::uintptr_t>(event.value), offset);
    }
  }
}

// A variable that has come to its end: another may be there by now.
bool HasEnded(const Fault& fault, std::uintptr_t address) {
  for (int i = 0; i < fault.accesses; ++i) {
    if (fault.access[i].size == 0 && fault.access[i].address == address) return true;
  }
  return false;
}

void WriteInFrames(const Scheduler& scheduler) {
  for (const InFrame& found : scheduler.tracer().in_frames()) {
    if (HasEnded(scheduler.fault(), found.address)) continue;
    Line line("in_frame");
    line.Address("address", found.address).Number("thread", static_cast<int>(found.thread));
    line.Address("pc", found.site).Address("stack_pointer", found.stack_pointer);
    line.Address("frame", found.frame).Write();
  }
}

// The write of the same read-modify-write, behind its read.
const Event* WriteOf(const Graph& graph, const Event& event) {
  if (event.kind != Kind::kRead || !event.update) return nullptr;
  const std::vector<EventId>& events = graph.thread(event.thread);
  const std::size_t next = event.index + std::size_t{1};
  if (next >= events.size()) return nullptr;
  const Event& write = graph[events[next]];
  return write.kind == Kind::kWrite && write.update ? &write : nullptr;
}

bool IsHang(const Fault& fault) {
  return !strcmp(fault.verdict, verdict::kDeadlock) || !strcmp(fault.verdict, verdict::kLivelock) ||
         !strcmp(fault.verdict, verdict::kLostWakeup);
}

bool IsLeak(const Fault& fault) { return strcmp(fault.verdict, verdict::kLeak) == 0; }

// The stack of an access that the finding names.
const CallStack& StackOf(const Scheduler& scheduler, int index) {
  const Tracer& tracer = scheduler.tracer();
  const FoundAccess& access = scheduler.fault().access[index];
  if (index == 0 && access.thread == scheduler.fault().thread) return tracer.OfFault();
  if (access.size == 0) return tracer.OfFree(access.address);
  return access.atomic ? tracer.OfEvent(access.thread, access.position) : tracer.OfAccess(index);
}

// In the order in which they were run, if that is known.
std::vector<EventId> InOrder(const Scheduler& scheduler) {
  const Graph& graph = scheduler.search().graph();
  std::vector<EventId> order;
  std::vector<bool> has(graph.size(), false);
  const auto add = [&](EventId id) {
    if (!has[id]) order.push_back(id);
    has[id] = true;
  };
  for (const Tracer::Told& told : scheduler.tracer().told()) {
    const std::vector<EventId>& own = graph.thread(told.thread);
    if (static_cast<std::size_t>(told.index) < own.size()) {
      add(own[static_cast<std::size_t>(told.index)]);
    }
  }
  for (std::size_t i = 0; i < graph.size(); ++i) add(static_cast<EventId>(i));
  return order;
}

std::string HappensBefore(const View& view, int threads) {
  std::string text = "[";
  for (int i = 0; i < threads; ++i) {
    if (i != 0) text += ',';
    text += std::to_string(view.count[static_cast<std::size_t>(i)]);
  }
  return text + "]";
}

// What a finding names that is no event of the graph: plain accesses, frees, where an assertion
// fails. Their ids and their locations' come behind the graph's.
class Named {
 public:
  explicit Named(const Scheduler& scheduler, Blocks& blocks)
      : scheduler_(scheduler), fault_(scheduler.fault()), blocks_(blocks) {
    const Graph& graph = scheduler.search().graph();
    for (int i = 0; i < fault_.accesses; ++i) {
      if (!IsEvent(i)) places_.push_back({i, fault_.access[i].thread, Of(i), false});
    }
    const bool somewhere = fault_.thread != kNoThread && fault_.site != 0;
    if (fault_.accesses == 0 && somewhere && !IsHang(fault_) && !IsLeak(fault_)) {
      const std::size_t told = graph.thread(fault_.thread).size();
      places_.push_back({0, fault_.thread, static_cast<int>(told), false});
    }
  }

  // The event that is the finding's access, or where it is found.
  int IdOf(int access) const {
    const Graph& graph = scheduler_.search().graph();
    if (access >= fault_.accesses || !IsEvent(access)) {
      return static_cast<int>(graph.size()) + access;
    }
    const FoundAccess& found = fault_.access[access];
    return graph.thread(found.thread)[found.position];
  }

  // Those that the thread made before its event `index`.
  void WriteBefore(ThreadId thread, int index) {
    for (Place& place : places_) {
      if (!place.written && place.thread == thread && place.position <= index) Write(place);
    }
  }
  // The one that ends the execution last.
  void WriteRest() {
    for (Place& place : places_) {
      if (!place.written && place.access != 0) Write(place);
    }
    for (Place& place : places_) {
      if (!place.written) Write(place);
    }
  }

 private:
  struct Place {
    int access;
    ThreadId thread;
    int position;
    bool written;
  };

  int Of(int access) const { return fault_.access[access].position; }

  // Of the graph's. An atomic operation that cannot be is none.
  bool IsEvent(int access) const {
    const FoundAccess& found = fault_.access[access];
    const Graph& graph = scheduler_.search().graph();
    return found.atomic && found.position < graph.thread(found.thread).size();
  }

  void Write(Place& place) {
    place.written = true;
    const Graph& graph = scheduler_.search().graph();
    const auto position = static_cast<std::size_t>(place.position);
    const std::size_t own = std::min(position, graph.thread(place.thread).size());
    const EventId last =
        own > 0 ? graph.thread(place.thread)[own - 1] : graph.creator(place.thread);
    const View before = last == kNoEvent ? View() : scheduler_.search().ClockOf(last);
    if (fault_.accesses == 0) {
      Line line = Start(place, "error");
      line.Raw("hb", HappensBefore(before, graph.threads()));
      line.Stack("stack", scheduler_.tracer().OfFault(), fault_.site).Write();
      return;
    }
    const FoundAccess& access = fault_.access[place.access];
    const int location = static_cast<int>(graph.locations()) + place.access;
    std::uintptr_t offset = 0;
    const int block = blocks_.Of(access.address, offset);
    Line where("location");
    where.Number("id", location).Address("address", access.address);
    where.Number("size", static_cast<int>(access.size));
    if (block >= 0) where.Number("block", block).Number("offset", offset);
    where.Write();
    const char* const write = access.size == 0 ? "free" : "plain_write";
    Line line = Start(place, access.write ? write : "plain_read");
    line.Number("location", location).Number("size", static_cast<int>(access.size));
    line.Raw("hb", HappensBefore(before, graph.threads()));
    line.Stack("stack", StackOf(scheduler_, place.access), access.site).Write();
  }

  Line Start(const Place& place, const char* kind) const {
    Line line("event");
    line.Number("id", IdOf(place.access)).Number("thread", place.thread);
    line.Number("index", place.position - 1).Text("order", "plain").Text("kind", kind);
    return line;
  }

  const Scheduler& scheduler_;
  const Fault& fault_;
  Blocks& blocks_;
  std::vector<Place> places_;
};

void WriteEvents(const Scheduler& scheduler, Named& named) {
  const Graph& graph = scheduler.search().graph();
  for (const EventId i : InOrderOfEffects(graph, InOrder(scheduler))) {
    const Event& event = graph[i];
    named.WriteBefore(event.thread, event.index);
    const bool second = event.kind == Kind::kWrite && event.update;
    Line line("event");
    line.Number("id", i).Number("thread", static_cast<int>(event.thread));
    line.Number("index", event.index).Text("order", NameOf(event.order));
    const Event* const write = WriteOf(graph, event);
    line.Text("kind", write != nullptr ? "update" : NameOf(event));
    if (event.location != kNoLocation) {
      line.Number("location", event.location).Number("size", static_cast<int>(event.size));
    }
    switch (event.kind) {
      case Kind::kRead:
      case Kind::kPark:
        line.Address("value", event.value);
        if (event.reads_from != kNoEvent) {
          line.Number("rf", event.reads_from == kInit ? -1 : static_cast<int>(event.reads_from));
        }
        if (event.update) line.Bool("success", write != nullptr);
        if (write != nullptr) line.Address("written", write->value).Number("co", write->co);
        break;
      case Kind::kWrite:
        line.Address("value", event.value).Number("co", event.co);
        if (second) line.Bool("of_update", true);
        break;
      case Kind::kChoose:
        line.Address("value", event.value);
        break;
      case Kind::kCreate:
      case Kind::kJoin:
        line.Number("peer", static_cast<int>(event.peer));
        break;
      default:
        break;
    }
    line.Raw("hb", HappensBefore(scheduler.search().ClockOf(i), graph.threads()));
    const CallStack& stack = scheduler.tracer().OfEvent(event.thread, event.index);
    if (event.site != 0) line.Stack("stack", stack, event.site);
    line.Write();
  }
  named.WriteRest();
}

std::string AccessLine(const FoundAccess& access, int event, const CallStack& stack) {
  std::string text = "{\"thread\":" + std::to_string(access.thread);
  text += ",\"event\":" + std::to_string(event);
  text += std::string(",\"write\":") + (access.write ? "true" : "false");
  text += std::string(",\"atomic\":") + (access.atomic ? "true" : "false");
  text += ",\"size\":" + std::to_string(access.size);
  text += ",\"address\":" + Hex(access.address);
  return text + ",\"stack\":" + StackText(stack, access.site) + "}";
}

// What is there in the end, if anybody has been there.
void AddValue(const Search& search, std::uintptr_t address, Line& line) {
  const Graph& graph = search.graph();
  for (std::size_t i = 0; i < graph.locations(); ++i) {
    const auto at = static_cast<LocationId>(i);
    if (search.AddressOf(at) != address || graph.location(at).accesses.empty()) continue;
    line.Address("value", graph.ValueOf(graph.Newest(at), at));
    return;
  }
}

void WriteWaits(const Scheduler& scheduler) {
  for (int i = 0; i < scheduler.threads(); ++i) {
    const Fiber& fiber = scheduler.fibers()[i];
    if (!fiber.started || fiber.finished || fiber.operation == nullptr) continue;
    const Operation& operation = *fiber.operation;
    Line line("waits");
    line.Number("thread", i);
    if (operation.kind == Operation::Kind::kJoin) {
      line.Text("what", "join").Number("owner", operation.number);
    } else {
      line.Text("what", operation.waits_for == nullptr ? "await" : operation.waits_for);
      line.Address("address", operation.access.address);
      line.Number("owner", scheduler.HolderOf(operation.access.address));
      if (operation.waits_for == nullptr) {
        AddValue(scheduler.search(), operation.access.address, line);
      }
    }
    line.Stack("stack", scheduler.tracer().OfWait(i), operation.access.site).Write();
  }
  for (int i = 0; i < scheduler.threads(); ++i) {
    const Fiber& fiber = scheduler.fibers()[i];
    // In a part of an execution, others have no part in the cycle.
    if (scheduler.search().IsPart() && fiber.operation == nullptr) continue;
    for (int k = 0; fiber.started && k < fiber.held_count; ++k) {
      Line("held")
          .Number("thread", i)
          .Text("what", fiber.held[k].what)
          .Address("address", reinterpret_cast<std::uintptr_t>(fiber.held[k].address))
          .Stack("stack", scheduler.tracer().OfSite(i, fiber.held[k].site), fiber.held[k].site)
          .Write();
    }
  }
}

}  // namespace

void WriteCounterexample(const Scheduler& scheduler) {
  const Fault& fault = scheduler.fault();
  WriteThreads(scheduler);
  Blocks blocks(scheduler);
  WriteLocations(scheduler, blocks);
  WriteInFrames(scheduler);
  std::uintptr_t offset = 0;
  const int block = fault.block == 0 ? -1 : blocks.Of(fault.block, offset);
  WritePointedTo(scheduler.search().graph(), blocks);
  Named named(scheduler, blocks);
  WriteEvents(scheduler, named);
  const bool hang = IsHang(fault);
  if (hang) WriteWaits(scheduler);
  Line line("finding");
  line.Text("verdict", fault.verdict).Text("message", fault.message);
  if (fault.thread != kNoThread) line.Number("thread", fault.thread);
  // A leak's is the block's.
  if (fault.site != 0 && !hang && !IsLeak(fault)) {
    line.Stack("stack", scheduler.tracer().OfFault(), fault.site);
  }
  if (fault.accesses != 0) {
    std::string accesses = "[";
    for (int i = 0; i < fault.accesses; ++i) {
      accesses +=
          (i == 0 ? "" : ",") + AccessLine(fault.access[i], named.IdOf(i), StackOf(scheduler, i));
    }
    line.Raw("accesses", accesses + "]");
  }
  if (fault.accesses == 0) line.Number("event", named.IdOf(0));
  if (block >= 0) line.Number("block", block);
  if (scheduler.left_out() > 0) line.Number("left_out", scheduler.left_out());
  line.Write();
  Line("replay").Text("path", scheduler.path().c_str()).Write();
}

std::string CounterexampleText(const Scheduler& scheduler) {
  const Graph& graph = scheduler.search().graph();
  std::string text;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Event& event = graph[static_cast<EventId>(i)];
    char line[256];
    int length = snprintf(line, sizeof line, "  %3zu thread %d: %s %s", i, event.thread,
                          NameOf(event), NameOf(event.order));
    if (event.location != kNoLocation) {
      length += snprintf(line + length, sizeof line - static_cast<std::size_t>(length),
                         " %#" PRIxPTR " = %s", scheduler.search().AddressOf(event.location),
                         Hex(event.value).c_str());
    }
    if (event.kind == Kind::kRead) {
      length += snprintf(line + length, sizeof line - static_cast<std::size_t>(length), " from %d",
                         event.reads_from == kInit ? -1 : event.reads_from);
    }
    snprintf(line + length, sizeof line - static_cast<std::size_t>(length), " at %#" PRIxPTR "\n",
             event.site);
    text += line;
  }
  return text;
}

}  // namespace heddle::explorer
