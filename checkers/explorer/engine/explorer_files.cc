// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/engine/explorer_files.h"

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "checkers/explorer/engine/explorer_platform.h"
#include "checkers/explorer/engine/run_state.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/scenario/sim_files.h"

namespace heddle {
namespace {

using explorer::AdmitsIf;
using explorer::Call;
using explorer::Order;
using explorer::Rmw;
using explorer::Value;

// The lock of the file system. Odd: held; free, it is twice the number of operations so far.
std::uint64_t turn;

// Where the scenario called the operation that is about to begin. No thread is switched in between.
explorer::Site caller;

// The lock as the thread has left it, and whether it has it now.
thread_local std::uint64_t left;
thread_local bool holding;
// It has only looked since it got it.
thread_local bool waited;

// Since the thread has yielded: the lock as its first operation found it, and how many it has done.
thread_local std::uint64_t found;
thread_local std::uint64_t operations;
// It has yielded after a turn in which no other thread did anything: the next would be the same.
thread_local bool idle;

void Enter(const char* operation, explorer::Admits& admits, const char* waits_for) {
  left = Call(operation, caller, waits_for)
             .Modify(&turn, Rmw::kAdd, std::uint64_t{1}, Order::kAcquire, &admits);
  if (operations++ == 0) found = left;
  holding = true;
  waited = false;
}

void Leave(std::uint64_t value) {
  holding = false;
  left = value;
  Call("end of a file operation", caller).Store(&turn, value, Order::kRelease);
}

struct Hooks {
  static void step(const char* operation, std::source_location /*where*/) {
    if (!explorer::Exploring()) return;
    if (holding) Leave(left + 2);
    if (idle) {
      idle = false;
      AdmitsIf changed([last = left](Value value) { return value % 2 == 0 && value != last; });
      return Enter(operation, changed, "await");
    }
    AdmitsIf is_free([](Value value) { return value % 2 == 0; });
    Enter(operation, is_free, "mutex");
  }

  // Takes any state but the one that was not good enough. Looking changes nothing, so that two who
  // wait do not wake each other.
  static void wait(std::source_location /*where*/) {
    if (holding) Leave(waited ? left : left + 2);
    AdmitsIf other([last = left](Value value) { return value % 2 == 0 && value != last; });
    Enter("wait for a file operation", other, "await");
    waited = true;
  }

  static int choose(int count) { return Call("choose", caller).Choose(count); }

  static int thread_index() { return explorer_engine::current_thread; }
};

using Files = SimFiles<Hooks>;
static_assert(ExplorerFiles::kFirstPid == Files::kFirstPid &&
              ExplorerFiles::kFirstStart == Files::kFirstStart);

}  // namespace

void explorer_engine::Yield() {
  if (holding) Leave(left + 2);
  idle = operations != 0 && left == found + 2 * operations;
  operations = 0;
}

void explorer_engine::EndFileOperation() {
  if (holding) Leave(left + 2);
}

#define HEDDLE_FORWARD(call) \
  do {                       \
    caller = HEDDLE_CALLER;  \
    return Files::call;      \
  } while (false)

int ExplorerFiles::open(const char* path, OpenMode mode) { HEDDLE_FORWARD(open(path, mode)); }
int ExplorerFiles::close(int fd) { HEDDLE_FORWARD(close(fd)); }
int ExplorerFiles::flock(int fd, LockMode mode, bool wait) {
  HEDDLE_FORWARD(flock(fd, mode, wait));
}
int ExplorerFiles::ofd_lock(int fd, LockMode mode, bool wait) {
  HEDDLE_FORWARD(ofd_lock(fd, mode, wait));
}
int ExplorerFiles::link(const char* from, const char* to) { HEDDLE_FORWARD(link(from, to)); }
int ExplorerFiles::rename(const char* from, const char* to) { HEDDLE_FORWARD(rename(from, to)); }
int ExplorerFiles::unlink(const char* path) { HEDDLE_FORWARD(unlink(path)); }
int ExplorerFiles::stat(const char* path, FileId& id) { HEDDLE_FORWARD(stat(path, id)); }
int ExplorerFiles::fstat(int fd, FileId& id) { HEDDLE_FORWARD(fstat(fd, id)); }
int ExplorerFiles::read(int fd, char* buffer, std::size_t size) {
  HEDDLE_FORWARD(read(fd, buffer, size));
}
int ExplorerFiles::write(int fd, std::string_view bytes) { HEDDLE_FORWARD(write(fd, bytes)); }
int ExplorerFiles::fsync(int fd) { HEDDLE_FORWARD(fsync(fd)); }
bool ExplorerFiles::alive(ProcessId process) { HEDDLE_FORWARD(alive(process)); }
ProcessId ExplorerFiles::self() { return Files::self(); }
std::string_view ExplorerFiles::host() { return Files::host(); }

void ExplorerFiles::arm_crash(int process) { Files::arm_crash(process); }
void ExplorerFiles::exit() { HEDDLE_FORWARD(exit()); }
void ExplorerFiles::step(const char* what) { HEDDLE_FORWARD(step(what)); }
void ExplorerFiles::respawn() { HEDDLE_FORWARD(respawn()); }
void ExplorerFiles::join(int process) {
  caller = HEDDLE_CALLER;
  // The first look is at a state that the order of the steps determines, too.
  if (!holding) Hooks::step("join", {});
  Files::join(process);
}
ProcessId ExplorerFiles::process_id(int process) { return Files::process_id(process); }
bool ExplorerFiles::killed(int process) { return Files::killed(process); }
bool ExplorerFiles::put(const char* path, std::string_view bytes) {
  return Files::put(path, bytes);
}
bool ExplorerFiles::exists(const char* path) { return Files::exists(path); }
std::string_view ExplorerFiles::content(const char* path) { return Files::content(path); }
int ExplorerFiles::names() { return Files::names(); }
int ExplorerFiles::descriptors(int process) { return Files::descriptors(process); }

}  // namespace heddle
