// SPDX-License-Identifier: Apache-2.0
//
// Reads a graph file record by record, as far as the runtime's own tests and dump need it. It
// trusts the file; the analyzer's reader does not.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RAW_GRAPH_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RAW_GRAPH_H_

#include <cstdint>
#include <string>

#include "checkers/lock_order/graph_format.h"

namespace heddle::lock_order {

class RawGraph {
 public:
  RawGraph(const uint8_t* base, uint64_t size) : base_(base), size_(size) {}
  const Header& header() const { return *reinterpret_cast<const Header*>(base_); }

  template <class Record>
  const Record* at(TableId id, uint64_t index) const {
    const Table& table = header().tables[id];
    const uint64_t per = kChunkBytes / table.record_bytes;
    const uint64_t position = index / per;
    const auto* numbers =
        reinterpret_cast<const uint64_t*>(chunk(word(table.directory[position / 8192])));
    if (numbers == nullptr) return nullptr;
    const uint8_t* data = chunk(word(numbers[position % 8192]));
    return data == nullptr
               ? nullptr
               : reinterpret_cast<const Record*>(data + index % per * table.record_bytes);
  }

  // Records up to here are whole, also while the file is written.
  uint64_t published_count(TableId id) const {
    return __atomic_load_n(&header().tables[id].count, __ATOMIC_ACQUIRE);
  }

  uint64_t count(TableId id) const {
    const uint64_t published = published_count(id);
    return published == 0 ? 0 : published - 1;
  }

  template <class Record, class Visitor>
  void each(TableId id, Visitor visit) const {
    const uint64_t count = published_count(id);
    for (uint64_t i = 1; i < count; ++i) {
      const auto* record = at<Record>(id, i);
      if (record != nullptr) visit(i, *record);
    }
  }

  std::string text(uint32_t index) const {
    std::string out;
    while (index != 0) {
      const auto* part = at<StringPart>(kStrings, index++);
      if (part == nullptr) break;
      out.append(part->text, part->bytes > 60 ? 60 : part->bytes);
      if (part->bytes <= 60) break;
    }
    return out;
  }

 private:
  static uint64_t word(const uint64_t& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); }
  const uint8_t* chunk(uint64_t number) const {
    const uint64_t at = kHeaderBytes + number * kChunkBytes;
    return number == 0 || at + kChunkBytes > size_ ? nullptr : base_ + at;
  }
  const uint8_t* base_;
  uint64_t size_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RAW_GRAPH_H_
