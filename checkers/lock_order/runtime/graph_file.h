// SPDX-License-Identifier: Apache-2.0
//
// The graph file of this process: created, mapped once over its greatest possible length (addresses
// never move), and grown by whole batches of chunks that the file system has promised
// (posix_fallocate), so that a full disk is an error here and never a SIGBUS later.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GRAPH_FILE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GRAPH_FILE_H_

#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/runtime/platform.h"

namespace heddle::lock_order {

class GraphFile {
 public:
  // Takes over `path` when nobody recorded into it yet, else a fresh file beside it: path.PID, then
  // path.PID.1, ... Returns false when there is no place to record to. `limit`: bytes, 0: none.
  bool open(const char* path, uint64_t limit);

  bool is_open() const { return header_ != nullptr; }
  Header& header() const { return *header_; }
  const char* path() const { return path_; }

  // The number of a chunk that may be written, or 0. Under the recorder's lock.
  uint64_t allocate_chunk();

  uint8_t* chunk(uint64_t number) const {
    return reinterpret_cast<uint8_t*>(header_) + kHeaderBytes + number * kChunkBytes;
  }

  // What TableWriter needs of a file; the models have one of their own.
  using Platform = RuntimePlatform;
  static constexpr uint64_t kChunk = kChunkBytes;
  static constexpr uint64_t kPerDirectory = kChunkBytes / sizeof(uint64_t);
  static constexpr uint64_t kDirectories = sizeof(Table::directory) / sizeof(uint64_t);
  std::atomic<uint64_t>& count(TableId table) const { return word(header_->tables[table].count); }
  std::atomic<uint64_t>& directory(TableId table, uint64_t index) const {
    return word(header_->tables[table].directory[index]);
  }
  std::atomic<uint64_t>& number(uint64_t chunk_of_numbers, uint64_t index) const {
    return word(reinterpret_cast<uint64_t*>(chunk(chunk_of_numbers))[index]);
  }
  template <class Record, uint32_t kBytes>
  Record& record(uint64_t chunk_of_records, uint64_t index) const {
    return *reinterpret_cast<Record*>(chunk(chunk_of_records) + index * kBytes);
  }

  // Forgets the mapping without touching it: in a forked child, whose parent still writes there.
  void abandon();

 private:
  static std::atomic<uint64_t>& word(uint64_t& word) {
    return reinterpret_cast<std::atomic<uint64_t>&>(word);
  }
  bool open_one(const char* path, bool exclusive);
  bool grow(uint64_t chunks);

  Header* header_;
  int fd_;
  uint64_t mapped_bytes_;
  uint64_t allocated_chunks_;  // promised by the file system
  uint64_t next_chunk_;
  uint64_t limit_chunks_;
  char path_[512];
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GRAPH_FILE_H_
