// SPDX-License-Identifier: Apache-2.0
//
// Writes what record.md describes.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_H_

#include <string>

#include "checkers/explorer/runtime/explore.h"

namespace heddle::explorer {

class Scheduler;

class RecordWriter {
 public:
  // Opens the file and writes what is known from the start. Without a file nothing is written.
  explicit RecordWriter(const ExploreOptions& options);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void Finish(const Scheduler& scheduler, const ExploreResult& result);
};

// Into the record that is open, if one is.
void RecordProgress(const Counts& counts, double seconds, double done);
void RecordWorker(int process);
// Where the thread's call returns to is `site`, if one is to blame.
void RecordError(const char* message, ThreadId thread = kNoThread, Site site = 0);
// Code that is not explored; `behind` is where its instruction ends, or 0.
void RecordUnseen(const std::string& what, std::uintptr_t behind);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_H_
