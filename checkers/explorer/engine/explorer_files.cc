// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/engine/explorer_files.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "checkers/explorer/engine/explorer_platform.h"
#include "checkers/explorer/engine/run_state.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/scenario/sim_cells.h"
#include "checkers/scenario/sim_file_state.h"
#include "checkers/scenario/sim_files.h"

namespace heddle {
namespace {

using explorer::AdmitsIf;
using explorer::Call;
using explorer::Order;
using explorer::Rmw;
using explorer::Value;

// Where the scenario called the operation that the thread is in, and which it is.
thread_local explorer::Site caller;
thread_local const char* operation = "";

// explorer_engine::files_in_turns: the lock of all files. Odd: held; free, it is twice the number
// of operations so far.
SimWord turn;
thread_local SimWord left;  // as the thread has left it
thread_local bool has_turn;
thread_local bool has_waited;  // it has only looked since it got it

void TakeTurn(explorer::Admits& admits, const char* waits_for) {
  left = Call(operation, caller, waits_for)
             .Modify(&turn, Rmw::kAdd, SimWord{1}, Order::kAcquire, &admits);
  has_turn = true;
  has_waited = false;
}

void EndTurn(SimWord value) {
  has_turn = false;
  left = value;
  Call("end of a file operation", caller).Store(&turn, value, Order::kRelease);
}

// What the processes have seen: a hash of each one's results.
std::array<std::uint64_t, explorer_engine::kMostThreads> histories;

void Note(std::uint64_t seen) {
  const int process = explorer_engine::current_thread;
  if (process < 0) return;
  std::uint64_t& history = histories[static_cast<std::size_t>(process)];
  history = (history ^ seen) * 0x9e3779b97f4a7c15U;
  history ^= history >> 29;
}

bool InTurns() { return explorer_engine::files_in_turns; }

// A word's bit that says that an operation holds it. Who comes meanwhile waits; so does who only
// looks: what he would see need not last.
constexpr SimWord kHeld = 1;

struct Hooks {
  static void step(const char* what, std::source_location /*where*/) {
    operation = what;
    if (!explorer::Exploring() || !InTurns()) return;
    if (has_turn) EndTurn(left + 2);
    AdmitsIf is_free([](Value value) { return value % 2 == 0; });
    TakeTurn(is_free, "mutex");
  }

  // In turns only. Takes any state but the one that was not good enough. Looking changes nothing,
  // so that two who wait do not wake each other.
  static void wait(std::source_location /*where*/) {
    if (has_turn) EndTurn(has_waited ? left : left + 2);
    AdmitsIf other([last = left](Value value) { return value % 2 == 0 && value != last; });
    TakeTurn(other, "await");
    has_waited = true;
  }

  static int choose(int count) { return Call("choose", caller).Choose(count); }

  static int thread_index() { return explorer_engine::current_thread; }

  // All in the one order of sequential consistency, in which operations on one word take place
  // where their one event is, and those on several where they have got the last of them.
  struct Cells {
    using Plain = PlainCells<Hooks>;
    static constexpr std::size_t kNames = 4096;

    static bool plain() { return !explorer::Exploring() || InTurns(); }
    static Call call(const char* waits_for = "mutex") { return {operation, caller, waits_for}; }
    static bool free(Value value) { return (static_cast<SimWord>(value) & kHeld) == 0; }

