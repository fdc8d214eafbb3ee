// SPDX-License-Identifier: Apache-2.0
//
// What a thread keeps of its own, in initial-exec thread-local storage: no call and no allocation
// stands between an interposed function and its state.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_STATE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_STATE_H_

#include <signal.h>

#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/runtime/chain_table.h"

namespace heddle::lock_order {

class StackCache;
struct Ghost;
struct GhostTable;

// The chain up to a held lock. Valid only when `check` is that entry's site_check(): an entry that
// nothing was nested under yet has no chain, and one that was overtaken by an unlock out of order
// has lost it. The word of the outermost lock starts as a copy of what the mutex itself remembers.
struct ChainWord {
  uint32_t chain;
  uint32_t check;
};

// Held locks beyond the record's inline ones.
struct HeldOverflow {
  uint32_t capacity;
  Held* held;
  ChainWord* words;
};

// Locks that were released from below many others leave holes (entries without a node) in the held
// stack, or releasing thousands from the first on would move all others every time. There are none
// while the stack is within its inline part. The hints are true of the acquisition they were noted
// at.
struct HeldHoles {
  uint32_t count;
  uint32_t cleared_from;  // from here on all words are cleared
  uint32_t first_live;    // below here all entries are holes
  uint64_t sequence;
};

inline constexpr uint32_t kOncesSeen = 8;
inline constexpr uint32_t kMadeSeen = 128;

enum ThreadLife : uint8_t { kThreadNew, kThreadRunning, kThreadExited };

// A step that was taken lately: a copy of its table entry, to be found without hashing.
struct RecentStep {
  uint64_t key;  // node and parent, as ChainEntry begins
  uint32_t check;
  uint32_t segment;
  uint32_t child;
  uint32_t reserved[3];
};
inline constexpr uint32_t kRecentSteps = 32;

struct DeferredSignal {
  siginfo_t info;
  uint64_t mask;  // the thread's, as the kernel has it, when the signal came
};

struct ThreadState {
  Thread* record;  // nullptr: not recorded (yet, any more, or at all)
  uint32_t id;
  uint32_t segment;
  uint8_t flags;  // kHandler while in a signal handler; part of every acquisition's flags
  ThreadLife life;
  // Not 0: inside the slow path. A signal handler that interrupted it cannot record.
  uint32_t busy;
  ChainTable chains;
  ChainWord words[kHeldInline];
  RecentStep recent[kRecentSteps];
  HeldOverflow overflow;
  HeldHoles holes;
  StackCache* stacks;
  // Mutexes that come and go; see ghosts.h.
  GhostTable* ghosts;
  Ghost* held_ghost;  // nullptr: none. May have got its node since, which its `live` tells.
  uint32_t made[kMadeSeen];
  uint64_t slow_paths;
  uint64_t flushed_slow_paths;
  uint64_t acquisitions;  // sequence numbers flushed to the header so far
  // What the creator passes on; see thread_start.
  uint32_t creator;
  uint32_t creator_segment;
  uint32_t creator_chain;
  uint32_t create_stack;
  uint64_t create_sequence;
  // The annotated acquisition between its beginning and its end.
  uint32_t pending;  // node; 0: none
  uint8_t pending_flags;
  ChainWord pending_word;
  uint64_t pending_site;
  uint64_t pending_stack_pointer;
  // The pthread_once routine in progress, and the signal handler.
  void (*once_routine)();
  uint64_t once_control;
  uint64_t once_seen[kOncesSeen];
  // What was held when the fork that is in progress began: the record itself is the parent's, who
  // goes on while the child looks.
  Held* fork_holds;
  uint32_t fork_depth;
  uint64_t handler_stack_pointer;
  uint8_t handler_signal;
  // Set while the recorder's lock is held or waited for; see futex_locker.h.
  bool locked;
  void (*deliver_deferred)(ThreadState&);  // nullptr: no signal has come meanwhile
  DeferredSignal deferred;
};

extern __thread ThreadState t_self __attribute__((tls_model("initial-exec"), visibility("hidden")));

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_STATE_H_
