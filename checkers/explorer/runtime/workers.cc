// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/workers.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "checkers/explorer/runtime/code_scan.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/monotonic.h"
#include "checkers/explorer/runtime/signals.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kTextSize = std::size_t{64} << 20;
constexpr std::size_t kMessageSize = 1024;
constexpr long kTickNanoseconds = 20'000'000;
// How long workers have to see that they are to stop. One whose program does nothing that the
// runtime sees never does.
constexpr double kGraceSeconds = 2;

Workers* g_current;

void* MapShared(std::size_t size) {
  void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) Fatal("out of memory for workers");
  return mapped;
}

void Copy(char* to, std::size_t size, const std::string& text) {
  const std::size_t length = std::min(text.size(), size - 1);
  memcpy(to, text.data(), length);
  to[length] = 0;
}

// The only instructions of their kind here (code_scan.h).
HEDDLE_UNSCANNED std::uint32_t Add(std::atomic<std::uint32_t>& number, std::uint32_t more) {
  return number.fetch_add(more);
}
HEDDLE_UNSCANNED bool Replace(std::atomic<std::uint32_t>& number, std::uint32_t old,
                              std::uint32_t by) {
  return number.compare_exchange_strong(old, by);
}
HEDDLE_UNSCANNED bool Replace(std::atomic<std::uint64_t>& number, std::uint64_t old,
                              std::uint64_t by) {
  return number.compare_exchange_strong(old, by);
}
template <typename T>
void Set(std::atomic<T>& variable, T value) {
  variable.store(value, std::memory_order_release);
}

struct AtomicProgress {
  std::atomic<std::uint64_t> complete;
  std::atomic<std::uint64_t> blocked;
  std::atomic<std::uint64_t> dropped;
  std::atomic<std::uint64_t> events;
  std::atomic<double> done;
  std::atomic<int> threads;
  std::atomic<std::uint64_t> pieces;
  std::atomic<std::uint64_t> executions;
  std::atomic<bool> left_out;

  void Set(const Progress& progress) {
    complete.store(progress.counts.complete, std::memory_order_relaxed);
    blocked.store(progress.counts.blocked, std::memory_order_relaxed);
    dropped.store(progress.counts.dropped, std::memory_order_relaxed);
    events.store(progress.counts.events, std::memory_order_relaxed);
    done.store(progress.done, std::memory_order_relaxed);
    threads.store(progress.threads, std::memory_order_relaxed);
    pieces.store(progress.pieces, std::memory_order_relaxed);
    executions.store(progress.executions, std::memory_order_relaxed);
    left_out.store(progress.left_out, std::memory_order_relaxed);
  }
  void AddTo(Progress& total) const {
    total.counts.complete += complete.load(std::memory_order_relaxed);
    total.counts.blocked += blocked.load(std::memory_order_relaxed);
    total.counts.dropped += dropped.load(std::memory_order_relaxed);
    total.counts.events += events.load(std::memory_order_relaxed);
    total.done += done.load(std::memory_order_relaxed);
    total.pieces += pieces.load(std::memory_order_relaxed);
    total.executions += executions.load(std::memory_order_relaxed);
    total.left_out = total.left_out || left_out.load(std::memory_order_relaxed);
    total.threads = std::max(total.threads, threads.load(std::memory_order_relaxed));
  }
};

}  // namespace

// A worker. The maker of the workers takes what an ended one has done to the total.
struct Workers::Slot {
  enum State : std::uint32_t { kFree, kWorks, kEnded };
  std::atomic<std::uint32_t> state;
  std::atomic<pid_t> process;
  std::atomic<int> piece;
  AtomicProgress progress;
};

struct Workers::Shared {
  std::atomic<std::uint32_t> ends;  // of workers; a futex
  std::atomic<std::uint32_t> cause;
  std::atomic<bool> told;  // the texts are written
  std::atomic<std::uint32_t> works;
  std::atomic<std::uint32_t> next_piece;
  std::atomic<std::uint64_t> executions;  // that may still be
  std::atomic<std::uint32_t> cut;
  std::atomic<bool> cut_told;
  std::uint32_t jobs;
  bool bounded;
  std::size_t text_size;
  Progress total;  // of workers that have ended; only the maker's
  char verdict[32];
  char message[kMessageSize];
  char cut_reason[kMessageSize];
  std::uintptr_t cut_loop;
  Slot slots[];
};

