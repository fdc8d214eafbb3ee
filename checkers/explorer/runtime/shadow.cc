// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/shadow.h"

#include <string.h>
#include <sys/mman.h>

#include "checkers/explorer/graph/poison.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kFirstSize = std::size_t{1} << 12;
constexpr std::size_t kMaxNodes = 0xffff;

void* Map(std::size_t size) {
  void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) Fatal("out of memory for the table of accesses");
  return mapped;
}

bool Ordered(const ShadowAccess& access, ThreadId thread, const View& clock) {
  return access.thread == thread || clock.count[access.thread] > access.position;
}

bool Conflict(const ShadowAccess& a, const ShadowAccess& b) {
  return (a.mask & b.mask) != 0 && (a.write || b.write) && !(a.atomic && b.atomic);
}

}  // namespace

void Shadow::Reserve() {
  size = kFirstSize;
  cells = static_cast<ShadowCell*>(Map(size * sizeof(ShadowCell)));
  nodes = static_cast<Node*>(Map((kMaxNodes + 1) * sizeof(Node)));
  Poison(nodes + 1, kMaxNodes * sizeof(Node));
  used = 0;
  nodes_used = 0;
  generation = 1;
}

void Shadow::UseNodes(std::size_t count) {
  Unpoison(nodes, (count + 1) * sizeof(Node));
  if (count < nodes_used) Poison(nodes + count + 1, (nodes_used - count) * sizeof(Node));
  nodes_used = count;
}

void Shadow::Release() {
  munmap(cells, size * sizeof(ShadowCell));
  munmap(nodes, (kMaxNodes + 1) * sizeof(Node));
}

void Shadow::Reset() {
  used = 0;
  UseNodes(0);
  if (++generation == 0) {
    memset(static_cast<void*>(cells), 0, size * sizeof(ShadowCell));
    generation = 1;
  }
}

ShadowCell* Shadow::Look(std::uintptr_t address) {
  const std::uintptr_t granule = address / kGranule;
  for (std::size_t i = Hash(granule, size);; i = (i + 1) & (size - 1)) {
    ShadowCell& cell = cells[i];
    if (cell.generation != generation) return nullptr;
    if (cell.granule == granule) return &cell;
  }
}

ShadowCell& Shadow::Find(std::uintptr_t address) {
  const std::uintptr_t granule = address / kGranule;
  for (std::size_t i = Hash(granule, size);; i = (i + 1) & (size - 1)) {
    ShadowCell& cell = cells[i];
    if (cell.generation == generation) {
      if (cell.granule == granule) return cell;
      continue;
    }
    if (used * 2 >= size) {
      Grow();
      return Find(address);
    }
    ++used;
    cell.granule = granule;
    cell.generation = generation;
    cell.overflow = 0;
    cell.count = 0;
    cell.plain = 0;
    cell.atomic_mask = 0;
    cell.atomic_start = 0;
    cell.atomic_written = 0;
    return cell;
  }
}

void Shadow::Add(const ShadowCell& cell) {
  ShadowCell& own = Find(cell.granule * kGranule);
  own = cell;
  own.generation = generation;
}

void Shadow::Grow() {
  // On the program's stack perhaps, but no call of the program's.
  State& shared = state();
  const Mode mode = shared.mode;
  if (mode == Mode::kProgram) shared.mode = Mode::kRuntime;
  ShadowCell* const old = cells;
  const std::size_t old_size = size;
  size *= 4;
  cells = static_cast<ShadowCell*>(Map(size * sizeof(ShadowCell)));
  for (std::size_t i = 0; i < old_size; ++i) {
    if (old[i].generation != generation) continue;
    std::size_t to = Hash(old[i].granule, size);
    while (cells[to].generation == generation) to = (to + 1) & (size - 1);
    cells[to] = old[i];
  }
  munmap(old, old_size * sizeof(ShadowCell));
  shared.mode = mode;
}

