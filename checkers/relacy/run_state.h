// SPDX-License-Identifier: Apache-2.0
//
// What the engine keeps beside Relacy's own context: the parked threads, the checked heap, the
// trace. One run at a time; everything here is reset before each execution.
#ifndef HEDDLE_CHECKERS_RELACY_RUN_STATE_H_
#define HEDDLE_CHECKERS_RELACY_RUN_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "checkers/relacy/cells.h"
#include "checkers/relacy/trace.h"
#include "checkers/scenario/verdict.h"

namespace heddle::relacy {

struct Parked {
  const AtomicCell* cell;
  std::uint64_t expected;
  int thread;
  Location where;
};

// Addresses repeat from one execution to the next, so that a replay prints the same pointers.
class Heap {
 public:
  struct Block {
    std::size_t offset;
    std::size_t size;
    const std::type_info* type;
    bool live;
  };

  void Reset();
  void* Fresh(std::size_t size, const std::type_info& type);
  // The most recently freed block of that size, not handed out again yet; null when there is none.
  Block* Reusable(std::size_t size);
  void* Reuse(Block* block, const std::type_info& type);
  Block* Find(const void* memory);
  void Free(Block* block);
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  std::unique_ptr<std::byte[]> memory_ = std::make_unique<std::byte[]>(kBytes);
  std::size_t used_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::size_t> freed_;  // indices into blocks_, oldest first
};

struct RunState {
  bool spurious_wakeups = false;
  bool tracing = false;
  // True while the threads run; false in construction, After() and destruction.
  bool threads_running = false;
  std::uint64_t last_store = 0;
  std::vector<Parked> parked;
  struct SeenDeadline {
    Deadline deadline;
    bool expired;
    int looks;
  };
  std::vector<SeenDeadline> deadlines;
  Heap heap;
  Trace trace;

  // Set by Fail before Relacy is told: Relacy knows fewer kinds of failures.
  Verdict failure = Verdict::kPass;
  std::string message;

  void BeginExecution();
  // The column for the running code.
  int Column() const;
};

RunState& State();

// Ends the execution; does not return.
[[noreturn]] void FailExecution(Verdict verdict, std::string_view message, Location where);

}  // namespace heddle::relacy

#endif  // HEDDLE_CHECKERS_RELACY_RUN_STATE_H_
