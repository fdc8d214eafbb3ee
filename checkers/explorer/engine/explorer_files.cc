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

// The location that stands for the file system: how many operations there were.
std::uint64_t operations;

// Where the scenario called the operation that is about to begin. No thread is switched in between.
explorer::Site caller;

// What the thread has seen of `operations`.
thread_local std::uint64_t seen;

struct Hooks {
  static void step(const char* operation, std::source_location /*where*/) {
    if (!explorer::Exploring()) return;
    seen =
        Call(operation, caller).Modify(&operations, Rmw::kAdd, std::uint64_t{1}, Order::kAcqRel) +
        1;
  }

  // One read that takes any state but the one that was not good enough.
  static void wait(std::source_location /*where*/) {
    AdmitsIf other([last = seen](Value value) { return value != last; });
    seen = Call("wait for a file operation", caller, "await")
               .Modify(&operations, Rmw::kOr, std::uint64_t{0}, Order::kAcqRel, &other);
  }

  static int choose(int count) { return Call("choose", caller).Choose(count); }

  static int thread_index() { return explorer_engine::current_thread; }
};

using Files = SimFiles<Hooks>;

}  // namespace

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
void ExplorerFiles::join(int process) { HEDDLE_FORWARD(join(process)); }
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
