// SPDX-License-Identifier: Apache-2.0
//
// Reads a lock graph file, live or left behind, and trusts nothing in it: every index, count and
// chunk number is checked before it is used, so that what graph() returns is sound (see graph.h).
// The file is read, not mapped: one that shrinks meanwhile is an error, not a SIGBUS. Memory is
// proportional to the file: no chunk is taken twice.
//
// Counts are loaded in an order in which every table comes before those that its records name;
// so a record of a live file never names one that has not been read.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_READER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_READER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/graph_format.h"

namespace heddle::lock_order {

class GraphReader {
 public:
  // kUnavailable: the file exists but its header is not written yet. Other errors name the file and
  // say what is wrong with it. Reads everything that is there.
  static absl::StatusOr<std::unique_ptr<GraphReader>> Open(const std::string& path);

  ~GraphReader();
  GraphReader(const GraphReader&) = delete;
  GraphReader& operator=(const GraphReader&) = delete;

  // Takes in new records, and the present state of all threads. After an error graph() is what was
  // read soundly before it.
  absl::Status Poll();

  // Takes in also what may have changed in old records of nodes, chains and visits.
  absl::Status Refresh();

  // Reads the header alone. False: it cannot be read any more.
  bool Alive() { return ReadHeader().ok(); }

  const Graph& graph() const { return graph_; }
  const std::string& path() const { return path_; }

  // Words for the runtime in the header. Ignored where the file is not writable.
  void SetWatcher(uint32_t state);
  void SetFound(uint32_t count);

 private:
  explicit GraphReader(std::string path) : path_(std::move(path)) {}

  absl::Status OpenFile();
  absl::Status ReadHeader();
  absl::Status ReadAt(uint64_t offset, void* into, std::size_t bytes) const;
  absl::Status LocateChunks(uint32_t table, uint64_t count);
  absl::Status Claim(uint32_t table, uint64_t chunk);
  template <typename Record>
  absl::Status ReadRecords(uint32_t table, uint64_t first, uint64_t end, std::vector<Record>& into);
  absl::Status CheckNewRecords(const Graph& before) const;
  absl::Status Bad(const std::string& what) const;
  void Clean(Thread& thread) const;

  std::string path_;
  int fd_ = -1;
  bool writable_ = false;
  uint64_t file_chunks_ = 0;
  std::vector<bool> claimed_;
  std::array<std::vector<uint64_t>, kTableCount> directory_;  // chunk numbers of directory chunks
  std::array<std::vector<uint64_t>, kTableCount> chunks_;
  Graph graph_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_READER_H_