    static SimWord read(const SimWord& cell) {
      if (plain()) return Plain::read(cell);
      AdmitsIf is_free(&free);
      return call().Load(&cell, Order::kSeqCst, &is_free);
    }
    static SimWord modify(SimWord& cell, Rmw rmw, SimWord operand) {
      AdmitsIf is_free(&free);
      return call().Modify(&cell, rmw, operand, Order::kSeqCst, &is_free);
    }
    static SimWord add(SimWord& cell, SimWord delta) {
      return plain() ? Plain::add(cell, delta) : modify(cell, Rmw::kAdd, delta);
    }
    static void remove(SimWord& cell, SimWord bits) {
      if (plain()) return Plain::remove(cell, bits);
      modify(cell, Rmw::kAnd, ~bits);
    }
    static bool replace(SimWord& cell, SimWord expected, SimWord value) {
      if (plain()) return Plain::replace(cell, expected, value);
      AdmitsIf is_free(&free);
      return call().CompareExchange(&cell, expected, value, Order::kSeqCst, Order::kSeqCst,
                                    &is_free);
    }
    static SimWord hold(SimWord& cell) {
      return plain() ? Plain::hold(cell) : modify(cell, Rmw::kOr, kHeld);
    }
    static bool hold_if(SimWord& cell, SimWord expected) {
      return plain() ? Plain::hold_if(cell, expected) : replace(cell, expected, expected | kHeld);
    }
    static void put(SimWord& cell, SimWord value) {
      if (plain()) return Plain::put(cell, value);
      call().Store(&cell, value, Order::kSeqCst);
    }
    template <class May>
    static void wait_until(const SimWord& cell, May may, std::source_location where) {
      if (plain()) return Plain::wait_until(cell, may, where);
      AdmitsIf admits(
          [&may](Value value) { return free(value) && may(static_cast<SimWord>(value)); });
      call("await").Load(&cell, Order::kSeqCst, &admits);
    }
    template <class May>
    static void take(SimWord& cell, May may, SimWord bits, std::source_location where) {
      if (plain()) return Plain::take(cell, may, bits, where);
      AdmitsIf admits(
          [&may](Value value) { return free(value) && may(static_cast<SimWord>(value)); });
      call("await").Modify(&cell, Rmw::kOr, bits, Order::kSeqCst, &admits);
    }
  };
};

using Files = SimFiles<Hooks>;
static_assert(ExplorerFiles::kFirstPid == Files::kFirstPid &&
              ExplorerFiles::kFirstStart == Files::kFirstStart);

}  // namespace

void explorer_engine::EndFileOperation() {
  if (has_turn) EndTurn(left + 2);
}

std::uint64_t explorer_engine::FilesDigest() {
  std::uint64_t digest = Files::digest();
  for (const std::uint64_t history : histories) digest = digest * 0x100000001b3U ^ history;
  return digest;
}

#define HEDDLE_FORWARD(call) \
  do {                       \
    caller = HEDDLE_CALLER;  \
    return Files::call;      \
  } while (false)
// The same, of what a process learns something by.
#define HEDDLE_FORWARD_RESULT(call)           \
  do {                                        \
    caller = HEDDLE_CALLER;                   \
    const auto result = Files::call;          \
    Note(static_cast<std::uint64_t>(result)); \
    return result;                            \
  } while (false)

int ExplorerFiles::open(const char* path, OpenMode mode) {
  HEDDLE_FORWARD_RESULT(open(path, mode));
}
int ExplorerFiles::close(int fd) { HEDDLE_FORWARD_RESULT(close(fd)); }
int ExplorerFiles::flock(int fd, LockMode mode, bool wait) {
  HEDDLE_FORWARD_RESULT(flock(fd, mode, wait));
}
int ExplorerFiles::ofd_lock(int fd, LockMode mode, bool wait) {
  HEDDLE_FORWARD_RESULT(ofd_lock(fd, mode, wait));
}
int ExplorerFiles::link(const char* from, const char* to) { HEDDLE_FORWARD_RESULT(link(from, to)); }
int ExplorerFiles::rename(const char* from, const char* to) {
  HEDDLE_FORWARD_RESULT(rename(from, to));
}
int ExplorerFiles::unlink(const char* path) { HEDDLE_FORWARD_RESULT(unlink(path)); }
int ExplorerFiles::stat(const char* path, FileId& id) {
  caller = HEDDLE_CALLER;
  const int result = Files::stat(path, id);
  Note(result < 0 ? static_cast<std::uint64_t>(result) : id.inode);
  return result;
}
int ExplorerFiles::fstat(int fd, FileId& id) {
  caller = HEDDLE_CALLER;
  const int result = Files::fstat(fd, id);
  Note(result < 0 ? static_cast<std::uint64_t>(result) : id.inode);
  return result;
}
int ExplorerFiles::read(int fd, char* buffer, std::size_t size) {
  caller = HEDDLE_CALLER;
  const int result = Files::read(fd, buffer, size);
  Note(result < 0 ? static_cast<std::uint64_t>(result)
                  : sim_files::HashOf({buffer, static_cast<std::size_t>(result)}));
  return result;
}
int ExplorerFiles::write(int fd, std::string_view bytes) {
  HEDDLE_FORWARD_RESULT(write(fd, bytes));
}
int ExplorerFiles::fsync(int fd) { HEDDLE_FORWARD_RESULT(fsync(fd)); }
bool ExplorerFiles::alive(ProcessId process) { HEDDLE_FORWARD_RESULT(alive(process)); }
ProcessId ExplorerFiles::self() { return Files::self(); }
std::string_view ExplorerFiles::host() { return Files::host(); }

void ExplorerFiles::arm_crash(int process) { Files::arm_crash(process); }
void ExplorerFiles::exit() { HEDDLE_FORWARD(exit()); }
bool ExplorerFiles::BeginExit() { HEDDLE_FORWARD(begin_exit({})); }
void ExplorerFiles::End() { HEDDLE_FORWARD(end()); }
void ExplorerFiles::step(const char* what) { HEDDLE_FORWARD(step(what)); }
void ExplorerFiles::respawn() { HEDDLE_FORWARD(respawn()); }
void ExplorerFiles::join(int process) {
  caller = HEDDLE_CALLER;
  // In turns the first look is at a state that the order of the steps determines, too.
  if (!has_turn) Hooks::step("join", {});
  operation = "join";
  Files::join(process);
}
void ExplorerFiles::await(const Count& count) {
  caller = HEDDLE_CALLER;
  if (!has_turn) Hooks::step("await", {});
  operation = "await";
  Files::await(count.cell_, {});
}
ExplorerFiles::Count::Count(int value) : cell_(sim_files::FromCount(value)) { Files::note(cell_); }
int ExplorerFiles::Count::add(int delta) {
  operation = "count";
  HEDDLE_FORWARD(add(cell_, delta));
}
int ExplorerFiles::Count::get() const {
  operation = "count";
  HEDDLE_FORWARD(get(cell_));
}
ProcessId ExplorerFiles::process_id(int process) { return Files::process_id(process); }
bool ExplorerFiles::killed(int process) { return Files::killed(process); }
bool ExplorerFiles::put(const char* path, std::string_view bytes) {
  HEDDLE_FORWARD(put(path, bytes));
}
bool ExplorerFiles::exists(const char* path) { HEDDLE_FORWARD(exists(path)); }
std::string_view ExplorerFiles::content(const char* path) { HEDDLE_FORWARD(content(path)); }
int ExplorerFiles::names() { HEDDLE_FORWARD(names()); }
int ExplorerFiles::descriptors(int process) { return Files::descriptors(process); }

}  // namespace heddle
