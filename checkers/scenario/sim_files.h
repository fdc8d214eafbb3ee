// SPDX-License-Identifier: Apache-2.0
//
// Platform::Files in memory, for engines that decide how threads interleave. Threads play
// processes; every operation is one indivisible step before which the engine may switch; a process
// may be killed between any two steps.
//
// Hooks is the engine:
//   static void step(const char* operation, std::source_location)
//       once before each operation; the engine may switch threads in it. The operation then runs
//       without interruption.
//   static void wait(std::source_location)
//       the caller cannot go on before another thread does something
//   static int choose(int count)
//       a choice from [0, count), explored all ways
//   static int thread_index()
//       the caller; -1 (or out of range) in set-up and After()
// and calls reset() before each execution.
//
// What a scenario says, beside the operations of PlatformFiles:
//   arm_crash(i)      process i may be killed, once, before any of its operations, also before a
//                     step() of its own (at its exit it makes no difference). Its descriptors are
//                     closed, so that its flock and OFD locks go; it is not alive() any more;
//                     ProcessKilled unwinds its C++ code. Every operation of a dead process does
//                     nothing and returns -ESRCH: destructors may run.
//   run(body)         runs body as the calling thread's process: swallows ProcessKilled, and ends
//                     the process (closing its descriptors) when the body returns
//   step()            an operation that does nothing
//   exit()            ends the process before that, as _exit(2) does: destructors find it dead
//   respawn()         a new process with the caller's pid and a later start time
//   join(i)           waits until process i is dead; not a step of its own
//   put(), exists(), content(), names(), descriptors()   set-up and After(): no steps
//
// What is simulated: names, hard links, inodes that live while a name or a descriptor is left and
// whose numbers are then handed out again at once (as ext4 does), flock and OFD locks per open file
// description. A killed process loses nothing that it wrote: the page cache survives a process, so
// fsync() does nothing; power loss is not simulated. There is no fork, no dup, no signal, no
// directory but one. write() is one step although the kernel makes it several. Capacities are small
// and fixed; running out is -EMFILE or -ENOSPC.
#ifndef HEDDLE_CHECKERS_SCENARIO_SIM_FILES_H_
#define HEDDLE_CHECKERS_SCENARIO_SIM_FILES_H_

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "primitives/platform.h"

namespace heddle {

// Ends the code of a killed process. Only SimFiles throws it; only SimFiles::run() should catch it.
struct ProcessKilled {};

template <class Hooks>
class SimFiles {
  using Where = std::source_location;

 public:
  static constexpr int kMaxProcesses = 8;
  static constexpr std::int64_t kFirstPid = 1000;
  static constexpr std::uint64_t kFirstStart = 10;

  static void reset() { state_ = State{}; }

  static int open(const char* path, OpenMode mode, Where where = Where::current()) {
    if (!enter("open", where)) return -ESRCH;
    int inode = find(path);
    if (inode >= 0 && mode == OpenMode::kCreateExclusive) return -EEXIST;
    if (inode < 0 && mode == OpenMode::kRead) return -ENOENT;
    const int fd = free_descriptor();
    if (fd < 0) return -EMFILE;
    if (inode < 0) {
      inode = create(path, "");
      if (inode < 0) return -ENOSPC;
    }
    Descriptor& descriptor = me().descriptors[at(fd)];
    descriptor = Descriptor{};
    descriptor.inode = inode;
    descriptor.writable = mode != OpenMode::kRead;
    ++state_.inodes[at(inode)].opens;
    return fd;
  }

