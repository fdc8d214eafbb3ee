// SPDX-License-Identifier: Apache-2.0
//
// What a program thread asks the scheduler for.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATION_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATION_H_

#include <cstdint>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

// The names of checkers/scenario/verdict.h.
namespace verdict {
inline constexpr char kPass[] = "pass";
inline constexpr char kAssertion[] = "assertion";
inline constexpr char kRace[] = "race";
inline constexpr char kDeadlock[] = "deadlock";
inline constexpr char kLivelock[] = "livelock";
inline constexpr char kLostWakeup[] = "lost_wakeup";
inline constexpr char kUseAfterFree[] = "use_after_free";
inline constexpr char kDoubleFree[] = "double_free";
inline constexpr char kOutOfBounds[] = "out_of_bounds";
inline constexpr char kLeak[] = "leak";
inline constexpr char kUninitialized[] = "uninitialized";
inline constexpr char kBadUnlock[] = "bad_unlock";
inline constexpr char kDestroyedInUse[] = "destroyed_in_use";
inline constexpr char kCrash[] = "crash";
inline constexpr char kIncomplete[] = "incomplete";
inline constexpr char kError[] = "error";
}  // namespace verdict

struct FoundAccess {
  ThreadId thread;
  std::uintptr_t address;
  Site site;
  std::uint8_t size;  // 0: the end of the block
  std::uint16_t position;
  bool write;
  bool atomic;
};

// An error of the program, as its thread met it. No memory is allocated for it there.
struct Fault {
  const char* verdict = nullptr;
  char message[256] = "";
  ThreadId thread = kNoThread;
  Site site = 0;
  int accesses = 0;
  FoundAccess access[2] = {};
  std::uintptr_t block = 0;  // address of the heap block
};

struct Operation {
  enum class Kind : std::uint8_t {
    kLoad,
    kStore,
    kUpdate,
    kFence,
    kCreate,
    kJoin,
    kFinish,
    kChoose,
    kBlock,
    kNothing,   // only what is still pending
    kFault,     // `fault`: the execution ends here
    kFatal,     // `fault.message`: the exploration does
    kEndTrial,  // the thread does something else than come back
  };

  Kind kind = Kind::kNothing;
  Access access;
  Value value = 0;  // to store
  Update update;
  Admits* admits = nullptr;
  int number = 0;  // choices; the thread to join
  // What the modelled function was called with, as far as `access` does not tell.
  std::uint64_t arguments[2] = {};
  // Of a new thread.
  void* (*function)(void*) = nullptr;
  void* argument = nullptr;
  bool detached = false;

  Fault* fault = nullptr;

  bool first = false;  // of what a modelled function does
  bool locks = false;  // it takes or gives a lock that is nothing but that

  // What the program called, and what a thread that waits there waits for (record.md, `waits`).
  const char* name = nullptr;
  const char* waits_for = nullptr;
  // An access that does not wait, but may be what a loop of the program's waits by.
  bool polls = false;
  // Of a sleep: the word that held `slept_on` when it began; 0: none.
  std::uintptr_t word = 0;
  std::uint32_t slept_on = 0;
  // The wait has a time limit: who is left in it for ever is not stuck.
  bool expires = false;

  Answer answer;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATION_H_
