// SPDX-License-Identifier: Apache-2.0
//
// Append-only tables of the graph file: one writer at a time (the recorder's lock), any number of
// readers in any process. A record is written first, and the directory that leads to it, and then
// published by a release store of the count; a reader that takes the count with acquire sees whole
// records and may walk the directory with no order of its own. So may a thread that was told a
// record's number by whoever published it.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_

#include "checkers/lock_order/runtime/graph_file.h"

namespace heddle::lock_order {

template <class Record, TableId kTable, uint32_t kBytes = sizeof(Record), class File = GraphFile>
class TableWriter {
 public:
  using P = typename File::Platform;
  using Word = typename P::template Atomic<uint64_t>;
  static constexpr uint64_t kPerChunk = File::kChunk / kBytes;

  // Makes record 0. False: no memory.
  bool open(File* file) {
    file_ = file;
    last_chunk_ = 0;
    last_chunk_end_ = 0;
    if (append() == nullptr) return false;
    publish();
    return true;
  }

  // The writer's own view, and what anybody may read up to.
  uint64_t count() const { return word().load(std::memory_order_relaxed); }
  uint64_t published() const {
    return word().load(order<P>("read_relaxed", std::memory_order_acquire));
  }

  Record& at(uint64_t index) const {
    const uint64_t position = index / kPerChunk;
    const uint64_t directory =
        file_->directory(kTable, position / File::kPerDirectory).load(std::memory_order_relaxed);
    const uint64_t chunk =
        file_->number(directory, position % File::kPerDirectory).load(std::memory_order_relaxed);
    return file_->template record<Record, kBytes>(chunk, index % kPerChunk);
  }

  // The record that publish() will publish, zeroed; nullptr when there is no memory for it.
  Record* append() {
    const uint64_t index = count();
    if (index >= last_chunk_end_ && !add_chunk(index)) return nullptr;
    return &file_->template record<Record, kBytes>(last_chunk_, index % kPerChunk);
  }
  uint32_t publish() {
    const uint64_t index = count();
    word().store(index + 1, order<P>("publish_relaxed", std::memory_order_release));
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
      // Whoever reads this count may not have read an earlier one.
      word().store(index, order<P>("skip_relaxed", std::memory_order_release));
    }
    *first = &file_->template record<Record, kBytes>(last_chunk_, index % kPerChunk);
    return static_cast<uint32_t>(index);
  }
  void publish_run(uint32_t first, uint32_t records) {
    word().store(uint64_t{first} + records,
                 order<P>("publish_run_relaxed", std::memory_order_release));
  }

 private:
  Word& word() const { return file_->count(kTable); }

  bool add_chunk(uint64_t index) {
    const uint64_t position = index / kPerChunk;
    if (position / File::kPerDirectory >= File::kDirectories) return false;
    if (index > UINT32_MAX - kPerChunk) return false;
    Word& directory = file_->directory(kTable, position / File::kPerDirectory);
    if (directory.load(std::memory_order_relaxed) == 0 && !allocate(directory)) return false;
    Word& number =
        file_->number(directory.load(std::memory_order_relaxed), position % File::kPerDirectory);
    if (number.load(std::memory_order_relaxed) == 0 && !allocate(number)) return false;
    last_chunk_ = number.load(std::memory_order_relaxed);
    last_chunk_end_ = (position + 1) * kPerChunk;
    return true;
  }

  bool allocate(Word& word) {
    const uint64_t chunk = file_->allocate_chunk();
    if (chunk == 0) return false;
    word.store(chunk, std::memory_order_relaxed);
    return true;
  }

  File* file_;
  uint64_t last_chunk_;
  uint64_t last_chunk_end_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TABLE_H_
