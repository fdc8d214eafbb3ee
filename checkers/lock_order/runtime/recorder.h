// SPDX-License-Identifier: Apache-2.0
//
// The slow path: everything that happens once per lock, per new chain of held locks, per thread.
// One process has one recorder. All changes are made under its own futex lock by a thread whose
// ThreadState::busy is set.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RECORDER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RECORDER_H_

#include <pthread.h>

#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/runtime/address_map.h"
#include "checkers/lock_order/runtime/futex_locker.h"
#include "checkers/lock_order/runtime/graph_file.h"
#include "checkers/lock_order/runtime/index_set.h"
#include "checkers/lock_order/runtime/options.h"
#include "checkers/lock_order/runtime/stack_capture.h"
#include "checkers/lock_order/runtime/table.h"
#include "checkers/lock_order/runtime/thread_state.h"

namespace heddle::lock_order {

// An interposed call as its caller made it: return address, and the stack pointer before the call.
struct Call {
  uint64_t site;
  uint64_t stack_pointer;
};
// The address of the return address, without a frame pointer where the compiler can.
#if defined(HEDDLE_MS_EXTENSIONS)
#define HEDDLE_RETURN_SLOT ::_AddressOfReturnAddress()
#else
#define HEDDLE_RETURN_SLOT (reinterpret_cast<uint64_t*>(__builtin_dwarf_cfa()) - 1)
#endif
#define HEDDLE_CALL                                                       \
  ::heddle::lock_order::Call {                                            \
    reinterpret_cast<uint64_t>(__builtin_return_address(0)),              \
        reinterpret_cast<uint64_t>(HEDDLE_RETURN_SLOT) + sizeof(uint64_t) \
  }

// Set in the keys of locks that are not found by their plain address.
inline constexpr uint64_t kAnnotatedKey = 1ULL << 62;

// The key of a file lock, no address of anything: bit 63 with the kind of lock below it.
inline uint64_t file_key(uint64_t identity, LockKind kind) {
  return (identity & ((1ULL << 59) - 1)) | (uint64_t{kind} << 59) | (1ULL << 63);
}

// What a new thread is started with.
struct ThreadStart {
  ThreadStart* next;
  void* (*routine)(void*);
  int (*routine_c11)(void*);
  void* argument;
  uint32_t creator;
  uint32_t creator_segment;
  uint32_t creator_chain;
  uint32_t create_stack;
  uint64_t create_sequence;
};

// Held.sequence of a lock that a forked child has from its parent: no acquisition's own.
inline constexpr uint64_t kBeforeFork = 0;

struct SavedHold {  // a lock that is held across fork
  Held held;
  Node node;
};

uint64_t monotonic_now();

class Recorder {
 public:
  // Called by the runtime's constructor, or by the first interposed call if that is earlier.
  void initialize();

  // Whether this thread records; registers it (and opens the graph) when that is due.
  HEDDLE_INLINE bool ready(ThreadState& t) {
    return HEDDLE_LIKELY(t.record != nullptr) || (t.life == kThreadNew && start_thread(t));
  }

  // A forked child's first look at a lock: it may be one that its parent held.
  void take_over_holds(ThreadState& t);

  // Nodes. `tag`: where the lock keeps its tag. `kind` is that of a lock not seen before. `again`:
  // a mutex that may be the first of ghosts (ghosts.h). 0: not recording.
  uint32_t tagged_node(ThreadState& t, const void* lock, LockKind kind, uint64_t* tag,
                       uint64_t* chain, Call call, bool created, bool again = false);
  // The node of a mutex that is a ghost, be it this thread's or another's; it is none from here on.
  // 0: nobody knows the ghost.
  uint32_t ghost_node(ThreadState& t, pthread_mutex_t* mutex);
  // This thread's ghost that it holds gets a node of its own, and is the first of ghosts again.
  void settle_ghost(ThreadState& t);
  // The tag of a ghost was changed while its owner took it.
  void correct_ghost(ThreadState& t, pthread_mutex_t* mutex, Ghost& ghost, uint32_t passed_for);
  uint32_t address_node(ThreadState& t, uint64_t key, LockKind kind, Call call);
  // The node of an address that has one.
  uint32_t known_node(uint64_t key) {
    const auto known = static_cast<uint32_t>(addresses_.find(key));
    if (known != 0 || saved_holds_ == 0) return known;
    take_over_holds(t_self);
    return static_cast<uint32_t>(addresses_.find(key));
  }
  // The lock's life ended, or begins anew.
  void end_node(ThreadState& t, uint32_t node, Call call);
  void end_address(ThreadState& t, uint64_t key, Call call);
  Node& node(uint32_t index) const { return nodes_.at(index); }

  // The chain of what is held and then `node`, recording that this thread acquires it now.
  ChainWord extend(ThreadState& t, uint32_t node, uint8_t flags, Call call);
  // The same for a lock that is taken alone, where it matters who takes it.
  void visit_alone(ThreadState& t, uint32_t node, uint8_t flags, Call call);
  // The chain of what is held: kChains.
  uint32_t held_chain(ThreadState& t, Call call);