  static int close(int fd, Where where = Where::current()) {
    if (!enter("close", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    drop(me().descriptors[at(fd)]);
    return 0;
  }

  static int flock(int fd, LockMode mode, bool wait, Where where = Where::current()) {
    // A conversion gives the old lock up first, as the kernel does.
    return lock("flock", &Descriptor::flock, fd, mode, wait, true, where);
  }

  static int ofd_lock(int fd, LockMode mode, bool wait, Where where = Where::current()) {
    return lock("ofd_lock", &Descriptor::ofd, fd, mode, wait, false, where);
  }

  static int link(const char* from, const char* to, Where where = Where::current()) {
    if (!enter("link", where)) return -ESRCH;
    const int inode = find(from);
    if (inode < 0) return -ENOENT;
    if (find(to) >= 0) return -EEXIST;
    return add_name(to, inode);
  }

  static int rename(const char* from, const char* to, Where where = Where::current()) {
    if (!enter("rename", where)) return -ESRCH;
    const int inode = find(from);
    if (inode < 0) return -ENOENT;
    if (find(to) == inode) return 0;   // two names of one file: POSIX leaves both
    ++state_.inodes[at(inode)].links;  // not free while it moves
    remove_name(to);
    remove_name(from);
    --state_.inodes[at(inode)].links;
    return add_name(to, inode);
  }

  static int unlink(const char* path, Where where = Where::current()) {
    if (!enter("unlink", where)) return -ESRCH;
    return remove_name(path) ? 0 : -ENOENT;
  }

  static int stat(const char* path, FileId& id, Where where = Where::current()) {
    if (!enter("stat", where)) return -ESRCH;
    const int inode = find(path);
    if (inode < 0) return -ENOENT;
    id = identity(inode);
    return 0;
  }

  static int fstat(int fd, FileId& id, Where where = Where::current()) {
    if (!enter("fstat", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    id = identity(me().descriptors[at(fd)].inode);
    return 0;
  }

  static int read(int fd, char* buffer, std::size_t size, Where where = Where::current()) {
    if (!enter("read", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    const Text<kMaxContent>& content = inode_of(fd).content;
    const std::size_t count = std::min(size, content.size);
    std::copy_n(content.bytes.begin(), count, buffer);
    return static_cast<int>(count);
  }

  static int write(int fd, std::string_view bytes, Where where = Where::current()) {
    if (!enter("write", where)) return -ESRCH;
    if (!valid(fd) || !me().descriptors[at(fd)].writable) return -EBADF;
    return inode_of(fd).content.set(bytes) ? static_cast<int>(bytes.size()) : -ENOSPC;
  }

  static int fsync(int fd, Where where = Where::current()) {
    if (!enter("fsync", where)) return -ESRCH;
    return valid(fd) ? 0 : -EBADF;
  }

  static bool alive(ProcessId process, Where where = Where::current()) {
    if (!enter("alive", where)) return false;
    const std::int64_t index = process.pid - kFirstPid;
    if (index < 0 || index >= kMaxProcesses) return false;
    const Process& there = state_.processes[at(static_cast<int>(index))];
    return there.alive && (process.start == 0 || process.start == there.start);
  }

  // Constants of a process: no steps.
  static ProcessId self() { return process_id(index()); }
  static std::string_view host() { return "sim"; }

  // For scenarios.

  static void arm_crash(int process) { state_.processes[at(process)].armed = true; }

  template <class Body>
  static void run(Body body, Where where = Where::current()) {
    try {
      body();
      exit(where);
    } catch (const ProcessKilled&) {
      static_cast<void>(0);  // the process is gone; its thread goes on to the end of the scenario
    }
  }

  static void exit(Where where = Where::current()) {
    if (!me().alive) return;
    Hooks::step("exit", where);
    kill(me());
  }

  // Does nothing: a point where the process may lose the processor, or its life.
  static void step(const char* what = "work", Where where = Where::current()) {
    static_cast<void>(enter(what, where));
  }

  static void respawn(Where where = Where::current()) {
    Hooks::step("respawn", where);
    Process& process = me();
    kill(process);
    ++process.start;
    process.armed = false;
    process.alive = true;
  }

  static void join(int process, Where where = Where::current()) {
    while (state_.processes[at(process)].alive) Hooks::wait(where);
  }

  static ProcessId process_id(int process) {
    return {kFirstPid + process, state_.processes[at(process)].start};
  }

  // A process that was killed, rather than one that returned from run().
  static bool killed(int process) { return state_.processes[at(process)].killed; }

  static bool put(const char* path, std::string_view bytes) {
    remove_name(path);
    return create(path, bytes) >= 0;
  }

  static bool exists(const char* path) { return find(path) >= 0; }

  static std::string_view content(const char* path) {
    const int inode = find(path);
    return inode < 0 ? std::string_view() : state_.inodes[at(inode)].content.view();
  }

  static int names() {
    return static_cast<int>(std::count_if(state_.names.begin(), state_.names.end(),
                                          [](const Name& name) { return name.inode >= 0; }));
  }

  static int descriptors(int process) {
    const auto& all = state_.processes[at(process)].descriptors;
    return static_cast<int>(
        std::count_if(all.begin(), all.end(), [](const Descriptor& d) { return d.inode >= 0; }));
  }

 private:
  static constexpr std::size_t kMaxNames = 12;
  static constexpr std::size_t kMaxInodes = 16;
  static constexpr std::size_t kMaxDescriptors = 8;
  static constexpr std::size_t kMaxPath = 64;
  static constexpr std::size_t kMaxContent = 64;

  template <std::size_t kSize>
  struct Text {
    std::array<char, kSize> bytes{};
    std::size_t size = 0;

    bool set(std::string_view text) {
      if (text.size() > kSize) return false;
      std::copy(text.begin(), text.end(), bytes.begin());
      size = text.size();
      return true;
    }
    std::string_view view() const { return {bytes.data(), size}; }
  };

  struct Name {
    Text<kMaxPath> path;
    int inode = -1;  // -1: a free slot
  };

  // Free when links and opens are 0.
  struct Inode {
    int links = 0;
    int opens = 0;
    Text<kMaxContent> content;
  };

  struct Descriptor {
    int inode = -1;  // -1: closed
    bool writable = false;
    LockMode flock = LockMode::kUnlock;
    LockMode ofd = LockMode::kUnlock;
  };

  struct Process {
    bool alive = true;
    bool armed = false;
    bool killed = false;
    std::uint64_t start = kFirstStart;
    std::array<Descriptor, kMaxDescriptors> descriptors;
  };

  struct State {
    std::array<Name, kMaxNames> names;
    std::array<Inode, kMaxInodes> inodes;
    std::array<Process, kMaxProcesses + 1> processes;  // the last: set-up and After()
  };

  static inline State state_;

  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  static int index() {
    const int thread = Hooks::thread_index();
    return thread >= 0 && thread < kMaxProcesses ? thread : kMaxProcesses;
  }
  static Process& me() { return state_.processes[at(index())]; }

  // The step of an operation; false when the caller is dead.
  static bool enter(const char* operation, Where where) {
    if (!me().alive) return false;
    Hooks::step(operation, where);
    Process& process = me();
    if (process.armed && Hooks::choose(2) == 1) {
      kill(process);
      process.killed = true;
      throw ProcessKilled{};
    }
    return true;
  }

  static void kill(Process& process) {
    for (Descriptor& descriptor : process.descriptors) {
      if (descriptor.inode >= 0) drop(descriptor);
    }
    process.alive = false;
  }

  static void drop(Descriptor& descriptor) {
    --state_.inodes[at(descriptor.inode)].opens;
    descriptor = Descriptor{};
  }

  static bool valid(int fd) {
    return fd >= 0 && at(fd) < kMaxDescriptors && me().descriptors[at(fd)].inode >= 0;
  }
  static Inode& inode_of(int fd) { return state_.inodes[at(me().descriptors[at(fd)].inode)]; }

  static int free_descriptor() {
    const auto& all = me().descriptors;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].inode < 0) return static_cast<int>(i);
    }
    return -1;
  }

  static Name* lookup(std::string_view path) {
    for (Name& name : state_.names) {
      if (name.inode >= 0 && name.path.view() == path) return &name;
    }
    return nullptr;
  }
  static int find(std::string_view path) {
    const Name* name = lookup(path);
    return name == nullptr ? -1 : name->inode;
  }

  static int create(std::string_view path, std::string_view bytes) {
    for (std::size_t i = 0; i < kMaxInodes; ++i) {
      Inode& inode = state_.inodes[i];
      if (inode.links != 0 || inode.opens != 0) continue;
      inode = Inode{};
      if (!inode.content.set(bytes) || add_name(path, static_cast<int>(i)) < 0) return -1;
      return static_cast<int>(i);
    }
    return -1;
  }

  static int add_name(std::string_view path, int inode) {
    for (Name& name : state_.names) {
      if (name.inode >= 0) continue;
      if (!name.path.set(path)) return -ENAMETOOLONG;
      name.inode = inode;
      ++state_.inodes[at(inode)].links;
      return 0;
    }
    return -ENOSPC;
  }

  static bool remove_name(std::string_view path) {
    Name* name = lookup(path);
    if (name == nullptr) return false;
    --state_.inodes[at(name->inode)].links;
    name->inode = -1;
    return true;
  }

  static FileId identity(int inode) {
    return {1, static_cast<std::uint64_t>(inode) + 1,
            static_cast<std::uint32_t>(state_.inodes[at(inode)].links)};
  }

  static bool conflicts(LockMode a, LockMode b) {
    if (a == LockMode::kUnlock || b == LockMode::kUnlock) return false;
    return a == LockMode::kExclusive || b == LockMode::kExclusive;
  }

  static bool grantable(LockMode Descriptor::* kind, const Descriptor& mine, LockMode mode) {
    for (const Process& process : state_.processes) {
      for (const Descriptor& other : process.descriptors) {
        if (&other != &mine && other.inode == mine.inode && conflicts(other.*kind, mode)) {
          return false;
        }
      }
    }
    return true;
  }

  static int lock(const char* operation, LockMode Descriptor::* kind, int fd, LockMode mode,
                  bool wait, bool drops_first, Where where) {
    if (!enter(operation, where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    Descriptor& mine = me().descriptors[at(fd)];
    if (kind == &Descriptor::ofd && mode == LockMode::kExclusive && !mine.writable) return -EBADF;
    if (drops_first) mine.*kind = LockMode::kUnlock;
    while (!grantable(kind, mine, mode)) {
      if (!wait) return -EAGAIN;
      Hooks::wait(where);
    }
    mine.*kind = mode;
    return 0;
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_FILES_H_