Workers::Workers(int jobs, std::uint64_t executions)
    // One that has ended keeps its slot until that has been seen.
    : slots_(static_cast<std::size_t>(jobs) * 4), parent_(getpid()) {
  shared_ = new (MapShared(sizeof(Shared) + slots_ * sizeof(Slot))) Shared();
  text_ = static_cast<char*>(MapShared(kTextSize));
  shared_->jobs = static_cast<std::uint32_t>(jobs);
  shared_->bounded = executions != 0;
  Set(shared_->executions, executions);
  g_current = this;
}

Workers::~Workers() {
  munmap(shared_, sizeof(Shared) + slots_ * sizeof(Slot));
  munmap(text_, kTextSize);
  g_current = nullptr;
}

Workers* Workers::current() { return g_current; }

int Workers::Claim() {
  std::uint32_t works;
  do {
    works = shared_->works.load();
    if (works >= shared_->jobs) return -1;
  } while (!Replace(shared_->works, works, works + 1));
  for (std::size_t i = 0; i < slots_; ++i) {
    Slot& slot = shared_->slots[i];
    if (!Replace(slot.state, Slot::kFree, Slot::kWorks)) continue;
    Set(slot.process, 0);
    Set(slot.piece, -1);
    slot.progress.Set({});
    return static_cast<int>(i);
  }
  Add(shared_->works, -1U);
  return -1;
}

pid_t Workers::Clone() const {
  fflush(nullptr);
  const unsigned long flags = SIGCHLD | (IsWorker() ? CLONE_PARENT : 0U);
  return static_cast<pid_t>(syscall(SYS_clone, flags, 0, 0, 0, 0));
}

void Workers::BecomeWorker(int slot) {
  slot_ = slot;
  Set(shared_->slots[slot].process, getpid());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  SignalHandlers::StartClock();
  if (getppid() != parent_) _exit(1);
}

pid_t Workers::Start(const std::function<void()>& work) {
  const int slot = Claim();
  const pid_t process = Clone();
  if (process < 0) Fatal("cannot start a worker: %s", strerror(errno));
  if (process == 0) {
    BecomeWorker(slot);
    work();
    End();
  }
  Set(shared_->slots[slot].process, process);
  return process;
}

bool Workers::Fork(bool& first) {
  const int slot = Claim();
  if (slot < 0) return false;
  const pid_t process = Clone();
  if (process < 0) {  // then it goes on alone
    Set(shared_->slots[slot].state, std::uint32_t{Slot::kFree});
    Add(shared_->works, -1U);
    return false;
  }
  first = process != 0;
  if (first) {
    Set(shared_->slots[slot].process, process);
  } else {
    const int piece = shared_->slots[slot_].piece.load();
    BecomeWorker(slot);
    SetPiece(piece);
  }
  return true;
}

