// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/recorder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>

#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/plain_mutex.h"
#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/signal_frame.h"
#include "checkers/lock_order/runtime/text.h"
#include "checkers/lock_order/runtime/thread_exit.h"
#include "checkers/lock_order/runtime/watcher.h"

extern char** environ;

namespace heddle::lock_order {

constinit Recorder g_recorder{};
constinit __thread ThreadState t_self{};
uint32_t g_tag_secret;

uint64_t monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

namespace {

const char* variable(const char* name) {
  const size_t size = strlen(name);
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    if (strncmp(*at, name, size) == 0 && (*at)[size] == '=') return *at + size + 1;
  }
  return nullptr;
}

void draw_secret() {
  uint32_t secret = 0;
  if (syscall(SYS_getrandom, &secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret)) {
    secret = static_cast<uint32_t>(mix(monotonic_now() ^ static_cast<uint64_t>(getpid())));
  }
  g_tag_secret = secret;
}

}  // namespace

void Recorder::initialize() {
  uint32_t expected = kUnknown;
  // Before libc has the environment nothing can be decided; those calls go unrecorded.
  if (environ == nullptr) return;
  if (!state_.compare_exchange_strong(expected, kInitializing, std::memory_order_acq_rel)) return;
  const KeepErrno keep;
  ++t_self.busy;
  resolve_real_functions();
  uint32_t next = kOff;
  if (getauxval(AT_SECURE) == 0) {
    const char* text = variable("HEDDLE_LOCKORDER_OPTIONS");
    options_ = Options();
    if (text != nullptr && parse_options(text, &options_) != 0) {
      (Text<200>() << "heddle: a value in HEDDLE_LOCKORDER_OPTIONS could not be read\n")
          .write_to(2);
    }
    if (options_.enabled) {
      draw_secret();
      find_plain_kind();
      install_thread_exit();
      next = kInitialized;
    }
  }
  state_.store(next, std::memory_order_release);
  --t_self.busy;
}

bool Recorder::open_graph() {
  char pattern[kPathBytes];
  if (options_.graph[0] != 0) {
    memcpy(pattern, options_.graph, sizeof(pattern));
  } else {
    const char* directory = variable("TMPDIR");
    Text<kPathBytes> text;
    text << (directory != nullptr && *directory != 0 ? directory : "/tmp")
         << "/heddle-lockorder.%p.graph";
    memcpy(pattern, text.c_str(), text.size() + 1);
  }
  char path[kPathBytes + 64];
  const bool opened = expand_path(pattern, static_cast<uint64_t>(getpid()), path, sizeof(path)) &&
                      file_.open(path, options_.limit_mb << 20) && nodes_.open(&file_) &&
                      chains_.open(&file_) && visits_.open(&file_) && frames_.open(&file_) &&
                      stacks_.open(&file_) && threads_.open(&file_) && events_.open(&file_) &&
                      modules_.open(&file_) && strings_.open(&file_);
  if (!opened) {
    (Text<700>() << "heddle: no lock graph can be recorded at " << path
                 << "; lock orders go unseen\n")
        .write_to(2);
    state_.store(kOff, std::memory_order_release);
    return false;
  }
  file_.header().parent_pid = parent_pid_;
  file_.header().parent_thread = parent_thread_;
  file_.header().parent_segment = parent_segment_;
  state_.store(kOpen, std::memory_order_release);
  spawn_watcher();
  return true;
}

void Recorder::spawn_watcher() {
  watched_ = start_watcher(options_, file_.path(), variable("HEDDLE_LOCKORDER_WATCHER"));
  if (watched_ && options_.halt_on_deadlock) install_end_signal();
}

void Recorder::stop() {
  if (state_.load(std::memory_order_relaxed) != kOpen) return;
  state_.store(kOff, std::memory_order_release);
  store_word(file_.header().stopped, 1U);
  (Text<700>() << "heddle: no memory or disk space left for the lock graph " << file_.path()
               << "; lock orders first seen from here on go unrecorded\n")
      .write_to(2);
}

