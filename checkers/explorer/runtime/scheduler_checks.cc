// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about memory that is accessed: that it lives, that nobody else is at it
// unordered, that somebody has written to it.
#include <string.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/annotations.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {

bool Scheduler::CheckMemory(Fiber& fiber, const Operation& operation) {
  const Access& access = operation.access;
  const Fiber* const owner = StackOf(access.address, fiber.id) == nullptr
                                 ? nullptr
                                 : DeadStack(access.address, fiber.id, search_.Clock(fiber.id));
  if (owner != nullptr) {
    Fault fault;
    DescribeDeadStack(owner->id, search_.Position(owner->id),
                      {.thread = fiber.id,
                       .address = access.address,
                       .site = access.site,
                       .size = access.size,
                       .position = static_cast<std::uint16_t>(search_.Position(fiber.id)),
                       .write = operation.kind != Operation::Kind::kLoad,
                       .atomic = true},
                      fault);
    Fail(fault);
    return false;
  }
  if (!heap_.Contains(access.address) || heap_.Accessible(access.address, access.size)) return true;
  Fault fault;
  DescribeBadAccess(heap_, access.address, access.size, operation.kind != Operation::Kind::kLoad,
                    true, fiber.id, access.site, search_.Position(fiber.id), fault);
  Fail(fault);
  return false;
}

bool Scheduler::LeaveStack(Fiber& fiber, std::uintptr_t frame) {
  while (!fiber.left.empty() && fiber.left.back().frame <= frame) fiber.left.pop_back();
  fiber.left.push_back({.frame = frame, .events = search_.Position(fiber.id)});
  return CheckLeft(fiber, frame);
}

// The end of a function is the end of its variables: what other threads do with those has to happen
// before.
bool Scheduler::CheckLeft(Fiber& fiber, std::uintptr_t frame) {
  if (frame <= fiber.foreign_low) return true;
  const std::uintptr_t end = std::min(frame, fiber.foreign_high);
  for (std::uintptr_t at = fiber.foreign_low / Shadow::kGranule * Shadow::kGranule; at < end;
       at += Shadow::kGranule) {
    const ShadowCell* const cell = shadow_.Look(at);
    if (cell == nullptr) continue;
    const std::size_t bytes = std::min(Shadow::kGranule, end - at);
    const auto mask = static_cast<std::uint8_t>((1U << bytes) - 1);
    const ShadowAccess* const other =
        shadow_.Unordered(*cell, mask, fiber.id, search_.Clock(fiber.id));
    if (other == nullptr) continue;
    Fault fault;
    DescribeLeftStack(fiber.id, search_.Position(fiber.id), at, *other, fault);
    const Frame& now = *fiber.frame;
    fault.site = now.operation() == AtomicOperation::kCall
                     ? reinterpret_cast<const Operation*>(now.arguments[0])->access.site
                     : now.return_address;
    stopped_ = true;
    Fail(fault);
    return false;
  }
  fiber.foreign_low = frame < fiber.foreign_high ? frame : UINTPTR_MAX;
  return true;
}

// `clock` is that of the access itself: the thread has told it already.
bool Scheduler::EnterShadow(Fiber& fiber, const Access& told, const View& clock, bool write) {
  const std::uintptr_t end = told.address + told.size;
  if (Fiber* const owner = StackOf(told.address, fiber.id)) owner->Share(told.address, told.size);
  ShadowAccess access{.site = told.site,
                      .position = static_cast<std::uint64_t>(clock.count[fiber.id] - 1),
                      .thread = static_cast<std::uint8_t>(fiber.id),
                      .mask = 0,
                      .write = write,
                      .atomic = true};
  if (told.address / Shadow::kGranule == (end - 1) / Shadow::kGranule) {
    const std::uintptr_t offset = told.address % Shadow::kGranule;
    access.mask = static_cast<std::uint8_t>(((1U << told.size) - 1) << offset);
    ShadowCell& cell = shadow_.At(told.address);
    cell.atomic_mask |= access.mask;
    if (write) cell.atomic_written |= access.mask;
    cell.atomic_start |= static_cast<std::uint8_t>(1U << offset);
    if (cell.plain == 0) {
      shadow_.EnterAtomic(cell, access);
      return true;
    }
  }
  for (std::uintptr_t at = told.address; at < end;) {
    const std::uintptr_t offset = at % Shadow::kGranule;
    const std::uintptr_t bytes = std::min(Shadow::kGranule - offset, end - at);
    access.mask = static_cast<std::uint8_t>(((1U << bytes) - 1) << offset);
    ShadowCell& cell = shadow_.At(at);
    cell.atomic_mask |= access.mask;
    if (write) cell.atomic_written |= access.mask;
    if (at == told.address) {
      cell.atomic_start |= static_cast<std::uint8_t>(1U << offset);
    }
    const ShadowAccess* const other = shadow_.Enter(cell, access, clock);
    if (other != nullptr && !(g_annotations.any() && g_annotations.IsBenign(at, bytes))) {
      Fault fault;
      DescribeRace(at, access, *other, fault);
      Fail(fault);
      return false;
    }
    at += bytes;
  }
  return true;
}

bool Scheduler::CheckInitialized(const Fiber& fiber, const Operation& operation) {
  const Access& access = operation.access;
  if (!heap_.Contains(access.address)) return true;
  Value pattern;
  memset(&pattern, Heap::kPattern, sizeof pattern);
  if (operation.answer.value != Truncated(pattern, access.size)) return true;
  const Block* const block = heap_.Near(access.address);
  if (block == nullptr || block->zeroed) return true;
  // Its value must be the initial one, and nobody's.
  const Graph& graph = search_.graph();
  const std::vector<EventId>& events = graph.thread(fiber.id);
  const bool wrote = operation.kind == Operation::Kind::kUpdate && operation.answer.success;
  const std::size_t back = wrote ? 2 : 1;
  if (static_cast<std::size_t>(search_.Position(fiber.id)) < back) return true;
  const Event& read = graph[events[static_cast<std::size_t>(search_.Position(fiber.id)) - back]];
  if (read.reads_from != kInit) return true;
  ShadowCell* const cell = shadow_.Look(access.address);
  const std::uint8_t mask = static_cast<std::uint8_t>(
      ((1U << std::min<unsigned>(access.size, 8)) - 1) << (access.address % Shadow::kGranule));
  if (cell != nullptr && shadow_.Written(*cell, mask, true)) return true;
  Fault fault;
  fault.verdict = verdict::kUninitialized;
  fault.thread = fiber.id;
  fault.site = access.site;
  fault.block = block->address;
  snprintf(fault.message, sizeof fault.message,
           "an atomic operation reads %u bytes that nobody has written to", access.size);
  Fail(fault);
  return false;
}

}  // namespace heddle::explorer
