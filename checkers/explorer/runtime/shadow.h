// SPDX-License-Identifier: Apache-2.0
//
// Who has accessed which bytes in this execution, for races. One cell for each 8 bytes that are
// accessed. An access of thread u, made when u had told n events, happens before what a thread does
// now iff that thread's clock counts more than n events of u.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_SHADOW_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_SHADOW_H_

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

struct ShadowAccess {
  // In two words, which are written and read as such.
  std::uint64_t site : 48;
  std::uint64_t position : 16;
  std::uint64_t thread : 8;
  std::uint64_t mask : 8;  // of the cell's bytes
  std::uint64_t write : 1;
  std::uint64_t atomic : 1;
  std::uint64_t unused : 46 = 0;
};

struct ShadowCell {
  std::uintptr_t granule : 48;        // address / 8
  std::uintptr_t atomic_written : 8;  // bytes that atomic operations have written to
  std::uintptr_t atomic_start : 8;    // the first bytes of the locations in `atomic_mask`
  std::uint32_t generation;           // in use iff it is the shadow's
  std::uint16_t overflow;             // first of further accesses; 0: none
  std::uint8_t count : 7;             // of `accesses`
  std::uint8_t plain : 1;             // some access has not been atomic
  std::uint8_t atomic_mask;           // bytes that events of the graph have accessed
  ShadowAccess accesses[3];
};
static_assert(sizeof(ShadowCell) == 64);

struct Shadow {
  static constexpr std::size_t kGranule = 8;

  void Reserve();
  void Release();
  // Starts an execution.
  void Reset();

  ShadowCell& At(std::uintptr_t address) {
    ShadowCell& cell = cells[Hash(address / kGranule, size)];
    const bool found = cell.generation == generation && cell.granule == address / kGranule;
    return found ? cell : Find(address);
  }
  // There are so many nodes, which hold anything.
  void UseNodes(std::size_t count);
  // A cell of another execution, as it was, where there is none of its address.
  void Add(const ShadowCell& cell);
  // Null: not accessed in this execution.
  ShadowCell* Look(std::uintptr_t address);

  // Enters an access and drops those that it makes superfluous. The access that it races with, if
  // any.
  const ShadowAccess* Enter(ShadowCell& cell, ShadowAccess access, const View& clock);
  // The same of a plain access where nobody else has been, nor any atomic operation. False: Enter()
  // is to do it.
  bool EnterAlone(std::uintptr_t address, ShadowAccess access) {
    ShadowCell& cell = cells[Hash(address / kGranule, size)];
    if (cell.generation != generation || cell.granule != address / kGranule || cell.count == 0 ||
        cell.count == 3 || cell.overflow != 0 || cell.atomic_mask != 0) {
      return false;
    }
    for (std::uint8_t i = 0; i < cell.count; ++i) {
      if (cell.accesses[i].thread != access.thread) return false;
    }
    std::uint8_t kept = 0;
    for (std::uint8_t i = 0; i < cell.count; ++i) {
      if (Replaces(access, cell.accesses[i])) continue;
      if (kept != i) cell.accesses[kept] = cell.accesses[i];
      ++kept;
    }
    cell.accesses[kept] = access;
    cell.count = static_cast<std::uint8_t>((kept + 1) & 0x7f);
    cell.plain = 1;
    return true;
  }
  // The same of an atomic one where no other has been plain: there is no race.
  void EnterAtomic(ShadowCell& cell, ShadowAccess access);
  // Some access to bytes of `mask` that does not happen before.
  const ShadowAccess* Unordered(const ShadowCell& cell, std::uint8_t mask, ThreadId thread,
                                const View& clock) const;
  // All of the bytes have been written to; `plainly`: not by atomic operations.
  bool Written(const ShadowCell& cell, std::uint8_t mask, bool plainly) const;

  // Some access, that no later one has replaced, is by a thread other than `owner`.
  bool AccessedByOther(const ShadowCell& cell, ThreadId owner) const;

  struct Node {
    ShadowAccess access;
    std::uint16_t next;
  };
  ShadowCell* cells;
  std::size_t size;  // a power of two
  std::size_t used;
  std::uint32_t generation;
  Node* nodes;
  std::size_t nodes_used;

 private:
  // What races with the old access later, and is ordered behind the new one, races with that too.
  // The new one must be ordered behind the old one.
  static bool Replaces(const ShadowAccess& newer, const ShadowAccess& older) {
    return (older.mask & ~newer.mask) == 0 && (newer.write || !older.write) &&
           (!newer.atomic || older.atomic);
  }
  static std::size_t Hash(std::uintptr_t granule, std::size_t size) {
    return (granule * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
  }
  ShadowCell& Find(std::uintptr_t address);
  void Grow();
  void Append(ShadowCell& cell, ShadowAccess access);
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_SHADOW_H_