bool Recorder::start_thread(ThreadState& t) {
  if (state_.load(std::memory_order_acquire) == kUnknown) initialize();
  switch (state_.load(std::memory_order_acquire)) {
    case kUnknown:
    case kInitializing:
      return false;
    case kOff:
      t.life = kThreadExited;
      return false;
    default:
      break;
  }
  const FutexLocker locker(lock_);
  const uint32_t state = state_.load(std::memory_order_relaxed);
  if (state != kOpen && (state != kInitialized || !open_graph())) return false;
  Thread* record = threads_.append();
  if (record == nullptr) {
    stop();
    return false;
  }
  record->tid = static_cast<uint32_t>(syscall(SYS_gettid));
  record->creator = t.creator;
  record->creator_segment = t.creator_segment;
  record->creator_chain = t.creator_chain;
  record->create_stack = t.create_stack;
  record->create_sequence = t.create_sequence;
  record->segment = t.segment = 1;
  record->alive = 1;
  prctl(PR_GET_NAME, record->name);
  t.id = threads_.publish();
  handles_.set(static_cast<uint64_t>(pthread_self()), t.id);
  t.life = kThreadRunning;
  t.record = record;
  watch_thread_exit();
  if (saved_holds_ != 0) restore_holds(t);
  if (t.creator != 0) {
    Event* event = events_.append();
    if (event != nullptr) {
      event->kind = kEventCreate;
      event->thread = t.creator;
      event->segment = t.creator_segment;
      event->other = t.id;
      event->other_segment = 1;
      event->chain = t.creator_chain;
      event->stack = t.create_stack;
      event->nanoseconds = monotonic_now();
      events_.publish();
    }
  }
  return true;
}

void Recorder::flush_counters(ThreadState& t) {
  if (t.record == nullptr) return;
  Header& header = file_.header();
  const uint64_t acquisitions = t.record->sequence;
  __atomic_fetch_add(&header.acquisitions, acquisitions - t.acquisitions, __ATOMIC_RELAXED);
  __atomic_fetch_add(&header.slow_paths, t.slow_paths - t.flushed_slow_paths, __ATOMIC_RELAXED);
  t.acquisitions = acquisitions;
  t.flushed_slow_paths = t.slow_paths;
}

void Recorder::end_thread(ThreadState& t) {
  if (t.record == nullptr) {
    t.life = kThreadExited;
    return;
  }
  ++t.busy;
  if (t.held_ghost != nullptr) settle_ghost(t);
  const uint32_t depth = t.record->depth;
  for (uint32_t i = 0; i < depth; ++i) {
    if (held_at(t, i).node == 0) continue;
    Event event{};
    event.kind = kEventExitHolding;
    event.node = held_at(t, i).node;
    add_event(t, event, nullptr);
  }
  end_ghosts(t);
  flush_counters(t);
  prctl(PR_GET_NAME, t.record->name);
  store_word(t.record->alive, 2U);
  t.record = nullptr;
  t.life = kThreadExited;
  t.chains.clear();
  memset(t.recent, 0, sizeof(t.recent));
  unmap_pages(t.stacks, sizeof(StackCache));
  t.stacks = nullptr;
  if (t.fork_holds != nullptr) {
    unmap_pages(t.fork_holds, sizeof(t.record->held));
    t.fork_holds = nullptr;
  }
  if (t.overflow.capacity != 0) {
    unmap_pages(t.overflow.held, t.overflow.capacity * sizeof(Held));
    unmap_pages(t.overflow.words, t.overflow.capacity * sizeof(ChainWord));
    t.overflow = HeldOverflow();
  }
  --t.busy;
}

void Recorder::add_event(ThreadState& t, Event event, const Call* call) {
  if (t.record == nullptr) return;
  event.thread = t.id;
  if (event.segment == 0) event.segment = t.segment;
  event.nanoseconds = monotonic_now();
  if (call != nullptr) {
    event.chain = held_chain(t, *call);
    event.stack = capture_stack(t, *call);
  }
  const FutexLocker locker(lock_);
  Event* record = recording() ? events_.append() : nullptr;
  if (record == nullptr) {
    stop();
    return;
  }
  if (event.kind != kEventBarrier && event.node != 0) refer_to(event.node);
  if (event.other_node != 0) refer_to(event.other_node);
  *record = event;
  events_.publish();
}

void Recorder::forking(ThreadState& t) {
  t.fork_depth = 0;
  if (t.record == nullptr || t.busy != 0) return;
  const uint32_t depth = t.record->depth < kHeldInline ? t.record->depth : kHeldInline;
  if (depth != 0 && t.fork_holds == nullptr) {
    t.fork_holds = static_cast<Held*>(map_pages(sizeof(t.record->held)));
  }
  if (t.fork_holds != nullptr) {
    memcpy(t.fork_holds, t.record->held, depth * sizeof(Held));
    t.fork_depth = depth;
  }
  const SlowPath slow(t);
  if (!slow.entered()) return;
  Event event{};
  event.kind = kEventFork;
  add_event(t, event, nullptr);
  next_segment(t);  // what comes now does not come before what the child does
}

