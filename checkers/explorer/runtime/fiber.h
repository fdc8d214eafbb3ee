// SPDX-License-Identifier: Apache-2.0
//
// A thread of the explored program: a stack and a block of thread-local storage, which the next
// execution uses again.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIBER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIBER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/runtime/loops.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/state.h"
#include "checkers/explorer/runtime/thread_local_storage.h"

namespace heddle::explorer {

inline constexpr std::size_t kStackSize = std::size_t{8} << 20;
// Where the stacks are, if that is free: the same in each process.
inline constexpr std::uintptr_t kStacks = 0x610000000000;
inline constexpr std::uintptr_t kStackStride = 2 * kStackSize;

// Keys of thread-specific data that the program may make, and besides those of the C library.
inline constexpr int kMaxKeys = 128;
inline constexpr int kKeyPlaces = kMaxKeys + 1024;
inline constexpr int kMaxPending = 16;

// A mutex or the like that a thread holds.
struct Held {
  const void* address;
  const char* what;  // record.md, `held`
  Site site;
  int count;  // recursive
};
inline constexpr int kMaxHeld = 32;

struct Destructor {
  void (*function)(void*);
  void* object;
};
inline constexpr int kMaxDestructors = 64;

// When a thread had told `events` operations, no object of its stack was below `frame`.
struct LeftStack {
  std::uintptr_t frame;
  int events;
};

// Of what a fiber has room for little is in use: CopyRooms() takes that along, a copy does not.
template <typename T, int kSize>
struct Room {
  T items[kSize] = {};

  Room() = default;
  Room(const Room& /*other*/) {}
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it changes nothing
  Room& operator=(const Room& /*other*/) { return *this; }
  ~Room() = default;
  T& operator[](int i) { return items[i]; }
  const T& operator[](int i) const { return items[i]; }
};

struct Fiber {
  ThreadId id = 0;
  bool started = false;   // in this execution
  bool finished = false;  // its function has returned, and all that comes behind that
  bool detached = false;
  bool joined = false;
  bool ends_program = false;  // by exit(), with its frames as they are
  bool endless = false;       // runs on and on, and does nothing that is seen
  ThreadId parent = kNoThread;
  Site created_at = 0;
  void* (*function)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  std::uint64_t work = 0;  // interchangeable.h; 0: nobody asks

  Frame* frame = nullptr;            // where it is suspended
  Operation* operation = nullptr;    // what it waits to be told is done; null: it can go on
  Operation own;                     // of an atomic operation
  bool from_frame = false;           // `operation` is `own`, and its result belongs into `frame`
  bool fresh = false;                // `operation` has not been looked at
  Operation* polled = nullptr;       // that `own` is a copy of, for its result
  bool awaits = false;               // at a place where the thread waits (loops.h)
  const StepStart* steps = nullptr;  // at a compare-exchange that makes one step with that load
  Site failed_at = 0;                // its last compare-exchange, if that has failed for no reason
  Site turn_at = 0;   // where it is stuck in turns that take back what they change, and
  int turn_from = 0;  // from which event on
  // Plain writes to locations of the graph, to be told when they have happened.
  int pending = 0;
  int told = 0;  // of them

  // Deterministic: the same in every execution that does the same.
  int destructor_count = 0;
  void* cleanup = nullptr;                       // what pthread_cleanup_push() registered last
  alignas(16) unsigned char unwinding[32] = {};  // the exception that pthread_exit() unwinds by
  int key_limit = 0;                             // of the places that it has set
  bool keeps_specific = false;                   // at its end: main() has returned
  int held_count = 0;
  const void* rethrown = nullptr;  // the exception that rethrow_exception() threw (exceptions.cc)
  bool frees_unordered = false;    // what others have accessed
  std::int64_t nanoseconds = 0;    // of its clock (time.cc)
  bool in_time = false;            // a wait with a limit has ended before it, just now
  std::int64_t pause = 0;          // once its clock moves on (later.cc)
  std::uint64_t random = 0;        // where its sequence of random numbers is (random_numbers.cc)

  LoopHistory loop;

  // Functions that the thread has left, as far as its operations tell: higher frames first, each
  // the last time that it was come back to.
  std::vector<LeftStack> left;
  std::uintptr_t last_frame = 0;
  // What other threads have accessed of the stack, where it has not been left since.
  std::uintptr_t foreign_low = UINTPTR_MAX;
  std::uintptr_t foreign_high = 0;

  char* stack_low = nullptr;
  char* stack_high = nullptr;
  char* stack_used = nullptr;  // the lowest frame ever
  ThreadLocalStorage storage;

  // Behind what each operation looks at.
  Room<Access, kMaxPending> pending_writes;
  Room<Destructor, kMaxDestructors> destructors;
  Room<void*, kKeyPlaces> specific;
  Room<Held, kMaxHeld> held;

  // Its operation is one that a loop of the program's can wait by.
  bool Polls() const { return from_frame || polled != nullptr; }
  // Allocates stack and thread-local storage, once.
  void Allocate(ThreadId thread);
  void Release();
  // Makes it a thread that starts with `function`.
  // With `clear`, on a stack that holds nothing of earlier executions.
  void Start(void* (*start)(void*), void* start_argument, bool clear);
  // Whether what was there when the thread had told `known` operations, the next to come not
  // included, is gone.
  bool HasLeft(std::uintptr_t address, int known) const {
    for (std::size_t i = left.size(); i-- > 0;) {
      if (left[i].frame > address) return known <= left[i].events;
    }
    return false;
  }
  void Share(std::uintptr_t address, std::size_t size) {
    foreign_low = foreign_low < address ? foreign_low : address;
    foreign_high = foreign_high > address + size ? foreign_high : address + size;
  }
  void CopyRooms(const Fiber& other);
  // Where its stack starts that may have been written to, more or less.
  char* LowestUsed() const;
  bool OnStack(std::uintptr_t address) const {
    return address >= reinterpret_cast<std::uintptr_t>(stack_low) &&
           address < reinterpret_cast<std::uintptr_t>(stack_high);
  }
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIBER_H_