void Workers::End() {
  fflush(nullptr);
  Set(shared_->slots[slot_].state, std::uint32_t{Slot::kEnded});
  Add(shared_->works, -1U);
  Add(shared_->ends, 1);
  syscall(SYS_futex, &shared_->ends, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  _exit(0);
}

void Workers::KillAll() {
  for (std::size_t i = 0; i < slots_; ++i) {
    const Slot& slot = shared_->slots[i];
    const pid_t process = slot.process.load();
    if (slot.state.load() == Slot::kWorks && process > 0) kill(process, SIGKILL);
  }
}

// Some worker has nothing left to do but to end.
bool Workers::SomeEnds() const {
  return std::any_of(shared_->slots, shared_->slots + slots_, [](const Slot& slot) {
    return slot.state.load() == Slot::kEnded && slot.process.load() > 0;
  });
}

// False: none is left.
bool Workers::Reap(const std::function<std::string(int)>& piece_name) {
  for (;;) {
    int status = 0;
    const pid_t process = waitpid(-1, &status, SomeEnds() ? 0 : WNOHANG);
    if (process == 0) return true;
    if (process < 0) {
      if (errno == EINTR) continue;
      break;
    }
    for (std::size_t i = 0; i < slots_; ++i) {
      Slot& slot = shared_->slots[i];
      if (slot.process.load() != process || slot.state.load() == Slot::kFree) continue;
      slot.progress.AddTo(shared_->total);
      Set(slot.process, 0);
      const bool died = slot.state.load() == Slot::kWorks;
      Set(slot.state, std::uint32_t{Slot::kFree});
      if (!died) break;
      Add(shared_->works, -1U);
      std::string how = "ended with status " + std::to_string(WEXITSTATUS(status));
      if (WIFSIGNALED(status)) {
        how = "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
              strsignal(WTERMSIG(status)) + ")";
      }
      StopAll(Cause::kCrashed, "",
              "a worker (process " + std::to_string(process) + ") " + how +
                  " and left its part unexplored: " + piece_name(slot.piece.load()),
              "");
      break;
    }
  }
  // Whoever has ended unseen.
  for (std::size_t i = 0; i < slots_; ++i) {
    Slot& slot = shared_->slots[i];
    if (slot.state.load() == Slot::kFree) continue;
    slot.progress.AddTo(shared_->total);
    const bool died = slot.state.load() == Slot::kWorks;
    Set(slot.state, std::uint32_t{Slot::kFree});
    if (died) {
      StopAll(Cause::kCrashed, "", "a worker is lost: " + piece_name(slot.piece.load()), "");
    }
  }
  return false;
}

void Workers::Await(const std::function<void()>& tick,
                    const std::function<std::string(int)>& piece_name) {
  double stopped = 0;
  for (;;) {
    const std::uint32_t ends = shared_->ends.load();
    if (!Reap(piece_name)) return;
    if (cause() != Cause::kNone) {
      const double now = Now();
      if (stopped == 0) stopped = now;
      if (now > stopped + kGraceSeconds) KillAll();
    } else {
      tick();
    }
    const timespec timeout = {.tv_sec = 0, .tv_nsec = kTickNanoseconds};
    syscall(SYS_futex, &shared_->ends, FUTEX_WAIT, ends, &timeout, nullptr, 0);
  }
}

Progress Workers::Total() const {
  Progress total = shared_->total;
  for (std::size_t i = 0; i < slots_; ++i) {
    const Slot& slot = shared_->slots[i];
    if (slot.state.load() != Slot::kFree) slot.progress.AddTo(total);
  }
  return total;
}

bool Workers::Hungry(int pieces) const {
  return shared_->next_piece.load(std::memory_order_relaxed) >=
             static_cast<std::uint32_t>(pieces) &&
         shared_->works.load(std::memory_order_relaxed) < shared_->jobs;
}

void Workers::SetPiece(int piece) { Set(shared_->slots[slot_].piece, piece); }
void Workers::Report(const Progress& progress) { shared_->slots[slot_].progress.Set(progress); }

void Workers::StopAll(Cause cause, const char* verdict, const std::string& message,
                      const std::string& text) {
  if (!Replace(shared_->cause, 0, static_cast<std::uint32_t>(cause))) return;
  Copy(shared_->verdict, sizeof shared_->verdict, verdict);
  Copy(shared_->message, sizeof shared_->message, message);
  if (text.size() < kTextSize) {
    memcpy(text_, text.data(), text.size());
    shared_->text_size = text.size();
  }
  Set(shared_->told, true);
}

Cause Workers::cause() const {
  return static_cast<Cause>(shared_->cause.load(std::memory_order_relaxed));
}
int Workers::NextPiece() { return static_cast<int>(Add(shared_->next_piece, 1)); }

bool Workers::TakeExecution() {
  if (!shared_->bounded) return true;
  std::uint64_t left;
  do {
    left = shared_->executions.load();
    if (left == 0) return false;
  } while (!Replace(shared_->executions, left, left - 1));
  return true;
}

void Workers::ReturnExecution() {
  if (!shared_->bounded) return;
  std::uint64_t left;
  do {
    left = shared_->executions.load();
  } while (!Replace(shared_->executions, left, left + 1));
}

void Workers::NoteCut(const CutBy& cut) {
  if (cut.why.empty() || !Replace(shared_->cut, 0, 1)) return;
  Copy(shared_->cut_reason, sizeof shared_->cut_reason, cut.why);
  shared_->cut_loop = cut.loop;
  Set(shared_->cut_told, true);
}

std::string Workers::Verdict() const { return shared_->told.load() ? shared_->verdict : ""; }
std::string Workers::Message() const { return shared_->told.load() ? shared_->message : ""; }
std::string Workers::Text() const {
  return shared_->told.load() ? std::string(text_, shared_->text_size) : "";
}
CutBy Workers::Cut() const {
  if (shared_->cut.load() == 0) return {};
  if (!shared_->cut_told.load()) return {.why = "something was cut"};
  return {.why = shared_->cut_reason, .loop = shared_->cut_loop};
}

}  // namespace heddle::explorer
