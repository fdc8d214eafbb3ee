// SPDX-License-Identifier: Apache-2.0
//
// What one thread has seen: (chain, next lock, how and where) -> longer chain, and in which segment
// of the thread that was last recorded. Exact, private to its thread, growing: a hit means that the
// graph file has everything already, so the steady state touches nothing shared.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_CHAIN_TABLE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_CHAIN_TABLE_H_

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

struct ChainEntry {
  uint32_t parent;
  uint32_t node;  // 0: the entry is free
  uint32_t check;
  uint32_t child;
  uint32_t segment;  // in which the last visit was recorded; 0: none
  uint32_t visit;    // the last visit's number
  uint32_t visits;
  uint32_t reserved;
};
static_assert(sizeof(ChainEntry) == 32);

// Folds call site and flags into a word, cheaply: sites within 4 GB of each other never collide
// with equal flags. Two steps that do collide count as one.
HEDDLE_INLINE uint32_t site_check(uint64_t site, uint8_t flags) {
  return static_cast<uint32_t>(site) ^ (static_cast<uint32_t>(flags) * 0x02040801U);
}

class ChainTable {
 public:
  HEDDLE_INLINE ChainEntry* find(uint32_t parent, uint32_t node, uint32_t check) const {
    ChainEntry* entries = entries_;
    if (HEDDLE_UNLIKELY(entries == nullptr)) return nullptr;
    const uint64_t mask = mask_;
    for (uint64_t at = slot(parent, node, check);; at = (at + 1) & mask) {
      ChainEntry& entry = entries[at];
      if (HEDDLE_LIKELY(entry.node == node && entry.parent == parent && entry.check == check)) {
        return &entry;
      }
      if (entry.node == 0) return nullptr;
    }
  }

  // The entry if it is the first that a lookup meets, as nearly all are; else nullptr.
  HEDDLE_INLINE const ChainEntry* peek(uint32_t parent, uint32_t node, uint32_t check) const {
    using Pair = const uint64_t __attribute__((may_alias));
    const ChainEntry& entry = entries_[slot(parent, node, check)];
    const uint64_t key = *reinterpret_cast<Pair*>(&entry);
    return key == ((uint64_t{node} << 32) | parent) && entry.check == check ? &entry : nullptr;
  }
  bool empty() const { return entries_ == nullptr; }

  // A fresh entry for a key that find() did not find, or nullptr. `dead(entry)` tells entries that
  // no lookup can ask for again; they are left behind when the table grows.
  template <class Dead>
  ChainEntry* insert(uint32_t parent, uint32_t node, uint32_t check, Dead dead) {
    if (entries_ == nullptr || (used_ + 1) * 5 > (mask_ + 1) * 4) {
      if (!grow(dead)) return nullptr;
    }
    ++used_;
    ChainEntry& entry = place(parent, node, check);
    entry.parent = parent;
    entry.node = node;
    entry.check = check;
    return &entry;
  }

  void clear() {
    if (entries_ != nullptr) unmap_pages(entries_, (mask_ + 1) * sizeof(ChainEntry));
    entries_ = nullptr;
    mask_ = 0;
    used_ = 0;
  }

 private:
  // A linear form of which the top bits count: nodes and chains are numbered in a row, and rows
  // along either axis spread evenly. The three products are independent of each other.
  HEDDLE_INLINE uint64_t slot(uint32_t parent, uint32_t node, uint32_t check) const {
    return (node * 0x9E3779B97F4A7C15 + parent * 0xC2B2AE3D27D4EB4F + check * 0x165667B19E3779F9) >>
           shift_;
  }

  ChainEntry& place(uint32_t parent, uint32_t node, uint32_t check) {
    uint64_t at = slot(parent, node, check);
    while (entries_[at].node != 0) at = (at + 1) & mask_;
    return entries_[at];
  }

  template <class Dead>
  bool grow(Dead dead) {
    const uint64_t old_size = entries_ == nullptr ? 0 : mask_ + 1;
    uint64_t live = 0;
    for (uint64_t at = 0; at < old_size; ++at) {
      if (entries_[at].node != 0 && !dead(entries_[at])) ++live;
    }
    // Room for what lives, and for as much again that will come; less often for short-lived locks.
    uint64_t size = old_size == 0 ? 128 : old_size;
    if (live * 2 > size || size < 2048) size *= 2;
    auto* fresh = static_cast<ChainEntry*>(map_pages(size * sizeof(ChainEntry)));
    if (fresh == nullptr) return false;
    ChainEntry* old = entries_;
    entries_ = fresh;
    mask_ = size - 1;
    shift_ = 64 - __builtin_ctzll(size);
    used_ = live;
    for (uint64_t at = 0; at < old_size; ++at) {
      if (old[at].node != 0 && !dead(old[at])) {
        place(old[at].parent, old[at].node, old[at].check) = old[at];
      }
    }
    if (old != nullptr) unmap_pages(old, old_size * sizeof(ChainEntry));
    return true;
  }

  ChainEntry* entries_;
  uint64_t mask_;
  int shift_;
  uint64_t used_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_CHAIN_TABLE_H_
