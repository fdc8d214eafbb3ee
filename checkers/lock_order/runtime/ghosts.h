// SPDX-License-Identifier: Apache-2.0
//
// Mutexes that come and go. A program that makes a mutex, uses it and destroys it, over and over
// at one address, would need a node and chains for each of them, all saying the same. Instead, such
// a mutex passes for one that lived at its address before: it is that one's ghost. Its steps are
// looked up under the old one's node; those that are found there are done, and only noted in the
// ghost's own log. When that is no longer good enough, the ghost gets a node of its own, under
// which its log is recorded once more.
//
// Why this may be done. A node that only one thread ever took is in no cycle of orders, which
// needs two threads at every lock, and guards nothing. So:
//
//   1. A node that locks are ghosts of (kNodePrivate) was and is taken by one thread, the owner of
//      the ghosts. From the second mutex at an address on, a tag says whose it is (make_ghost_tag):
//      no other thread's fast path knows that tag, so every one that comes near the mutex finds out
//      and first gives it a node that is no ghost's.
//   2. A chain in which a private node is held below another is recorded under that node only for
//      the mutex that the node was made for (Ghost::own). A ghost that takes such a step for the
//      first time gets its own node first: else an order would be recorded under the wrong guard.
//      A step onto a private node may be recorded at any time, by (1).
//   3. What a ghost did is in its log before it is in its tag's order of changes: the owner writes
//      the log and its held entry, then exchanges the tag for itself (release); who gives the ghost
//      a node exchanges the tag for that node's (acquire), then reads the log. If that one came
//      first, the owner's exchange fails and it corrects what it did.
//   4. A ghost never waits: when the mutex is not free it gets its node first, so waiting threads
//      and those they wait for speak of the same node.
//   5. A thread holds at most one ghost, and enters the slow path holding none.
//
// Only plain mutexes (plain_mutex.h) taken and released by pthread_mutex_lock and _unlock outside
// of signal handlers are ghosts; anything else gives the mutex its node.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOSTS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOSTS_H_

#include <pthread.h>

#include "checkers/lock_order/runtime/base.h"
#include "checkers/lock_order/runtime/ghost_words.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

// More steps than these, or more acquisitions, and the ghost gets a node.
inline constexpr uint32_t kGhostSteps = 10;
inline constexpr uint32_t kGhostUses = 64;

struct GhostStep {
  uint32_t chain;
  uint32_t segment;
};

struct Ghost {
  uint64_t address;    // 0: free
  const Node* record;  // the node's, which stays where it is
  uint32_t node;       // the private node that mutexes at this address are ghosts of
  uint32_t live;       // LIVE: a mutex carries this ghost's tag. Unset by others under their lock.
  uint32_t own;        // the node was made for this very mutex: nothing to log
  uint32_t uses;
  uint32_t refused;  // since the last use: other addresses that wanted this place
  uint32_t steps;
  GhostStep log[kGhostSteps];
};
static_assert(sizeof(Ghost) <= 128);

// A thread's ghosts, by address.
struct GhostTable {
  static constexpr uint32_t kGhosts = 256;
  GhostTable* next;
  uint32_t thread;
  alignas(64) Ghost ghosts[kGhosts];

  Ghost& at(const void* lock) {
    return ghosts[mix(reinterpret_cast<uint64_t>(lock) >> 3) % kGhosts];
  }
};

HEDDLE_INLINE std::atomic<uint32_t>& log_length(Ghost& ghost) {
  return reinterpret_cast<std::atomic<uint32_t>&>(ghost.steps);
}

// Invariant 3. False: the tag is another one now.
HEDDLE_INLINE bool exchange_tag(pthread_mutex_t* mutex, uint64_t from, uint64_t to) {
  return GhostWords<RuntimePlatform>::exchange(
      *reinterpret_cast<std::atomic<uint64_t>*>(tag_word(mutex)), from, to);
}

HEDDLE_INLINE bool of_this_mutex(const Ghost& ghost, const pthread_mutex_t* mutex) {
  return ghost.address == reinterpret_cast<uint64_t>(mutex) && load_word(ghost.node) != 0;
}

// A mutex begins to be this ghost.
HEDDLE_INLINE void begin_steps(Ghost& ghost) {
  ghost.own = 0;
  ghost.uses = 0;
  ghost.refused = 0;
  ghost.steps = 0;
}

// Takes the mutex if it is, or can be, a ghost of this thread's and is free.
bool lock_ghost(ThreadState& t, pthread_mutex_t* mutex, Call call);
// Before the real unlock: whether it was this thread's ghost, which it holds no more.
bool unlock_ghost(ThreadState& t, pthread_mutex_t* mutex);
// Before the real destroy, or init: whether it was this thread's ghost, which is no more.
bool end_ghost(ThreadState& t, pthread_mutex_t* mutex);
// After the real init: whether the mutex is a ghost now.
bool begin_ghost(ThreadState& t, pthread_mutex_t* mutex, Call call);

// Whether this thread holds a ghost whose steps are to be logged.
bool holds_ghost(ThreadState& t);
// Acquiring `node` while a ghost is held: whether that was seen and is noted.
bool step_under_ghost(ThreadState& t, uint32_t node, uint8_t flags, Call call);

// Whether mutexes were made at this address before, as far as this thread remembers.
inline bool made_again(ThreadState& t, const void* lock) {
  const auto address = static_cast<uint32_t>(reinterpret_cast<uint64_t>(lock) >> 3);
  uint32_t& seen = t.made[mix(address) % kMadeSeen];
  if (seen == address) return true;
  seen = address;
  return false;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOSTS_H_
