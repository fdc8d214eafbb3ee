// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/plain.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "checkers/explorer/runtime/annotations.h"
#include "checkers/explorer/runtime/describe.h"
#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/shadow.h"
#include "checkers/explorer/runtime/tracer.h"
#include "checkers/explorer/runtime/trial.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {
namespace {

std::uint8_t MaskOf(std::uintptr_t offset, std::size_t bytes) {
  return static_cast<std::uint8_t>(((1U << bytes) - 1) << offset);
}

[[noreturn]] void Report(Fault& fault, Site site) {
  Call call("a plain access", site);
  call.Report(fault);
}

void TellPending() {
  Operation operation;
  Perform(operation);
}

// The location of the graph that contains the byte.
Access AtomicAt(Shadow& shadow, std::uintptr_t address) {
  std::uintptr_t start = address;
  const auto starts = [&](std::uintptr_t at) {
    const ShadowCell* const cell = shadow.Look(at);
    return cell != nullptr && (cell->atomic_start >> at % Shadow::kGranule & 1) != 0;
  };
  const auto atomic = [&](std::uintptr_t at) {
    const ShadowCell* const cell = shadow.Look(at);
    return cell != nullptr && (cell->atomic_mask >> at % Shadow::kGranule & 1) != 0;
  };
  while (!starts(start)) --start;
  std::uintptr_t end = start + 1;
  while (end - start < sizeof(Value) && atomic(end) && !starts(end)) ++end;
  return {.address = start,
          .size = static_cast<std::uint8_t>(end - start),
          .order = Order::kPlain,
          .site = 0,
          .initial = 0};
}

// The bytes of the cell with which a plain access is an event. What conflicts with it and is not
// ordered is a race: so what makes it an event comes before it in every run of the same graph.
// Atomic reads conflict with no plain one, and are before it in some runs only.
unsigned EventBytes(const ShadowCell& cell, bool write) {
  return static_cast<unsigned>(write ? cell.atomic_mask : cell.atomic_written);
}

// Locations of the graph that the access touches are events: a read happens here, a write when the
// thread has made it.
void TellAtomics(std::uintptr_t address, std::size_t size, bool write, Site site) {
  Shadow& shadow = *state().shadow;
  Fiber& fiber = *state().current;
  for (std::uintptr_t at = address; at < address + size;) {
    const ShadowCell* const cell = shadow.Look(at);
    const unsigned bytes = cell == nullptr ? 0 : EventBytes(*cell, write);
    if (bytes == 0) {
      at = at / Shadow::kGranule * Shadow::kGranule + Shadow::kGranule;
      continue;
    }
    if ((bytes >> at % Shadow::kGranule & 1) == 0) {
      ++at;
      continue;
    }
    Access access = AtomicAt(shadow, at);
    access.site = site;
    const bool all = access.address >= address && access.address + access.size <= address + size;
    if (!write || !all) {
      Operation operation;
      operation.kind = Operation::Kind::kLoad;
      operation.access = access;
      operation.arguments[0] = address;
      operation.arguments[1] = size << 1 | (write ? 1 : 0);
      Perform(operation);
    }
    if (write) {
      if (fiber.pending == kMaxPending) {
        Call("a plain write", site)
            .Unsupported("a plain write to more than %d atomics at once", kMaxPending);
      }
      fiber.pending_writes[fiber.pending++] = access;
    }
    at = access.address + access.size;
  }
}

void Log(Fiber& fiber, std::uintptr_t address, std::size_t size) {
  LoopHistory& history = fiber.loop;
  if (fiber.OnStack(address)) return;
  if (size > sizeof(Value) || history.writes.size() == history.writes.capacity()) {
    ++history.effects;
    return;
  }
  const auto bytes = static_cast<std::uint8_t>(size);
  history.writes.push_back({.address = address, .size = bytes, .old = ReadMemory(address, bytes)});
}

// Memory of the heap that holds what it held when it was allocated, and that no code has written
// to.
bool Uninitialized(const ShadowCell& cell, std::uintptr_t address, std::size_t size,
                   std::uint8_t mask) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(address);
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != Heap::kPattern) return false;
  }
  const Block* const block = state().heap->Near(address);
  return block != nullptr && !block->zeroed && !state().shadow->Written(cell, mask, false);
}

void CheckHeap(std::uintptr_t address, std::size_t size, bool write, Site site) {
  State& shared = state();
  Heap& heap = *shared.heap;
  if (!heap.Contains(address) || heap.Accessible(address, size)) return;
  Fault fault;
  DescribeBadAccess(heap, address, size, write, false, shared.current->id, site,
                    static_cast<int>(shared.position), fault);
  Report(fault, site);
}

void CheckStack(std::uintptr_t address, std::size_t size, bool write, Site site) {
  const State& shared = state();
  const ThreadId thread = shared.current->id;
  Fiber* const shares = shared.scheduler->StackOf(address, thread);
  if (shares == nullptr) return;
  const Fiber* const owner = shared.scheduler->DeadStack(address, thread, *shared.clock);
  if (owner == nullptr) {
    shares->Share(address, size);
    return;
  }
  Fault fault;
  DescribeDeadStack(owner->id, shared.scheduler->search().Position(owner->id),
                    {.thread = shared.current->id,
                     .address = address,
                     .site = site,
                     .size = static_cast<std::uint8_t>(size),
                     .position = static_cast<std::uint16_t>(shared.position),
                     .write = write,
                     .atomic = false},
                    fault);
  Report(fault, site);
}

