// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/recorder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace heddle::linearizability {

Recorder::Recorder(int threads, std::size_t expected) : logs_(static_cast<std::size_t>(threads)) {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    logs_[i].process_ = static_cast<std::int32_t>(i);
    if (expected != 0) logs_[i].Add(expected);
  }
}

void Recorder::Log::Add(std::size_t size) {
  Chunk chunk{.operations = std::make_unique<Operation[]>(size), .size = size};
  // Also touches the memory.
  for (std::size_t i = 0; i < size; ++i) chunk.operations[i].invoke = kNever;
  next_ = chunk.operations.get();
  end_ = next_ + size;
  chunks_.push_back(std::move(chunk));
}

void Recorder::Log::Grow() { Add(kChunk); }

History Recorder::Take() {
  History history;
  for (Log& log : logs_) {
    for (const Log::Chunk& chunk : log.chunks_) {
      for (std::size_t i = 0; i < chunk.size; ++i) {
        const Operation& op = chunk.operations[i];
        if (op.invoke != kNever) history.operations.push_back(op);
      }
    }
    log.chunks_.clear();
    log.next_ = nullptr;
    log.end_ = nullptr;
  }
  return history;
}

}  // namespace heddle::linearizability
