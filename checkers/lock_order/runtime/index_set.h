// SPDX-License-Identifier: Apache-2.0
//
// A set of record numbers, found by what the records say: open addressing over 32-bit indices, no
// copy of the keys. For the slow path, under the recorder's lock.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_INDEX_SET_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_INDEX_SET_H_

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

class IndexSet {
 public:
  // The index whose record `equals`, or 0.
  template <class Equals>
  uint32_t find(uint32_t hash, Equals equals) const {
    if (slots_ == nullptr) return 0;
    for (uint32_t at = slot(hash);; at = (at + 1) & mask_) {
      const uint32_t index = slots_[at];
      if (index == 0 || equals(index)) return index;
    }
  }

  // `hash_of(index)` recomputes a member's hash when the set grows. False: no memory.
  template <class HashOf>
  bool insert(uint32_t hash, uint32_t index, HashOf hash_of) {
    if (slots_ == nullptr || (used_ + 1) * 4ULL > (mask_ + 1ULL) * 3) {
      if (!grow(hash_of)) return false;
    }
    place(hash, index);
    ++used_;
    return true;
  }

  void clear() {
    if (slots_ != nullptr) unmap_pages(slots_, bytes());
    slots_ = nullptr;
    mask_ = 0;
    used_ = 0;
  }

  uint64_t bytes() const { return slots_ == nullptr ? 0 : (mask_ + 1ULL) * sizeof(uint32_t); }

 private:
  // Groups of 16 slots (a cache line) by the hash's top bits, and within a group by its lowest: a
  // caller whose keys come in rows keeps rows together.
  uint32_t slot(uint32_t hash) const {
    const uint64_t groups = (mask_ + 1ULL) >> 4;
    return (static_cast<uint32_t>(((hash >> 4) * groups) >> 28) << 4) | (hash & 15);
  }

  void place(uint32_t hash, uint32_t index) {
    uint32_t at = slot(hash);
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = index;
  }

  template <class HashOf>
  bool grow(HashOf hash_of) {
    const uint64_t size = slots_ == nullptr ? 1024 : (mask_ + 1ULL) * 2;
    auto* fresh = static_cast<uint32_t*>(map_pages(size * sizeof(uint32_t)));
    if (fresh == nullptr) return false;
    uint32_t* old = slots_;
    const uint64_t old_size = old == nullptr ? 0 : mask_ + 1ULL;
    slots_ = fresh;
    mask_ = static_cast<uint32_t>(size - 1);
    for (uint64_t at = 0; at < old_size; ++at) {
      if (old[at] != 0) place(hash_of(old[at]), old[at]);
    }
    if (old != nullptr) unmap_pages(old, old_size * sizeof(uint32_t));
    return true;
  }

  uint32_t* slots_;
  uint32_t mask_;
  uint32_t used_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_INDEX_SET_H_