  uint32_t capture_stack(ThreadState& t, Call call);
  uint32_t intern_string(const char* text);

  // `event` with this thread, its segment and the time filled in.
  void add_event(ThreadState& t, Event event, const Call* call);
  void next_segment(ThreadState& t) { store_word(t.record->segment, ++t.segment); }

  void end_thread(ThreadState& t);
  void forking(ThreadState& t);
  void forked(ThreadState& t);
  // The process ends. True: with Options::exitcode instead of `status`.
  bool exiting(int status);
  // The watcher wants the process to end with Options::exitcode, at once.
  bool end_asked();
  void flush_counters(ThreadState& t);

  // Another thread's hold of `node` ended without its doing. The holder's number, or 0.
  uint32_t release_elsewhere(ThreadState& t, uint32_t node);

  FutexLock& lock() { return lock_; }
  // Contention, as the fast path finds it.
  void add_wait(uint32_t index, uint64_t nanoseconds) {
    Node& record = node(index);
    __atomic_fetch_add(&record.waits, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&record.wait_nanoseconds, nanoseconds, __ATOMIC_RELAXED);
    if (nanoseconds > load_word(record.longest_wait)) store_word(record.longest_wait, nanoseconds);
  }

  bool recording() const { return state_.load(std::memory_order_acquire) == kOpen; }
  const Options& options() const { return options_; }
  Thread& thread(uint32_t index) const { return threads_.at(index); }
  uint32_t threads() const { return static_cast<uint32_t>(threads_.count()); }

  // Thread handles (pthread_t) to thread numbers.
  uint32_t thread_of(uint64_t handle) const { return static_cast<uint32_t>(handles_.find(handle)); }

  // What orders segments; see recorder_order.cc.
  ThreadStart* make_start(ThreadState& t, Call call);
  void free_start(ThreadStart* start);
  void joined(ThreadState& t, uint64_t handle, uint32_t other, Call call);
  void barrier_made(ThreadState& t, uint64_t key, uint32_t count, Call call);
  void barrier_gone(ThreadState& t, uint64_t key);
  uint32_t barrier_entered(ThreadState& t, uint64_t key, uint32_t* id);
  void barrier_left(ThreadState& t, uint32_t id, uint32_t round, Call call);
  void once_ran(ThreadState& t, uint64_t control);
  bool once_known(ThreadState& t, uint64_t control) const;
  void once_passed(ThreadState& t, uint64_t control, Call call);
  void semaphore_made(ThreadState& t, uint64_t key, unsigned value);
  void semaphore_posted(ThreadState& t, uint64_t key);
  void semaphore_passed(ThreadState& t, uint64_t key, Call call);

  // This thread is about to wait at a condition variable with the mutex `node`. The other mutex
  // that threads wait with there now, or 0.
  uint32_t wait_began(ThreadState& t, uint64_t condition, uint32_t node, bool others_wait);

  // A finding of the runtime's own.
  void report(ThreadState& t, EventKind kind, uint32_t node, Call call, uint32_t other_node = 0,
              const char* name = nullptr);

  void set_name(uint32_t node, const char* name);
  void name_file(uint32_t node, uint64_t identity, const char* path);
  // The lock is also other processes', which know it by this identity (0: by none).
  void share(uint32_t node, uint64_t identity);
  // An acquisition inside a signal handler.
  void note_handler(ThreadState& t, uint32_t node);
  // An acquisition outside, of a lock whose tag says that this matters.
  void note_watched(ThreadState& t, uint32_t node, uint64_t* tag);
  void set_level(uint32_t node, uint16_t level);
  // For the first lock that is seen at this address.
  void expect_level(ThreadState& t, uint64_t address, uint16_t level);
  bool level_expected(uint64_t address) const {
    return any_levels_.load(std::memory_order_relaxed) && levels_.find(address) != 0;
  }

 private:
  enum State : uint32_t { kUnknown, kInitializing, kInitialized, kOpen, kOff };

