// SPDX-License-Identifier: Apache-2.0
//
// What a thread does to memory in a trial that may write: all of it is taken back.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRIAL_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRIAL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/runtime/loops.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {

// Without memory of its own: it is written to on a program's thread.
struct TrialLog {
  static constexpr std::size_t kMost = 32;

  struct Access {
    std::uintptr_t address = 0;
    std::size_t size = 0;
    bool write = false;
    friend bool operator==(const Access&, const Access&) = default;
  };
  struct Store {
    std::uintptr_t address = 0;
    std::uint8_t size = 0;
    Order order = Order::kRelaxed;
    Site site = 0;
    Value value = 0;
    friend bool operator==(const Store&, const Store&) = default;
  };

  std::array<Access, kMost> accesses;     // plain ones, but for the thread's own stack
  std::array<LoggedWrite, kMost> writes;  // of them, those that write
  std::array<Store, kMost> stores;        // atomic ones, which memory knows nothing of
  std::size_t access_count = 0;
  std::size_t write_count = 0;
  std::size_t store_count = 0;

  void Clear() { access_count = write_count = store_count = 0; }
  // Memory is about to be written to.
  void Write(std::uintptr_t address, std::uint8_t size) {
    writes[write_count++] = {.address = address, .size = size, .old = ReadMemory(address, size)};
  }
  void TakeBack() const {
    for (std::size_t i = write_count; i-- > 0;) {
      WriteMemory(writes[i].address, writes[i].size, writes[i].old);
    }
  }
  bool SameAs(const TrialLog& other) const {
    return std::equal(accesses.begin(), accesses.begin() + access_count, other.accesses.begin(),
                      other.accesses.begin() + other.access_count) &&
           std::equal(stores.begin(), stores.begin() + store_count, other.stores.begin(),
                      other.stores.begin() + other.store_count);
  }
  bool Stores(std::uintptr_t address, std::uint8_t size) const {
    return std::any_of(stores.begin(), stores.begin() + store_count, [&](const Store& store) {
      return store.address == address && store.size == size;
    });
  }
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRIAL_H_