// Within one granule.
inline bool Enter(std::uintptr_t address, std::size_t size, bool write, Site site,
                  bool check_initialized) {
  State& shared = state();
  const std::uint8_t mask = MaskOf(address % Shadow::kGranule, size);
  ShadowCell& cell = shared.shadow->At(address);
  if (g_annotations.any() && g_annotations.Excuse(shared.current->id, address, size, write)) {
    return (EventBytes(cell, write) & mask) != 0;
  }
  if (check_initialized && Uninitialized(cell, address, size, mask)) {
    Fault fault;
    fault.verdict = verdict::kUninitialized;
    fault.thread = shared.current->id;
    fault.site = site;
    snprintf(fault.message, sizeof fault.message,
             "thread %d reads %zu bytes of the heap that nobody has written to", fault.thread,
             size);
    Report(fault, site);
  }
  const ShadowAccess access{.site = site,
                            .position = shared.position,
                            .thread = static_cast<std::uint8_t>(shared.current->id),
                            .mask = mask,
                            .write = write,
                            .atomic = false};
  if (const ShadowAccess* const other = shared.shadow->Enter(cell, access, *shared.clock)) {
    Fault fault;
    DescribeRace(address, access, *other, fault);
    Report(fault, site);
  }
  return (EventBytes(cell, write) & mask) != 0;
}

// In a trial, reads are harmless, and writes that can be taken back; but a location of the graph's
// would be an event.
void InTrial(const Fiber& fiber, std::uintptr_t address, std::size_t size, bool write) {
  TrialLog* const log = state().trial_log;
  if (write && log == nullptr) EndTrial();
  for (std::uintptr_t at = address; at < address + size;
       at = at / Shadow::kGranule * Shadow::kGranule + Shadow::kGranule) {
    const ShadowCell* const cell = state().shadow->Look(at);
    if (cell != nullptr && cell->atomic_mask != 0) EndTrial();
  }
  if (log == nullptr || fiber.OnStack(address)) return;
  if (size > sizeof(Value) || log->access_count == TrialLog::kMost) EndTrial();
  log->accesses[log->access_count++] = {.address = address, .size = size, .write = write};
  if (!write) return;
  log->Write(address, static_cast<std::uint8_t>(size));
}

// What threads do most: each on its own stack, where nobody else looks.
inline bool EnterOwn(const State& shared, const Fiber& fiber, std::uintptr_t address,
                     std::size_t size, bool write, Site site) {
  const std::uintptr_t offset = address % Shadow::kGranule;
  if (offset + size > Shadow::kGranule || shared.trial || fiber.pending != 0 ||
      shared.tracer != nullptr || g_annotations.any()) {
    return false;
  }
  return shared.shadow->EnterAlone(address, {.site = site,
                                             .position = shared.position,
                                             .thread = static_cast<std::uint8_t>(fiber.id),
                                             .mask = MaskOf(offset, size),
                                             .write = write,
                                             .atomic = false});
}

}  // namespace

void PlainAccess(std::uintptr_t address, std::size_t size, bool write, Site site) {
  State& shared = state();
  if (shared.mode != Mode::kProgram) return;
  Fiber& fiber = *shared.current;
  if (fiber.OnStack(address)) {
    if (EnterOwn(shared, fiber, address, size, write, site)) return;
  } else {
    ++fiber.loop.accesses;
  }
  if (shared.trial) return InTrial(fiber, address, size, write);
  if (fiber.pending != 0) TellPending();
  if (shared.tracer != nullptr) shared.tracer->Accessed(address, size, site);
  const bool in_heap = shared.heap->Contains(address);
  if (in_heap) {
    CheckHeap(address, size, write, site);
  } else if (!fiber.OnStack(address)) {
    CheckStack(address, size, write, site);
  }
  bool atomic = false;
  for (std::uintptr_t at = address; at < address + size;) {
    const std::size_t part =
        std::min(Shadow::kGranule - at % Shadow::kGranule, address + size - at);
    atomic |= Enter(at, part, write, site, in_heap && !write && size <= Shadow::kGranule);
    at += part;
  }
  if (write && shared.watching) Log(fiber, address, size);
  if (atomic) TellAtomics(address, size, write, site);
}

void PlainRange(std::uintptr_t address, std::size_t size, bool write, Site site) {
  State& shared = state();
  if (shared.mode != Mode::kProgram || size == 0) return;
  if (shared.trial) EndTrial();
  Fiber& fiber = *shared.current;
  ++fiber.loop.accesses;
  if (fiber.pending != 0) TellPending();
  if (shared.tracer != nullptr) shared.tracer->Accessed(address, size, site);
  if (shared.heap->Contains(address)) CheckHeap(address, size, write, site);
  CheckStack(address, size, write, site);
  bool atomic = false;
  for (std::uintptr_t at = address; at < address + size;) {
    const std::size_t part =
        std::min(Shadow::kGranule - at % Shadow::kGranule, address + size - at);
    atomic |= Enter(at, part, write, site, false);
    at += part;
  }
  if (write && shared.watching) Log(fiber, address, size);
  if (atomic) TellAtomics(address, size, write, site);
}

void LogWrite(std::uintptr_t address, std::size_t size) {
  if (state().watching) Log(*state().current, address, size);
}

}  // namespace heddle::explorer
