// SPDX-License-Identifier: Apache-2.0
//
// The call stacks of an execution that is run once more to tell of it.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRACER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRACER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {

struct Fiber;

// Return addresses in the program, innermost first.
using CallStack = std::vector<Site>;

// An address within a frame of a thread's stack: of the function that is called back at `site`,
// from its stack pointer there up to what its caller had (the canonical frame address).
struct InFrame {
  std::uintptr_t address;
  ThreadId thread;
  Site site;
  std::uintptr_t stack_pointer;
  std::uintptr_t frame;

  bool operator==(const InFrame&) const = default;
};

class Tracer {
 public:
  // An event, in the order in which they took effect.
  struct Told {
    ThreadId thread;
    int index;  // in its thread
    CallStack stack;
  };

  // Before anything is explored: the unwinder's own start is not the program's.
  static void Prepare();

  // Starts with an execution of `fibers` that should end with `fault`.
  void Begin(const Fault& fault, std::array<Fiber, kMaxThreads>& fibers);
  void Clear();

  // On the scheduler's stack, of a thread that is suspended. `site`: where its operation was
  // called.
  CallStack Suspended(Fiber& fiber, Site site);
  // The thread's event `index` has happened.
  void Happened(ThreadId thread, int index, const CallStack& stack) {
    told_.push_back({thread, index, stack});
  }

  // An operation has another memory order than in the execution that is replayed.
  void HasOtherOrder(const Fault& fault) {
    if (other_order_.site == 0) other_order_ = fault;
  }
  const Fault& other_order() const { return other_order_; }

  void Failed(const CallStack& stack) { failed_ = stack; }
  void Waits(ThreadId thread, const CallStack& stack) {
    waits_[static_cast<std::size_t>(thread)] = stack;
  }

  // On the scheduler's stack: notes in whose frame the address is, if it is on a thread's stack.
  void Locate(std::uintptr_t address);

  // On the thread's own stack.
  void Accessed(std::uintptr_t address, std::size_t size, Site site);
  void Allocated(std::uintptr_t block, Site site);
  void Freed(std::uintptr_t block, Site site);

  const std::vector<Told>& told() const { return told_; }
  // Empty: not known.
  const CallStack& OfEvent(ThreadId thread, int index) const;
  // Of the last event of the thread that was made there, or before all.
  const CallStack& OfSite(ThreadId thread, Site site) const;
  const CallStack& OfAccess(int access) const {
    return accesses_[static_cast<std::size_t>(access)];
  }
  // Each once for each frame that it was seen in.
  const std::vector<InFrame>& in_frames() const { return in_frames_; }
  const CallStack& OfAllocation(std::uintptr_t block) const { return Find(allocated_, block); }
  const CallStack& OfFree(std::uintptr_t block) const { return Find(freed_, block); }

  // Of the operation that created the thread.
  const CallStack& OfCreation(ThreadId thread) const {
    return created_[static_cast<std::size_t>(thread)];
  }
  void Created(ThreadId thread, const CallStack& stack) {
    created_[static_cast<std::size_t>(thread)] = stack;
  }
  const CallStack& OfFault() const { return failed_; }
  const CallStack& OfWait(ThreadId thread) const {
    return waits_[static_cast<std::size_t>(thread)];
  }

  // Where a fault of the program's memory goes on while a stack is being read; else null.
  void** escape = nullptr;

 private:
  struct OfBlock {
    std::uintptr_t block;
    CallStack stack;
  };

  CallStack Here(Site site);
  Fiber* OwnerOf(std::uintptr_t address) const;
  void Note(const InFrame& found);
  static const CallStack& Find(const std::vector<OfBlock>& blocks, std::uintptr_t block);

  Fault fault_;
  Fault other_order_;
  std::array<Fiber, kMaxThreads>* fibers_ = nullptr;
  std::vector<Told> told_;
  std::array<CallStack, 2> accesses_;
  CallStack failed_;
  std::array<CallStack, kMaxThreads> waits_;
  std::array<CallStack, kMaxThreads> created_;
  std::vector<OfBlock> allocated_;
  std::vector<OfBlock> freed_;
  std::vector<InFrame> in_frames_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_TRACER_H_