// In the child of a fork: the graph belongs to the parent. The child opens its own when it first
// has something to record; what it holds comes with it.
void Recorder::forked(ThreadState& t) {
  lock_.reset();
  const uint32_t state = state_.load(std::memory_order_relaxed);
  if (state == kOpen) {
    saved_holds_ = 0;
    for (uint32_t i = 0; i < t.fork_depth; ++i) {
      if (t.fork_holds[i].node == 0) continue;
      // Those of fcntl() are the parent's alone; the other file locks are the open file's.
      if (nodes_.at(t.fork_holds[i].node).kind == kPosixFileLock) continue;
      SavedHold& saved = saved_[saved_holds_++];
      saved.held = t.fork_holds[i];
      saved.node = nodes_.at(saved.held.node);
    }
    parent_pid_ = file_.header().pid;
    parent_thread_ = t.id;
    parent_segment_ = t.segment == 0 ? 0 : t.segment - 1;
    file_.abandon();
    draw_secret();
    chain_set_.clear();
    stack_set_.clear();
    string_set_.clear();
    free_count_ = 0;
    memset(recent_nodes_, 0, sizeof(recent_nodes_));
    ghost_tables_ = nullptr;
    late_ghosts_.forget();
    addresses_.forget();
    handles_.forget();
    onces_.forget();
    barriers_.forget();
    semaphores_.forget();
    conditions_.forget();
    state_.store(kInitialized, std::memory_order_relaxed);
  }
  t.record = nullptr;
  t.life = kThreadNew;
  unmap_pages(t.ghosts, sizeof(GhostTable));
  t.ghosts = nullptr;
  t.held_ghost = nullptr;
  t.chains.clear();
  memset(t.recent, 0, sizeof(t.recent));
  unmap_pages(t.stacks, sizeof(StackCache));
  t.stacks = nullptr;
  t.creator = t.creator_segment = t.creator_chain = t.create_stack = 0;
  t.create_sequence = 0;
  t.acquisitions = 0;
  t.slow_paths = t.flushed_slow_paths = 0;
}

void Recorder::take_over_holds(ThreadState& t) {
  if (saved_holds_ == 0 || t.record != nullptr) return;
  const SlowPath slow(t);  // starts the thread
}

namespace {

// Under what an untagged lock is found.
uint64_t key_of(const Node& node) {
  const auto kind = static_cast<LockKind>(node.kind);
  if (kind == kFlock || kind == kOfdFileLock) return file_key(node.identity, kind);
  return kind >= kAnnotated ? node.address | kAnnotatedKey : node.address;
}

}  // namespace

void Recorder::restore_holds(ThreadState& t) {
  for (uint32_t i = 0; i < saved_holds_; ++i) {
    const Node& old = saved_[i].node;
    const uint32_t index =
        add_node(old.address, static_cast<LockKind>(old.kind), old.first_site, 0);
    if (index == 0) break;
    nodes_.at(index).identity = old.identity;
    void* address = reinterpret_cast<void*>(old.address);
    auto* mutex = static_cast<pthread_mutex_t*>(address);
    auto* rwlock = static_cast<pthread_rwlock_t*>(address);
    // Only this thread exists here, and it holds the lock: its tag can be rewritten.
    if (old.kind <= kMutexErrorcheck || old.kind == kMutexC11) {
      if (taggable(mutex)) {
        *chain_word(mutex) = 0;
        *tag_word(mutex) = make_tag(address, index);
      } else {
        addresses_.set(key_of(old), index);
      }
    } else if (old.kind >= kRwPreferReader && old.kind <= kRwPreferWriterNonrecursive &&
               taggable(rwlock)) {
      *tag_word(rwlock) = make_tag(address, index);
    } else {
      addresses_.set(key_of(old), index);
    }
    Held& held = t.record->held[i];
    held = saved_[i].held;
    held.node = index;
    held.sequence = kBeforeFork;
    t.words[i] = {0, 0};
    store_word(t.record->depth, i + 1);
  }
  saved_holds_ = 0;
}

bool Recorder::end_asked() {
  return file_.is_open() && file_.header().pid == static_cast<uint32_t>(getpid()) &&
         __atomic_load_n(&file_.header().watcher, __ATOMIC_ACQUIRE) == kWatcherEnds;
}

bool Recorder::exiting(int status) {
  const uint32_t state = state_.load(std::memory_order_acquire);
  if (!file_.is_open() || (state != kOpen && state != kOff)) return false;
  // Not the child of a vfork, which has this memory but is another process.
  if (file_.header().pid != static_cast<uint32_t>(getpid())) return false;
  const KeepErrno keep;
  ++t_self.busy;
  flush_counters(t_self);
  Header& header = file_.header();
  __atomic_store_n(&header.exited, 1U, __ATOMIC_RELEASE);
  const bool found = watched_ && wait_for_watcher(options_, header, file_.path());
  --t_self.busy;
  return found && status == 0 && options_.exitcode != 0;
}

}  // namespace heddle::lock_order
