// SPDX-License-Identifier: Apache-2.0
//
// Append-only tables of the graph file: one writer at a time (the recorder's lock), any number of
// readers in any process. A record is written first and then published by a release store of the
// count; a reader that takes the count with acquire sees whole records.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_

#include "checkers/lock_order/runtime/graph_file.h"

namespace heddle::lock_order {

// The publication by itself, over the platform's atomics.
template <class P>
class PublishedCount {
 public:
  using Word = typename P::template Atomic<uint64_t>;

  // Everything that the caller wrote into record `index` is seen by who reads a greater count.
  static void publish(Word& count, uint64_t index) {
    count.store(index + 1, std::memory_order_release);
  }
  static uint64_t read(const Word& count) { return count.load(std::memory_order_acquire); }
  // The writer's own view.
  static uint64_t next(const Word& count) { return count.load(std::memory_order_relaxed); }
};

template <class Record, TableId kTable, uint32_t kBytes = sizeof(Record)>
class TableWriter {
 public:
  static constexpr uint64_t kPerChunk = kChunkBytes / kBytes;
  static constexpr uint64_t kPerDirectory = kChunkBytes / sizeof(uint64_t);

  // Makes record 0. False: no memory.
  bool open(GraphFile* file) {
    file_ = file;
    last_chunk_ = nullptr;
    last_chunk_end_ = 0;
    if (append() == nullptr) return false;
    publish();
    return true;
  }

  uint64_t count() const { return Count::next(word()); }

  Record& at(uint64_t index) const {
    const uint64_t chunk = index / kPerChunk;
    const uint64_t directory = load_word(table().directory[chunk / kPerDirectory]);
    const auto* numbers = reinterpret_cast<const uint64_t*>(file_->chunk(directory));
    uint8_t* base = file_->chunk(load_word(numbers[chunk % kPerDirectory]));
    return *reinterpret_cast<Record*>(base + index % kPerChunk * kBytes);
  }

  // The record that publish() will publish, zeroed; nullptr when there is no memory for it.
  Record* append() {
    const uint64_t index = count();
    if (index >= last_chunk_end_ && !add_chunk(index)) return nullptr;
    return reinterpret_cast<Record*>(last_chunk_ + index % kPerChunk * kBytes);
  }
  uint32_t publish() {
    const uint64_t index = count();
    Count::publish(word(), index);
    return static_cast<uint32_t>(index);
  }

  // Contiguous records for a run (frames): index of the first, or 0. They never cross a chunk.
  uint32_t append_run(uint32_t records, Record** first) {
    uint64_t index = count();
    if (index + records > last_chunk_end_) {
      // The rest of the chunk stays zero: those records belong to no run.
      if (index % kPerChunk != 0) {
        index = (index / kPerChunk + 1) * kPerChunk;
      }
      if (!add_chunk(index)) return 0;
      word().store(index, std::memory_order_release);
    }
    *first = reinterpret_cast<Record*>(last_chunk_ + index % kPerChunk * kBytes);
    return static_cast<uint32_t>(index);
  }
  void publish_run(uint32_t first, uint32_t records) {
    Count::publish(word(), first + records - 1);
  }

 private:
  using Count = PublishedCount<RuntimePlatform>;

  Table& table() const { return file_->header().tables[kTable]; }
  std::atomic<uint64_t>& word() const {
    return reinterpret_cast<std::atomic<uint64_t>&>(table().count);
  }

  bool add_chunk(uint64_t index) {
    const uint64_t position = index / kPerChunk;
    if (position / kPerDirectory >= sizeof(Table::directory) / sizeof(uint64_t)) return false;
    if (index > UINT32_MAX - kPerChunk) return false;
    uint64_t& directory = table().directory[position / kPerDirectory];
    if (directory == 0) {
      const uint64_t chunk = file_->allocate_chunk();
      if (chunk == 0) return false;
      __atomic_store_n(&directory, chunk, __ATOMIC_RELEASE);
    }
    auto* numbers = reinterpret_cast<uint64_t*>(file_->chunk(directory));
    if (numbers[position % kPerDirectory] == 0) {
      const uint64_t chunk = file_->allocate_chunk();
      if (chunk == 0) return false;
      __atomic_store_n(&numbers[position % kPerDirectory], chunk, __ATOMIC_RELEASE);
    }
    last_chunk_ = file_->chunk(numbers[position % kPerDirectory]);
    last_chunk_end_ = (position + 1) * kPerChunk;
    return true;
  }

  GraphFile* file_;
  uint8_t* last_chunk_;
  uint64_t last_chunk_end_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_
