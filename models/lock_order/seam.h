// SPDX-License-Identifier: Apache-2.0
//
// An engine's platform, as the recorder's parts ask for one.
#ifndef HEDDLE_MODELS_LOCK_ORDER_SEAM_H_
#define HEDDLE_MODELS_LOCK_ORDER_SEAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "primitives/platform.h"

namespace heddle {

// kSlots: of a map's first table; three quarters of them may be used.
template <class P, std::uint64_t kSlots = 2>
struct RecorderSeam : P {
  template <class T>
  using Atomic = typename P::template Atomic<T>;

  static void park(Atomic<std::uint32_t>* word, std::uint32_t value) {
    P::park(word, value, kNever);
  }
  static void unpark(Atomic<std::uint32_t>* word, int count) { P::unpark(word, count); }

  // Tables live as long as the scenario: the recorder never gives one back.
  class Memory {
   public:
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
      for (const Block& block : blocks_) block.destroy(block);
    }
    template <class Table>
    Table* make(std::uint64_t count) {
      using Slot = typename Table::Slot;
      void* bytes = ::operator new(sizeof(Table) + count * sizeof(Slot));
      auto* table = new (bytes) Table;
      for (std::uint64_t i = 0; i < count; ++i) new (table->slots() + i) Slot{0, 0};
      blocks_.push_back({bytes, count, [](const Block& block) {
                           auto* made = static_cast<Table*>(block.bytes);
                           std::destroy_n(made->slots(), block.count);
                           std::destroy_at(made);
                           ::operator delete(block.bytes);
                         }});
      return table;
    }

   private:
    struct Block {
      void* bytes;
      std::uint64_t count;
      void (*destroy)(const Block&);
    };
    std::vector<Block> blocks_;
  };
  static constexpr std::uint64_t kSmallestMap = kSlots;
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_LOCK_ORDER_SEAM_H_
