// SPDX-License-Identifier: Apache-2.0
//
// The start of all executions: what thread 0 does before anything hangs on other threads, set-up
// and the creation of threads. It is run once. What it leaves is put back for the executions that
// start alike, instead of running it again.
//
// It ends at the first operation that could go otherwise in another execution. It is kept only if
// it can be told that all it has changed is put back: the thread's stack, its thread-local
// variables, global variables and the heap of the exploration; no open files, nothing that the C
// library keeps for itself, and no memory from before.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_PROLOGUE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_PROLOGUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/loops.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/shadow.h"

namespace heddle::explorer {

// Parts of the process that a prologue changes.
struct Surroundings {
  std::array<Fiber, kMaxThreads>& fibers;
  int threads;
  Globals& globals;
  Heap& heap;
  Shadow& shadow;
  Loops& loops;
};

class Prologue {
 public:
  // When the exploration starts.
  void Start();

  bool kept() const { return kept_; }
  bool given_up() const { return given_up_; }
  // An operation of thread 0 that may be part of it; `alone`: no other thread has been created.
  static bool Contains(const Operation& operation, bool alone);

  // Keeps the state of a running execution in which thread 0 has told `events` and no other thread
  // has run; thread 0 is suspended.
  void Keep(const Surroundings& now, std::vector<Event> events);
  // What was kept does not hold any more.
  void Forget(Globals& globals);
  // Whether more has become known of loops since: what was kept knows nothing of it.
  bool IsOutdated(const Loops& loops) const { return kept_ && loops.version() != loops_version_; }

  // The events of thread 0 that it stands for.
  const std::vector<Event>& events() const { return events_; }
  // Puts everything back that Keep() found, in an execution that has just begun. Global variables
  // have been put back (Globals::Restore).
  void PutBack(const Surroundings& now) const;

 private:
  struct Created {
    ThreadId id;
    void* (*function)(void*);
    void* argument;
    ThreadId parent;
    Site created_at;
    bool detached;
    std::uint64_t work;
  };
  // One bit each of the lowest file descriptors.
  using Files = std::array<std::uint64_t, 4>;

  static Files OpenFiles();
  static bool ChangesOnly(const Surroundings& now);

  bool kept_ = false;
  bool given_up_ = false;
  int attempts_ = 0;
  Files files_{};
  std::vector<Event> events_;
  std::uint32_t loops_version_ = 0;
  Fiber fiber_;
  std::vector<Created> created_;
  std::vector<char> stack_;  // up to its upper end
  std::vector<char> storage_;
  std::vector<char> heap_;
  std::vector<unsigned char> granules_;
  std::vector<Block> blocks_;
  std::size_t heap_used_ = 0;
  std::size_t live_ = 0;
  std::vector<std::pair<std::size_t, ShadowCell>> cells_;  // and their places in the table
  std::size_t shadow_size_ = 0;
  std::vector<Shadow::Node> nodes_;
  std::vector<std::pair<Site, int>> visits_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_PROLOGUE_H_
