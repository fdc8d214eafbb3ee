// SPDX-License-Identifier: Apache-2.0
//
// Memory locations, numbered in the order in which they are first seen.
#ifndef HEDDLE_CHECKERS_EXPLORER_SEARCH_LOCATION_TABLE_H_
#define HEDDLE_CHECKERS_EXPLORER_SEARCH_LOCATION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

class LocationTable {
 public:
  struct Entry {
    std::uintptr_t address = 0;
    std::uint8_t size = 0;
  };

  // kNoLocation: it overlaps one that is not equal to it, or there are too many.
  LocationId Find(std::uintptr_t address, std::uint8_t size) {
    if (slots_.size() < 2 * (entries_.size() + 1)) Grow();
    std::size_t slot = SlotOf(address);
    for (; slots_[slot] != kNoLocation; slot = (slot + 1) & (slots_.size() - 1)) {
      const Entry& entry = entries_[slots_[slot]];
      if (entry.address == address) return entry.size == size ? slots_[slot] : kNoLocation;
    }
    if (entries_.size() + 1 >= kNoLocation || Overlaps(address, size)) return kNoLocation;
    slots_[slot] = static_cast<LocationId>(entries_.size());
    entries_.push_back({address, size});
    by_address_[address] = size;
    return slots_[slot];
  }

  const Entry& At(LocationId id) const { return entries_[id]; }

 private:
  std::size_t SlotOf(std::uintptr_t address) const {
    return (address * 0x9e3779b97f4a7c15U >> 20) & (slots_.size() - 1);
  }

  void Grow() {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), kNoLocation);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t slot = SlotOf(entries_[i].address);
      while (slots_[slot] != kNoLocation) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<LocationId>(i);
    }
  }

  bool Overlaps(std::uintptr_t address, std::uint8_t size) const {
    auto next = by_address_.lower_bound(address);
    if (next != by_address_.end() && next->first < address + size) return true;
    if (next == by_address_.begin()) return false;
    --next;
    return next->first + next->second > address;
  }

  std::vector<Entry> entries_;
  std::vector<LocationId> slots_;
  std::map<std::uintptr_t, std::uint8_t> by_address_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_SEARCH_LOCATION_TABLE_H_
