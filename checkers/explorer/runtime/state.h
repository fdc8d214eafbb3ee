// SPDX-License-Identifier: Apache-2.0
//
// What the runtime knows while a program is explored, and the program threads' frames.
//
// The runtime lives in the program's process and partly on its stacks. Everything that it changes
// while it explores is in `heddle_explorer_state`, on pages of its own, or in memory that hangs on
// it: the program's other writable pages are put back for each execution (globals.h).
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_STATE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_STATE_H_

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/graph/event.h"

// The runtime's code stands together, so that what it calls of the C library can be told from what
// the program calls (text_functions.cc).
#pragma clang section text = "heddle_runtime"

namespace heddle::explorer {

enum class Mode : std::uint32_t {
  kNative,   // nothing is explored: every entry point does the real thing
  kProgram,  // a program thread runs
  kRuntime,  // the scheduler runs; instrumented code that it reaches is not the program's
};

// The low byte is the operation's size.
enum class AtomicOperation : std::uint8_t {
  kCall,  // a function of the runtime that runs on a program thread: arguments[0] is its Call
  kLoad,
  kStore,
  kExchange,
  kFetchAdd,
  kFetchSub,
  kFetchAnd,
  kFetchOr,
  kFetchXor,
  kFetchNand,
  kCompareExchangeValue,   // returns what it read
  kCompareExchangeStrong,  // returns success; `expected` is a pointer
  kCompareExchangeWeak,
  kFence,
};

// Its second argument points to what a compare-exchange expects, and is where it tells what it has
// found instead.
inline bool PointsToExpected(AtomicOperation operation) {
  return operation == AtomicOperation::kCompareExchangeStrong ||
         operation == AtomicOperation::kCompareExchangeWeak;
}

// A suspended thread's registers, at its stack's top. fiber.S writes and reads them.
struct Frame {
  std::uint64_t code;          // operation * 256 + bytes
  std::uint64_t arguments[6];  // the first two become rax and rdx
  std::uint64_t r15, r14, r13, r12, rbx, rbp;
  std::uint64_t return_address;

  AtomicOperation operation() const { return static_cast<AtomicOperation>(code >> 8); }
  std::uint8_t size() const { return static_cast<std::uint8_t>(code & 0xff); }
  void Return(Value value) {
    arguments[0] = static_cast<std::uint64_t>(value);
    arguments[1] = static_cast<std::uint64_t>(value >> 64);
  }
  // Where the program's own stack goes on: its return address has been popped there.
  char* caller() { return reinterpret_cast<char*>(this + 1); }
};
static_assert(sizeof(Frame) == 112);

struct Fiber;
struct Operation;
class Scheduler;
struct Shadow;
struct Heap;
struct Globals;
class Tracer;
struct TrialLog;
struct Key;

inline constexpr std::size_t kPage = 4096;

struct alignas(kPage) State {
  Mode mode;
  bool trial;     // a thread runs only to see whether it comes back unchanged (loops.h)
  bool watching;  // plain writes are logged: the thread is in a loop
  Frame* frame;   // of the thread that entered last
  void* scheduler_stack;
  Fiber* current;
  const View* clock;         // happens-before the current thread's next operation
  std::uint32_t position;    // events of the current thread
  TrialLog* trial_log;       // null: the trial ends where it writes
  Tracer* tracer;            // null but for an execution that is told of
  void* own_thread_pointer;  // the process's own thread's
  bool has_fsgsbase;
  Scheduler* scheduler;
  Shadow* shadow;
  Heap* heap;
  Globals* globals;
  // By the C library for itself, in this execution: what it keeps there is not put back.
  bool library_allocated;
  std::int64_t clock_start;  // of all clocks, in nanoseconds: 0, unless it is tried (later.cc)
  // Where the thread was when the clock last ticked, and for how many ticks (signals.cc).
  std::uint64_t ticked_at;
  int ticks;
  Key* outer_keys;    // by number; null: there have been none (sync/key.cc)
  bool seen_endless;  // some thread has run on without end before
};
static_assert(offsetof(State, mode) == 0 && offsetof(State, frame) == 8 &&
              offsetof(State, scheduler_stack) == 16);

extern "C" __attribute__((visibility("hidden"))) State heddle_explorer_state;

inline State& state() { return heddle_explorer_state; }
inline bool Exploring() { return state().mode == Mode::kProgram; }

extern "C" {
__attribute__((visibility("hidden"))) void heddle_explorer_perform(Operation* operation);
__attribute__((visibility("hidden"))) void heddle_explorer_thread_start();
__attribute__((visibility("hidden"))) void heddle_explorer_trace(Frame* frame, void (*function)());
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_STATE_H_
