// SPDX-License-Identifier: Apache-2.0
//
// The lock graph as a process records it: one file, memory-mapped and shared, written by the
// runtime inside the observed process and read by the analyzer in another one, at any moment, also
// after kill -9. Nothing here may need more than libc.
//
// Layout. The file is a header page followed by chunks of kChunkBytes, handed out to tables as they
// grow. A table is an array of fixed-size records; record i of table t is in the chunk
// header.tables[t].chunks[i / records per chunk]. Records are append-only. A record is written,
// then published by a release store of the table's count; a reader that loads the count with
// acquire sees whole records only. A field named in CAPITALS in a comment may change after
// publication; it is a naturally aligned word that is stored whole.
//
// Integers are little endian; indices are record numbers; index 0 of every table is a reserved,
// all-zero record that means "none".
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_GRAPH_FORMAT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_GRAPH_FORMAT_H_

#include <stdint.h>

namespace heddle::lock_order {

inline constexpr uint64_t kGraphMagic = 0x316870617267'6468;  // "hdgraph1"
inline constexpr uint32_t kGraphVersion = 2;
inline constexpr uint64_t kHeaderBytes = 1 << 16;
inline constexpr uint64_t kChunkBytes = 1 << 16;

enum TableId : uint32_t {
  kNodes,    // a lock, one generation of it
  kChains,   // a set of held locks, as a path
  kVisits,   // "this thread, in this segment, acquired the last lock of this chain"
  kFrames,   // program counters of stacks
  kStacks,   // a stack: a range of frames
  kThreads,  // a thread
  kEvents,   // create, join, barrier, ...: what orders segments; and findings of the runtime
  kModules,  // a mapped ELF file
  kStrings,  // bytes: names, paths; records of 64 bytes, a string is a run of them
  kTableCount,
};

// Chunks are numbered by their position in the file: chunk c starts at kHeaderBytes + c *
// kChunkBytes. A table's chunk numbers stand in a two-level directory so that no table has a fixed
// limit: directory[i / 8192] is the number of a chunk that holds 8192 chunk numbers (uint64_t
// each); 0: none.
struct Table {
  uint64_t count;         // COUNT: published records, the reserved one included
  uint32_t record_bytes;  // a chunk holds kChunkBytes / record_bytes (rounded down) records
  uint32_t reserved;
  uint64_t directory[240];  // DIRECTORY
};
static_assert(sizeof(Table) == 16 + 240 * 8);

// Header.watcher. kWatcherEnds: as kWatcherDone, and the process, which is deadlocked, is to end
// now (a SIGURG tells it to look).
enum WatcherState : uint32_t { kWatcherAttached = 1, kWatcherDone = 2, kWatcherEnds = 3 };

struct Header {
  uint64_t magic;
  uint32_t version;
  uint32_t pid;
  uint64_t start_time;        // clock ticks since boot, /proc/PID/stat field 22
  uint64_t wall_nanoseconds;  // CLOCK_REALTIME at the start
  char host[64];
  char program[256];  // readlink of /proc/self/exe, truncated
  uint64_t chunks;    // CHUNKS: allocated in the file
  // STATE, a word each:
  uint32_t stopped;       // recording stopped: 1 out of memory or disk
  uint32_t exited;        // 1: the process reached its end (exit, not a crash)
  uint32_t watcher;       // set by the analyzer: WatcherState
  uint32_t found;         // set by the analyzer: number of findings that count for the exit code
  uint64_t parent_pid;    // the process that forked this one while recording; 0: none
  uint64_t slow_paths;    // entries into the slow path, flushed by threads at exit and every 1024
  uint64_t acquisitions;  // likewise
  // The thread of `parent_pid` that forked this process, and its last segment before that.
  uint32_t parent_thread;
  uint32_t parent_segment;
  Table tables[kTableCount];
};
static_assert(sizeof(Header) <= kHeaderBytes);

enum LockKind : uint8_t {
  kMutexNormal,
  kMutexRecursive,
  kMutexErrorcheck,  // pthread kinds; adaptive counts as normal
  kMutexRobust,
  kMutexC11,
  kSpin,
  kRwPreferReader,
  kRwPreferWriter,
  kRwPreferWriterNonrecursive,
  kSemaphore,
  kFlock,
  kPosixFileLock,
  kOfdFileLock,
  kAnnotated,
  kAnnotatedRw,
  kAnnotatedRecursive,
};

// Node.flags
inline constexpr uint32_t kNodeDestroyed =
    1;  // the lock's life ended; its address may be used again
inline constexpr uint32_t kNodeForeignPost =
    2;  // semaphore: posted by a thread that did not hold it
inline constexpr uint32_t kNodeHasLevel = 4;
inline constexpr uint32_t kNodeInHandler = 8;  // taken inside a signal handler
inline constexpr uint32_t kNodeWithSignal =
    16;  // taken while `signal` (one that has such a handler) was not blocked
inline constexpr uint32_t kNodeForeignUnlock = 32;
inline constexpr uint32_t kNodeReferenced = 256;  // some chain or event names it; a lock that dies
                                                  // without may give its record to a later one
inline constexpr uint32_t kNodePrivate =
    1024;  // taken by one thread alone, and may stand for several of that thread's mutexes, one
           // after the other at the same address
inline constexpr uint32_t kNodeManyPosts =
    128;  // semaphore: posted more than once, so it is no one-shot: its
          // kEventOneShot, recorded earlier, orders nothing
inline constexpr uint32_t kNodeShared = 64;  // process-shared; `identity` names it across processes

inline constexpr uint32_t kNodeByAddress = 512;  // nests with its class in the order of addresses

struct Node {
  uint64_t address;   // 0 for file locks
  uint64_t identity;  // file locks: device ^ rotated inode; process-shared: likewise of its mapping
  uint32_t flags;     // FLAGS
  uint8_t kind;       // LockKind
  uint8_t signal;     // SIGNAL: number of the signal that the two flags above speak of
  uint16_t level;     // with kNodeHasLevel: declared order, outermost lowest
  uint32_t name;      // kStrings: declared name or class; 0: none
  uint32_t first_stack;       // kStacks: first acquisition (or init) seen; 0: not captured
  uint64_t first_site;        // return address of the first call seen (init if there was one)
  uint64_t waits;             // WAITS: acquisitions that were found waiting by the runtime
  uint64_t wait_nanoseconds;  // WAIT TOTAL
  uint64_t longest_wait;      // LONGEST
};
static_assert(sizeof(Node) == 64);

// Whether the declared order forbids to acquire `wanted` while `held` is held.
inline bool against_order(const Node& held, const Node& wanted) {
  const uint32_t both = held.flags & wanted.flags;
  const bool levels = (both & kNodeHasLevel) != 0;
  if (levels && held.level != wanted.level) return held.level > wanted.level;
  const bool one_class = held.name != 0 && held.name == wanted.name;
  if ((both & kNodeByAddress) != 0 && one_class) return held.address > wanted.address;
  return levels;
}

// Whether other processes know the lock too, by its identity.
inline bool is_shared(const Node& node) {
  return (node.kind >= kFlock && node.kind <= kOfdFileLock) || (node.flags & kNodeShared) != 0;
}

// Chain.flags, Visit.flags, Held.flags
inline constexpr uint8_t kShared = 1;    // read mode
inline constexpr uint8_t kTry = 2;       // acquired by a try: never waits
inline constexpr uint8_t kTimed = 4;     // waits, but gives up
inline constexpr uint8_t kCondWait = 8;  // re-acquired on return from a condition wait; with
                                         // kTimed: from one that ends by itself
inline constexpr uint8_t kHandler = 16;  // inside a signal handler
inline constexpr uint8_t kUpgrade =
    32;  // write mode wanted while read mode of the same lock is held
inline constexpr uint8_t kRecursive =
    64;  // read mode of a lock that this thread holds in read mode

// A path in the trie of held locks: the locks of `parent`, then `node`. The root is record 0. A
// chain says what was held together; whether its last lock was *acquired* under the others is what
// visits say (after A, B, C, unlock A the thread is on the chain B, C without having acquired C
// under B only).
struct Chain {
  uint32_t parent;
  uint32_t node;
  uint64_t site;   // return address of the acquisition of `node`
  uint32_t stack;  // STACK: kStacks of the first such acquisition; 0: not captured
  uint8_t flags;
  uint8_t reserved[3];
};
static_assert(sizeof(Chain) == 24);

// At most kVisitsPerChain segments of one thread are recorded for a chain; after that one visit
// with segment_end widened stands for all later ones.
inline constexpr uint32_t kVisitsPerChain = 64;
struct Visit {
  uint32_t chain;
  uint32_t thread;
  uint32_t segment;      // of the thread, counted from 1
  uint32_t segment_end;  // SEGMENT END: equal to segment, or the last one that this record covers
};

struct Frame {
  uint64_t pc;
};  // a return address, except the first of a stack which may be any pc
struct Stack {
  uint64_t first_frame;
  uint32_t frames;
  uint32_t hash;
};

struct Held {
  uint32_t node;
  uint8_t flags;
  uint8_t reserved[3];
  uint64_t site;
  uint64_t stack_pointer;  // at the acquisition
  uint64_t sequence;       // Thread.sequence at the acquisition: tells a hold from a later one
};

// The first kHeldInline held locks are visible here; deeper ones are in the runtime's own memory.
inline constexpr uint32_t kHeldInline = 28;
struct Thread {
  uint32_t tid;
  uint32_t creator;  // kThreads
  uint32_t creator_segment;
  uint32_t creator_chain;  // kChains: what the creator held
  uint32_t segment;        // SEGMENT: current
  uint32_t alive;          // ALIVE: 1 running, 2 exited
  uint32_t create_stack;   // kStacks
  uint32_t depth;          // DEPTH: held locks
  uint64_t sequence;       // SEQUENCE: acquisitions of this thread, those given up included
  uint64_t wanted_since;   // CLOCK_MONOTONIC ns, 0 unless set by a slow wait
  uint32_t wanted;         // WANTED: node this thread is about to acquire and may wait for; 0: none
  uint8_t wanted_flags;
  uint8_t reserved[3];
  uint64_t wanted_site;
  char name[16];
  Held held[kHeldInline];    // HELD; an entry is written before depth counts it
  uint64_t create_sequence;  // the creator's sequence at the creation: it held what is not newer
  uint64_t slow_paths;       // SLOW PATHS: entries of this thread into the slow path
};
static_assert(sizeof(Thread) <= 1024);
inline constexpr uint32_t kThreadBytes = 1024;

enum EventKind : uint32_t {
  kEventCreate = 1,  // thread created child (other); segment is the creator's last one before it
  kEventJoin,     // thread joined other; other_segment is its last one; segment the joiner's first
                  // after it
  kEventBarrier,  // thread left a barrier: node is the barrier's number (no lock), generation its
                  // round; segment is the thread's first one after it
  kEventOnce,  // (segment: the first one after it) thread saw the end of pthread_once's routine run
               // by other in other_segment
  kEventOneShot,  // thread passed a one-shot semaphore posted by other in other_segment
  kEventGuard,  // thread `other` ran while thread held `node` from before its creation until after
                // its join
  kEventFork,
  kEventExitHolding,    // thread ended while it held node
  kEventUnlockNotHeld,  // node
  kEventDestroyHeld,    // node, held by other
  kEventFreeHeld,       // node: its memory was freed while held by other
  kEventBlockingCall,   // a blocking call was made while node was held; name: kStrings of the call
  kEventAssertHeld,     // HEDDLE_ASSERT_HELD failed for node
  kEventAssertNotHeld,
  kEventLevel,    // node was acquired while `other_node` of no smaller level was held
  kEventEnforce,  // node was acquired while `other_node` was held, against the enforced hierarchy
  kEventCondTwoMutexes,
  kEventExit,
};
struct Event {
  uint32_t kind;
  uint32_t thread;
  uint32_t segment;
  uint32_t other;
  uint32_t other_segment;
  uint32_t node;
  uint32_t other_node;
  uint32_t name;
  uint32_t generation;
  uint32_t stack;
  uint32_t chain;  // what `thread` held
  uint32_t reserved;
  uint64_t nanoseconds;  // CLOCK_MONOTONIC
  uint64_t reserved2;
};
static_assert(sizeof(Event) == 64);

struct Module {
  uint64_t begin, end;  // executable mapping
  uint64_t bias;        // load address minus the file's own addresses
  uint32_t path;        // kStrings
  uint8_t build_id_bytes;
  uint8_t build_id[27];
};
static_assert(sizeof(Module) == 56);

struct StringPart {
  uint32_t bytes;
  char text[60];
};  // a string continues while bytes > 60
static_assert(sizeof(StringPart) == 64);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_GRAPH_FORMAT_H_