const ShadowAccess* Shadow::Enter(ShadowCell& cell, ShadowAccess access, const View& clock) {
  const ThreadId thread = access.thread;
  if (!access.atomic) {
    cell.plain = 1;
  } else if (cell.plain == 0) {
    return EnterAtomic(cell, access), nullptr;
  }
  std::uint8_t kept = 0;
  for (std::uint8_t i = 0; i < cell.count; ++i) {
    const ShadowAccess& old = cell.accesses[i];
    const bool ordered = Ordered(old, thread, clock);
    if (!ordered && Conflict(old, access)) return &old;
    if (ordered && Replaces(access, old)) continue;
    if (kept != i) cell.accesses[kept] = old;
    ++kept;
  }
  std::uint16_t* link = &cell.overflow;
  while (*link != 0) {
    Node& node = nodes[*link];
    const bool ordered = Ordered(node.access, thread, clock);
    if (!ordered && Conflict(node.access, access)) return &node.access;
    if (ordered && Replaces(access, node.access)) {
      *link = node.next;
    } else {
      link = &node.next;
    }
  }
  cell.count = kept;
  Append(cell, access);
  return nullptr;
}

// Where all are atomic there is no race: only what the thread itself has made superfluous goes.
void Shadow::EnterAtomic(ShadowCell& cell, ShadowAccess access) {
  const auto replaces = [&](const ShadowAccess& old) {
    return old.thread == access.thread && Replaces(access, old);
  };
  for (std::uint8_t i = 0; i < cell.count; ++i) {
    if (!replaces(cell.accesses[i])) continue;
    cell.accesses[i] = access;
    return;
  }
  for (std::uint16_t at = cell.overflow; at != 0; at = nodes[at].next) {
    if (!replaces(nodes[at].access)) continue;
    nodes[at].access = access;
    return;
  }
  Append(cell, access);
}

void Shadow::Append(ShadowCell& cell, ShadowAccess access) {
  if (cell.count < 3) {
    cell.accesses[cell.count] = access;
    cell.count = static_cast<std::uint8_t>((cell.count + 1) & 0x7f);
    return;
  }
  if (nodes_used == kMaxNodes) Fatal("too many unordered accesses to the same places");
  Unpoison(nodes + ++nodes_used, sizeof(Node));
  nodes[nodes_used] = {.access = access, .next = cell.overflow};
  cell.overflow = static_cast<std::uint16_t>(nodes_used);
}

const ShadowAccess* Shadow::Unordered(const ShadowCell& cell, std::uint8_t mask, ThreadId thread,
                                      const View& clock) const {
  for (std::uint8_t i = 0; i < cell.count; ++i) {
    const ShadowAccess& old = cell.accesses[i];
    if ((old.mask & mask) != 0 && !Ordered(old, thread, clock)) return &old;
  }
  for (std::uint16_t at = cell.overflow; at != 0; at = nodes[at].next) {
    const ShadowAccess& old = nodes[at].access;
    if ((old.mask & mask) != 0 && !Ordered(old, thread, clock)) return &old;
  }
  return nullptr;
}

bool Shadow::AccessedByOther(const ShadowCell& cell, ThreadId owner) const {
  for (std::uint8_t i = 0; i < cell.count; ++i) {
    if (cell.accesses[i].thread != static_cast<std::uint64_t>(owner)) return true;
  }
  for (std::uint16_t at = cell.overflow; at != 0; at = nodes[at].next) {
    if (nodes[at].access.thread != static_cast<std::uint64_t>(owner)) return true;
  }
  return false;
}

bool Shadow::Written(const ShadowCell& cell, std::uint8_t mask, bool plainly) const {
  std::uint8_t written = 0;
  const auto count = [&](const ShadowAccess& access) {
    if (access.write && !(plainly && access.atomic)) written |= access.mask;
  };
  for (std::uint8_t i = 0; i < cell.count; ++i) count(cell.accesses[i]);
  for (std::uint16_t at = cell.overflow; at != 0; at = nodes[at].next) count(nodes[at].access);
  return (mask & ~written) == 0;
}

}  // namespace heddle::explorer
