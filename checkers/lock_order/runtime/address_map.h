// SPDX-License-Identifier: Apache-2.0
//
// Address -> number (a node, a thread), for locks that have no room for a tag. Lookups take no lock
// and write nothing; changes are made by one thread at a time (the recorder's lock).
//
// Open addressing. A slot's key is written once and never changes, its value may: 0 is "removed",
// and the slot waits for the same key to come back. A full table is replaced by a greater one
// without the removed keys; the old one is kept for readers that are still in it (in sum less than
// the new one). Invariant: a slot's value is stored before its key is (release), so a reader that
// finds the key (acquire) sees a value.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

struct PageAllocator {
  static void* allocate(size_t bytes) { return map_pages(bytes); }
};

template <class P, class Allocator = PageAllocator>
class AddressMap {
 public:
  struct Slot {
    typename P::template Atomic<uint64_t> key;
    typename P::template Atomic<uint64_t> value;
  };
  struct Table {
    uint64_t mask;
    Slot slots[1];
  };

  uint64_t find(uint64_t key) const {
    // acquire: the table's contents were written before it was published.
    const Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return 0;
    for (uint64_t at = mix(key) & table->mask;; at = (at + 1) & table->mask) {
      const uint64_t found = table->slots[at].key.load(std::memory_order_acquire);
      // acquire: what the number names was written before the number was stored.
      if (found == key) return table->slots[at].value.load(std::memory_order_acquire);
      if (found == 0) return 0;
    }
  }

  // Sets key's value; 0 removes it. False: no memory.
  bool set(uint64_t key, uint64_t value) {
    Table* table = table_.load(std::memory_order_relaxed);
    if (table == nullptr || (used_ + 1) * 4 > (table->mask + 1) * 3) {
      table = grow(table);
      if (table == nullptr) return false;
    }
    place(table, key, value);
    return true;
  }

  void forget() {
    table_.store(nullptr, std::memory_order_relaxed);
    used_ = 0;
  }

  template <class Visitor>
  void for_each(Visitor visit) const {
    const Table* table = table_.load(std::memory_order_acquire);
    for (uint64_t at = 0; table != nullptr && at <= table->mask; ++at) {
      const uint64_t key = table->slots[at].key.load(std::memory_order_acquire);
      const uint64_t value = table->slots[at].value.load(std::memory_order_acquire);
      if (key != 0 && value != 0) visit(key, value);
    }
  }

 private:
  void place(Table* table, uint64_t key, uint64_t value) {
    uint64_t at = mix(key) & table->mask;
    for (;; at = (at + 1) & table->mask) {
      const uint64_t found = table->slots[at].key.load(std::memory_order_relaxed);
      if (found == key) {
        table->slots[at].value.store(value, std::memory_order_release);
        return;
      }
      if (found == 0) break;
    }
    if (value == 0) return;
    table->slots[at].value.store(value, std::memory_order_release);
    table->slots[at].key.store(key, std::memory_order_release);
    ++used_;
  }

  Table* grow(const Table* old) {
    uint64_t live = 0;
    for (uint64_t at = 0; old != nullptr && at <= old->mask; ++at) {
      if (old->slots[at].value.load(std::memory_order_relaxed) != 0) ++live;
    }
    uint64_t size = kSmallest;
    while (live * 2 >= size) size *= 2;
    auto* fresh =
        static_cast<Table*>(Allocator::allocate(sizeof(Table) + (size - 1) * sizeof(Slot)));
    if (fresh == nullptr) return nullptr;
    fresh->mask = size - 1;
    used_ = 0;
    for (uint64_t at = 0; old != nullptr && at <= old->mask; ++at) {
      const uint64_t value = old->slots[at].value.load(std::memory_order_relaxed);
      if (value != 0) place(fresh, old->slots[at].key.load(std::memory_order_relaxed), value);
    }
    table_.store(fresh, std::memory_order_release);
    return fresh;
  }

  static constexpr uint64_t kSmallest = 512;

  typename P::template Atomic<Table*> table_;
  uint64_t used_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_
