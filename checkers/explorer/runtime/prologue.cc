// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/prologue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <algorithm>

namespace heddle::explorer {
namespace {

// To put more back costs as much as to do it again.
constexpr std::size_t kMostBytes = std::size_t{1} << 18;
// The C library allocates some of what it needs once: a stream's buffer.
constexpr int kMostAttempts = 4;

bool IsIn(const Globals& globals, std::uintptr_t address) {
  const auto* const at = reinterpret_cast<const char*>(address);
  return std::any_of(
      globals.regions.begin(), globals.regions.end(),
      [&](const Globals::Region& region) { return at >= region.low && at < region.high; });
}

}  // namespace

void Prologue::Start() {
  files_ = OpenFiles();
  given_up_ = false;
  attempts_ = 0;
}

Prologue::Files Prologue::OpenFiles() {
  const int error = errno;
  Files files{};
  for (int file = 0; file < static_cast<int>(64 * files.size()); ++file) {
    const auto word = static_cast<std::size_t>(file) / 64;
    if (fcntl(file, F_GETFD) >= 0) files[word] |= std::uint64_t{1} << (file % 64);
  }
  errno = error;
  return files;
}

bool Prologue::Contains(const Operation& operation, bool alone) {
  switch (operation.kind) {
    case Operation::Kind::kStore:
    case Operation::Kind::kFence:
    case Operation::Kind::kCreate:
    case Operation::Kind::kNothing:
      return true;
    case Operation::Kind::kLoad:
    case Operation::Kind::kUpdate:
      return alone;
    default:
      return false;
  }
}

// Of writes that are told of. Memory from before the exploration is nobody's to put back: programs
// that use it set it up in each execution.
bool Prologue::ChangesOnly(const Surroundings& now) {
  const Fiber& fiber = now.fibers[0];
  for (std::size_t i = 0; i < now.shadow.size; ++i) {
    const ShadowCell& cell = now.shadow.cells[i];
    if (cell.generation != now.shadow.generation) continue;
    const std::uintptr_t address = cell.granule * Shadow::kGranule;
    if (now.heap.Contains(address) || fiber.OnStack(address) || IsIn(now.globals, address) ||
        fiber.storage.Contains(reinterpret_cast<const void*>(address))) {
      continue;
    }
    bool written = cell.overflow != 0;
    for (std::size_t k = 0; k < cell.count; ++k) written = written || cell.accesses[k].write;
    if (written) return false;
  }
  return true;
}

void Prologue::Keep(const Surroundings& now, std::vector<Event> events) {
  if (state().library_allocated) {
    given_up_ = ++attempts_ == kMostAttempts;
    return;
  }
  Fiber& fiber = now.fibers[0];
  const Heap::Arena& arena = now.heap.arenas[0];
  // With loops, what lies below is compared, too.
  char* const low = now.loops.Any() ? fiber.LowestUsed() : reinterpret_cast<char*>(fiber.frame);
  if (static_cast<std::size_t>(fiber.stack_high - low) > kMostBytes || arena.used > kMostBytes ||
      OpenFiles() != files_ || !ChangesOnly(now)) {
    given_up_ = true;
    return;
  }
  events_ = std::move(events);
  loops_version_ = now.loops.version();
  fiber_ = fiber;
  fiber_.CopyRooms(fiber);
  stack_.assign(low, fiber.stack_high);
  storage_.assign(fiber.storage.low(), fiber.storage.high());

  created_.clear();
  for (ThreadId id = 1; id < now.threads; ++id) {
    const Fiber& made = now.fibers[static_cast<std::size_t>(id)];
    if (!made.started) continue;
    created_.push_back({.id = id,
                        .function = made.function,
                        .argument = made.argument,
                        .parent = made.parent,
                        .created_at = made.created_at,
                        .detached = made.detached,
                        .work = made.work});
  }

  const auto* const heap = reinterpret_cast<const char*>(now.heap.low);
  heap_used_ = arena.used;
  now.heap.Expose(0);
  heap_.assign(heap, heap + arena.used);
  granules_.assign(now.heap.granules,
                   now.heap.granules + (arena.used + Heap::kGranule - 1) / Heap::kGranule);
  blocks_.assign(arena.blocks, arena.blocks + arena.count);
  now.heap.Guard(0);
  live_ = now.heap.live;

  shadow_size_ = now.shadow.size;
  cells_.clear();
  for (std::size_t i = 0; i < now.shadow.size; ++i) {
    const ShadowCell& cell = now.shadow.cells[i];
    if (cell.generation == now.shadow.generation) cells_.emplace_back(i, cell);
  }
  nodes_.assign(now.shadow.nodes, now.shadow.nodes + now.shadow.nodes_used + 1);

  visits_ = now.loops.VisitsOf(0);
  now.globals.Keep();
  kept_ = true;
}

void Prologue::Forget(Globals& globals) {
  kept_ = false;
  globals.Forget();
}

void Prologue::PutBack(const Surroundings& now) const {
  Fiber& fiber = now.fibers[0];
  char* const lowest = fiber.stack_used;
  char* const low = fiber.stack_high - stack_.size();
  if (now.loops.Any()) {
    char* const used = fiber.LowestUsed();
    if (used < low) memset(used, 0, static_cast<std::size_t>(low - used));
  }
  memcpy(low, stack_.data(), stack_.size());
  memcpy(fiber.storage.low(), storage_.data(), storage_.size());
  if (fiber.key_limit != 0) std::fill_n(fiber.specific.items, fiber.key_limit, nullptr);
  fiber = fiber_;
  fiber.CopyRooms(fiber_);
  fiber.stack_used = std::min(fiber.stack_used, lowest);

  for (const Created& made : created_) {
    Fiber& other = now.fibers[static_cast<std::size_t>(made.id)];
    other.Start(made.function, made.argument, now.loops.Any());
    other.parent = made.parent;
    other.created_at = made.created_at;
    other.detached = made.detached;
    other.work = made.work;
  }

  Heap::Arena& arena = now.heap.arenas[0];
  arena.used = heap_used_;
  arena.count = blocks_.size();
  now.heap.live = live_;
  now.heap.Expose(0);
  std::copy(heap_.begin(), heap_.end(), reinterpret_cast<char*>(now.heap.low));
  std::copy(granules_.begin(), granules_.end(), now.heap.granules);
  std::copy(blocks_.begin(), blocks_.end(), arena.blocks);
  now.heap.Guard(0);

  if (now.shadow.size == shadow_size_) {
    for (const auto& [place, cell] : cells_) {
      ShadowCell& to = now.shadow.cells[place];
      to = cell;
      to.generation = now.shadow.generation;
    }
  } else {
    for (const auto& [place, cell] : cells_) now.shadow.Add(cell);
  }
  now.shadow.used = cells_.size();
  now.shadow.UseNodes(nodes_.size() - 1);
  std::copy(nodes_.begin(), nodes_.end(), now.shadow.nodes);

  for (const auto& [site, visits] : visits_) now.loops.SetVisits(site, 0, visits);
}

}  // namespace heddle::explorer