  bool start_thread(ThreadState& t);
  bool open_graph();
  void stop();  // out of memory
  uint32_t add_node(uint64_t address, LockKind kind, uint64_t site, uint32_t stack);
  void free_node(uint32_t index);
  uint32_t node_like(uint32_t node);
  GhostTable* ghosts_of(uint32_t thread) const;
  bool own_ghosts(ThreadState& t);
  Ghost* place_for_ghost(ThreadState& t, const void* lock);
  void end_ghosts(ThreadState& t);
  void evict_ghost(uint32_t thread, Ghost& ghost);
  uint32_t node_behind(pthread_mutex_t* mutex);
  void rename_held(uint32_t thread, uint32_t from, uint32_t to);
  void record_steps(uint32_t thread, Ghost& ghost, uint32_t to);
  uint32_t renamed_chain(uint32_t chain, uint32_t from, uint32_t to);
  Node* reusable_node(uint64_t address, uint32_t* index);
  void refer_to(uint32_t node);
  uint32_t find_chain(uint32_t parent, uint32_t node, uint64_t site, uint8_t flags);
  uint32_t add_chain(uint32_t parent, uint32_t node, uint64_t site, uint8_t flags, uint32_t stack);
  void check_levels(ThreadState& t, uint32_t node, Call call);
  bool same_lock(ThreadState& t, uint32_t depth, uint32_t node, uint8_t* flags) const;
  ChainEntry* entry_of(ThreadState& t, uint32_t parent, uint32_t depth, const Held& held,
                       const CapturedStack& current);
  void add_visit(ThreadState& t, ChainEntry& entry);
  uint32_t resolve(ThreadState& t, const CapturedStack& current);
  CapturedStack* stack_now(ThreadState& t, Call call);
  uint32_t stack_of(const Held& held, const CapturedStack& current);
  uint32_t intern_stack(const uint64_t* pcs, uint32_t frames);
  void note_module(uint64_t pc);
  bool gone(const ChainEntry& entry) const;
  void spawn_watcher();
  void restore_holds(ThreadState& t);

  std::atomic<uint32_t> state_;
  uint32_t initializer_;  // tid
  FutexLock lock_;
  GraphFile file_;
  TableWriter<Node, kNodes> nodes_;
  TableWriter<Chain, kChains> chains_;
  TableWriter<Visit, kVisits> visits_;
  TableWriter<Frame, kFrames> frames_;
  TableWriter<Stack, kStacks> stacks_;
  TableWriter<Thread, kThreads, kThreadBytes> threads_;
  TableWriter<Event, kEvents> events_;
  TableWriter<Module, kModules> modules_;
  TableWriter<StringPart, kStrings> strings_;
  // Records of dead locks that nothing refers to: a program that makes and destroys locks all day,
  // as many do, needs no more of them than it has at a time.
  static constexpr uint32_t kFreeNodes = 4096;
  uint32_t free_nodes_[kFreeNodes];
  uint32_t free_count_;
  // Where a lock was last seen by address, for those that die without telling.
  uint32_t recent_nodes_[kFreeNodes];
  GhostTable* ghost_tables_;
  GhostTable* free_ghost_tables_;
  // Tags of ghosts whose place their thread gave to others, or whose thread has ended: their nodes.
  AddressMap<RuntimePlatform> late_ghosts_;
  IndexSet chain_set_;
  IndexSet stack_set_;
  IndexSet string_set_;
  AddressMap<RuntimePlatform> addresses_;
  AddressMap<RuntimePlatform> handles_;
  AddressMap<RuntimePlatform> onces_;
  AddressMap<RuntimePlatform> barriers_;
  AddressMap<RuntimePlatform> barrier_sizes_;
  AddressMap<RuntimePlatform> semaphores_;
  AddressMap<RuntimePlatform> conditions_;  // the node of the mutex last waited with
  AddressMap<RuntimePlatform> levels_;      // by address: 1 + the level of a lock not yet seen
  std::atomic<bool> any_levels_;
  uint32_t last_barrier_;
  ThreadStart* free_starts_;
  Options options_;
  uint64_t parent_pid_;
  uint32_t parent_thread_;  // that forked, and its last segment before
  uint32_t parent_segment_;
  bool watched_;  // a watcher of our own was started
  uint32_t saved_holds_;
  SavedHold saved_[kHeldInline];
};

extern Recorder g_recorder __attribute__((visibility("hidden")));

// Marks this thread as inside the slow path, where it must not be entered again.
class SlowPath {
 public:
  explicit SlowPath(ThreadState& t) : t_(t), entered_(t.busy == 0) {
    ++t_.busy;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // Nothing more can be recorded after stop(): then nobody waits here for anybody.
    if (entered_ && !(g_recorder.ready(t) && g_recorder.recording())) entered_ = false;
    if (!entered_) return;
    store_word(t_.record->slow_paths, ++t_.slow_paths);
    if ((t_.slow_paths & 1023) == 0) g_recorder.flush_counters(t);
    if (HEDDLE_UNLIKELY(t.held_ghost != nullptr)) g_recorder.settle_ghost(t);
  }
  ~SlowPath() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    --t_.busy;
  }
  SlowPath(const SlowPath&) = delete;
  SlowPath& operator=(const SlowPath&) = delete;
  bool entered() const { return entered_; }

 private:
  const KeepErrno errno_;
  ThreadState& t_;
  bool entered_;
};

// What this thread holds, the `index`-th lock from outside.
HEDDLE_INLINE Held& held_at(ThreadState& t, uint32_t index) {
  return HEDDLE_LIKELY(index < kHeldInline) ? t.record->held[index]
                                            : t.overflow.held[index - kHeldInline];
}
HEDDLE_INLINE ChainWord& word_at(ThreadState& t, uint32_t index) {
  return HEDDLE_LIKELY(index < kHeldInline) ? t.words[index]
                                            : t.overflow.words[index - kHeldInline];
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_RECORDER_H_
