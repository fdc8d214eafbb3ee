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
// and calls reset() before each execution. An engine that is to know which operations touch the
// same objects has Cells, too (sim_cells.h); then the operation is indivisible because it has all
// objects that it touches at one moment, and others may be going on.
//
// What a scenario says, beside the operations of PlatformFiles:
//   arm_crash(i)      process i may be killed, once, before any of its operations in run(), also
//                     before a step() of its own (at its exit it makes no difference). It does
//                     nothing more: ProcessKilled unwinds its C++ code, in which every operation
//                     does nothing and returns -ESRCH. Then its descriptors are closed, so that
//                     its flock and OFD locks go, and it is not alive() any more, in one step.
//                     Where it has changed nothing since it could have been killed last it is not
//                     killed: nobody could tell
//   run(body)         runs body as the calling thread's process: swallows ProcessKilled, and ends
//                     the process (closing its descriptors) when the body returns
//   step()            an operation that does nothing
//   exit()            ends the process before that, as _exit(2) does: destructors find it dead.
//   exit(last)        First it does `last`, which counts
//   respawn()         a new process with the caller's pid and a later start time
//   join(i)           waits until process i is dead; not a step of its own
//   Count             what processes count beside the files, each time in one step of its own. An
//                     int that they share would be a data race: files order nothing in an engine's
//                     memory model. await() waits until one is not 0
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
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>
#include <utility>

#include "checkers/scenario/sim_cells.h"
#include "checkers/scenario/sim_file_state.h"
#include "primitives/platform.h"

namespace heddle {

// Ends the code of a killed process. Only SimFiles throws it; only SimFiles::run() should catch it.
struct ProcessKilled {};

template <class Hooks>
class SimFiles {
  using Where = std::source_location;
  using Cells = CellsOf<Hooks>;
  using Word = SimWord;
  using Descriptor = sim_files::Descriptor;
  using LockKind = sim_files::LockKind;
  using Process = sim_files::Process;

 public:
  static constexpr int kMaxProcesses = sim_files::kMaxProcesses;
  static constexpr std::int64_t kFirstPid = 1000;
  static constexpr std::uint64_t kFirstStart = sim_files::kFirstStart;

  static void reset() { state_ = {}; }

  static int open(const char* path, OpenMode mode, Where where = Where::current()) {
    if (!enter("open", where)) return -ESRCH;
    Word* const name = name_of(path);
    if (name == nullptr) return -ENOSPC;
    Word found = 0;
    if (mode != OpenMode::kCreateExclusive) {
      found = Cells::hold(*name);
    } else if (!Cells::hold_if(*name, 0)) {
      return -EEXIST;
    }
    const int fd = free_descriptor();
    int result = fd < 0 ? -EMFILE : fd;
    if (found == 0 && mode == OpenMode::kRead) {
      result = -ENOENT;
    } else if (found == 0 && fd >= 0) {
      found = create(sim_files::kLink + sim_files::kOpen, 0);
      if (found == 0) result = -ENOSPC;
    } else if (fd >= 0) {
      change(state_.references[sim_files::InodeAt(found)], sim_files::kOpen);
    }
    if (result >= 0) {
      me().descriptors[at(fd)] = {.inode = static_cast<int>(sim_files::InodeAt(found)),
                                  .writable = mode != OpenMode::kRead};
    }
    put(*name, found);
    return result;
  }

  static int close(int fd, Where where = Where::current()) {
    if (!enter("close", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    drop(at(fd), at(fd) + 1, false);
    return 0;
  }

  static int flock(int fd, LockMode mode, bool wait, Where where = Where::current()) {
    if (!enter("flock", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    // A conversion gives the old lock up first, in a step of its own, as the kernel does.
    if (me().descriptors[at(fd)].locks[sim_files::kFlock] != mode) unlock(sim_files::kFlock, fd);
    return lock(sim_files::kFlock, fd, mode, wait, where);
  }

  static int ofd_lock(int fd, LockMode mode, bool wait, Where where = Where::current()) {
    if (!enter("ofd_lock", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    if (mode == LockMode::kExclusive && !me().descriptors[at(fd)].writable) return -EBADF;
    return lock(sim_files::kOfd, fd, mode, wait, where);
  }

  static int link(const char* from, const char* to, Where where = Where::current()) {
    if (!enter("link", where)) return -ESRCH;
    Word* const source = name_of(from);
    Word* const target = name_of(to);
    if (source == nullptr || target == nullptr) return -ENOSPC;
    if (source == target) return Cells::read(*source) == 0 ? -ENOENT : -EEXIST;
    const bool source_first = goes_first(from, to);
    Word other = source_first ? 0 : Cells::hold(*target);
    const Word inode = Cells::hold(*source);
    bool exists = other != 0;
    bool holds_target = !source_first;
    // Where the source is held already, a target that exists is only looked at.
    if (source_first && inode != 0) {
      holds_target = Cells::hold_if(*target, 0);
      exists = !holds_target;
    }
    if (inode != 0 && !exists) {
      change(state_.references[sim_files::InodeAt(inode)], sim_files::kLink);
      other = inode;
    }
    if (holds_target) put(*target, other);
    put(*source, inode);
    return inode == 0 ? -ENOENT : exists ? -EEXIST : 0;
  }

  static int rename(const char* from, const char* to, Where where = Where::current()) {
    if (!enter("rename", where)) return -ESRCH;
    Word* const source = name_of(from);
    Word* const target = name_of(to);
    if (source == nullptr || target == nullptr) return -ENOSPC;
    if (source == target) return Cells::read(*source) == 0 ? -ENOENT : 0;
    const bool source_first = goes_first(from, to);
    const Word first = Cells::hold(source_first ? *source : *target);
    const Word second = Cells::hold(source_first ? *target : *source);
    Word inode = source_first ? first : second;
    Word replaced = source_first ? second : first;
    const bool absent = inode == 0;
    // Two names of one file: POSIX leaves both.
    if (!absent && inode != replaced) {
      if (replaced != 0) give_up(sim_files::InodeAt(replaced), sim_files::kLink);
      replaced = std::exchange(inode, 0);
    }
    put(*target, replaced);
    put(*source, inode);
    return absent ? -ENOENT : 0;
  }

  static int unlink(const char* path, Where where = Where::current()) {
    if (!enter("unlink", where)) return -ESRCH;
    Word* const name = name_of(path);
    if (name == nullptr) return -ENOENT;
    const Word inode = Cells::hold(*name);
    if (inode != 0) give_up(sim_files::InodeAt(inode), sim_files::kLink);
    put(*name, 0);
    return inode == 0 ? -ENOENT : 0;
  }

  static int stat(const char* path, FileId& id, Where where = Where::current()) {
    if (!enter("stat", where)) return -ESRCH;
    const Word* const name = name_of(path);
    const Word inode = name == nullptr ? 0 : Cells::read(*name);
    if (inode == 0) return -ENOENT;
    id = identity(sim_files::InodeAt(inode));
    return 0;
  }

  static int fstat(int fd, FileId& id, Where where = Where::current()) {
    if (!enter("fstat", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    id = identity(inode_of(fd));
    return 0;
  }

  static int read(int fd, char* buffer, std::size_t size, Where where = Where::current()) {
    if (!enter("read", where)) return -ESRCH;
    if (!valid(fd)) return -EBADF;
    const std::string_view content = texts_.view(Cells::read(state_.contents[inode_of(fd)]));
    const std::size_t count = std::min(size, content.size());
    std::copy_n(content.begin(), count, buffer);
    return static_cast<int>(count);
  }

  static int write(int fd, std::string_view bytes, Where where = Where::current()) {
    if (!enter("write", where)) return -ESRCH;
    if (!valid(fd) || !me().descriptors[at(fd)].writable) return -EBADF;
    const Word text = texts_.number(bytes, index(), me().texts);
    if (text == sim_files::kNoText) return -ENOSPC;
    put(state_.contents[inode_of(fd)], text);
    return static_cast<int>(bytes.size());
  }

  static int fsync(int fd, Where where = Where::current()) {
    if (!enter("fsync", where)) return -ESRCH;
    return valid(fd) ? 0 : -EBADF;
  }

  static bool alive(ProcessId process, Where where = Where::current()) {
    if (!enter("alive", where)) return false;
    const std::int64_t index = process.pid - kFirstPid;
    if (index < 0 || index >= kMaxProcesses) return false;
    const Word life = Cells::read(state_.lives[at(static_cast<int>(index))]);
    return (life & sim_files::kDead) == 0 &&
           (process.start == 0 || process.start == kFirstStart + life / sim_files::kSpawn);
  }

  // Constants of a process: no steps.
  static ProcessId self() { return process_id(index()); }
  static std::string_view host() { return "sim"; }

  // For scenarios.

  static void arm_crash(int process) {
    state_.processes[at(process)].armed = true;
    state_.processes[at(process)].changed = true;
  }

  template <class Body>
  static void run(Body body, Where where = Where::current()) {
    try {
      body();
      exit(where);
    } catch (const ProcessKilled&) {
      end();  // its thread goes on to the end of the scenario
    }
  }

  static void exit(Where where = Where::current()) {
    if (begin_exit(where)) end();
  }
  template <class Last>
  static void exit(Last last, Where where = Where::current()) {
    if (!begin_exit(where)) return;
    last();
    end();
  }

  // Of an engine that has a run() and an exit() of its own. False: it is dead already.
  static bool begin_exit(Where where) {
    if (!me().alive) return false;
    Hooks::step("exit", where);
    return true;
  }
  static void end() {
    me().alive = false;
    drop(0, sim_files::kMaxDescriptors, true);
  }

  // Does nothing: a point where the process may lose the processor, or its life.
  static void step(const char* what = "work", Where where = Where::current()) {
    me().changed = true;
    static_cast<void>(enter(what, where));
  }

  static void respawn(Where where = Where::current()) {
    Hooks::step("respawn", where);
    Process& process = me();
    if (process.alive) end();
    ++process.start;
    process.armed = false;
    process.alive = true;
    put(state_.lives[at(index())], life(process));
  }

  static void join(int process, Where where = Where::current()) {
    Cells::wait_until(
        state_.lives[at(process)], [](Word life) { return (life & sim_files::kDead) != 0; }, where);
  }

  class Count {
   public:
    explicit Count(int value = 0) : cell_(sim_files::FromCount(value)) { note(cell_); }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    // Returns the sum.
    int add(int delta) { return SimFiles::add(cell_, delta); }
    int get() const { return SimFiles::get(cell_); }

   private:
    friend class SimFiles;
    Word cell_;
  };

  static void await(const Count& count, Where where = Where::current()) {
    await(count.cell_, where);
  }

  // Of a process of its own, or in set-up and After().
  static ProcessId process_id(int process) {
    return {kFirstPid + process, state_.processes[at(process)].start};
  }

  // A process that was killed, rather than one that returned from run().
  static bool killed(int process) { return state_.processes[at(process)].killed; }

  static bool put(const char* path, std::string_view bytes) {
    Word* const name = name_of(path);
    const Word text = texts_.number(bytes, index(), me().texts);
    if (name == nullptr || text == sim_files::kNoText) return false;
    const Word found = Cells::hold(*name);
    if (found != 0) give_up(sim_files::InodeAt(found), sim_files::kLink);
    const Word inode = create(sim_files::kLink, text);
    put(*name, inode);
    return inode != 0;
  }

  static bool exists(const char* path) {
    const Word* const name = name_of(path);
    return name != nullptr && Cells::read(*name) != 0;
  }

  static std::string_view content(const char* path) {
    const Word* const name = name_of(path);
    const Word inode = name == nullptr ? 0 : Cells::read(*name);
    return inode == 0 ? std::string_view()
                      : texts_.view(Cells::read(state_.contents[sim_files::InodeAt(inode)]));
  }

  static int names() {
    int count = 0;
    for (std::size_t slot = 0; slot < Cells::kNames; ++slot) {
      if (state_.hashes[slot] != 0 && Cells::read(state_.names[slot]) != 0) ++count;
    }
    return count;
  }

  static int descriptors(int process) {
    const auto& all = state_.processes[at(process)].descriptors;
    return static_cast<int>(
        std::count_if(all.begin(), all.end(), [](const Descriptor& d) { return d.inode >= 0; }));
  }

  // Of an engine that has a Count of its own.
  static void note(const Word& count) {
    state_.counts[state_.noted++ % state_.counts.size()] = &count;
  }
  static int add(Word& count, int delta) {
    return sim_files::ToCount(change(count, sim_files::FromCount(delta))) + delta;
  }
  static int get(const Word& count) { return sim_files::ToCount(Cells::read(count)); }
  static void await(const Word& count, Where where) {
    Cells::wait_until(count, [](Word value) { return value != 0; }, where);
  }

  // In After(): equal where an execution has left the same behind.
  static std::uint64_t digest() {
    std::uint64_t digest = 0;
    const auto mix = [&](std::uint64_t value) {
      digest = (digest ^ value) * 0x9e3779b97f4a7c15U;
      digest ^= digest >> 29;
    };
    for (std::size_t slot = 0; slot < Cells::kNames; ++slot) {
      if (state_.hashes[slot] == 0) continue;
      const Word inode = Cells::read(state_.names[slot]);
      if (inode == 0) continue;
      mix(state_.hashes[slot]);
      mix(inode);
      mix(sim_files::HashOf(texts_.view(Cells::read(state_.contents[sim_files::InodeAt(inode)]))));
    }
    for (int process = 0; process < kMaxProcesses; ++process) {
      mix(Cells::read(state_.lives[at(process)]));
      mix(killed(process) ? 1 : 0);
      mix(static_cast<std::uint64_t>(descriptors(process)));
    }
    for (std::size_t i = 0; i < std::min(state_.noted, state_.counts.size()); ++i) {
      mix(Cells::read(*state_.counts[i]));
    }
    return digest;
  }

 private:
  static inline sim_files::State<Cells::kNames> state_;
  static inline sim_files::Texts texts_;

  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  static int index() {
    const int thread = Hooks::thread_index();
    return thread >= 0 && thread < kMaxProcesses ? thread : kMaxProcesses;
  }
  static Process& me() { return state_.processes[at(index())]; }
  static Word life(const Process& process) {
    return (process.start - kFirstStart) * sim_files::kSpawn;
  }

  static void put(Word& cell, Word value) {
    me().changed = true;
    Cells::put(cell, value);
  }
  static Word change(Word& cell, Word delta) {
    me().changed = true;
    return Cells::add(cell, delta);
  }

  // The step of an operation; false when the caller is dead.
  static bool enter(const char* operation, Where where) {
    if (!me().alive) return false;
    Hooks::step(operation, where);
    Process& process = me();
    if (!process.armed || !process.changed) return true;
    process.changed = false;
    if (Hooks::choose(2) == 0) return true;
    process.alive = false;
    process.killed = true;
    throw ProcessKilled{};
  }

  // Closes the open ones among these descriptors; the process is dead then where it `ends`. Cells
  // are held in this order: names, references, locks, `used`.
  static void drop(std::size_t begin, std::size_t end, bool ends) {
    std::array<Word, sim_files::kMaxInodes> opens{};
    std::array<std::array<Word, sim_files::kMaxInodes>, sim_files::kLockKinds.size()> locks{};
    for (std::size_t fd = begin; fd < end; ++fd) {
      Descriptor& descriptor = me().descriptors[fd];
      if (descriptor.inode < 0) continue;
      const std::size_t inode = at(descriptor.inode);
      opens[inode] += sim_files::kOpen;
      for (const LockKind kind : sim_files::kLockKinds) {
        locks[kind][inode] |= sim_files::LockBits(descriptor.locks[kind], index(), fd);
      }
      descriptor = Descriptor{};
    }
    auto references = opens;
    auto held = locks;
    for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
      if (opens[i] != 0) references[i] = Cells::hold(state_.references[i]);
    }
    for (const LockKind kind : sim_files::kLockKinds) {
      for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
        if (locks[kind][i] != 0) held[kind][i] = Cells::hold(state_.locks[kind][i]);
      }
    }
    Word freed = 0;
    for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
      if (opens[i] != 0 && references[i] == opens[i]) freed |= sim_files::Used(i);
    }
    if (freed != 0) Cells::remove(state_.used, freed);
    if (ends) put(state_.lives[at(index())], life(me()) + sim_files::kDead);
    for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
      if (opens[i] != 0) put(state_.references[i], references[i] - opens[i]);
    }
    for (const LockKind kind : sim_files::kLockKinds) {
      for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
        if (locks[kind][i] != 0) put(state_.locks[kind][i], held[kind][i] & ~locks[kind][i]);
      }
    }
  }

  static bool valid(int fd) {
    return fd >= 0 && at(fd) < sim_files::kMaxDescriptors && me().descriptors[at(fd)].inode >= 0;
  }
  static std::size_t inode_of(int fd) { return at(me().descriptors[at(fd)].inode); }

  static int free_descriptor() {
    const auto& all = me().descriptors;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].inode < 0) return static_cast<int>(i);
    }
    return -1;
  }

  static FileId identity(std::size_t inode) { return {1, inode + 1}; }

  // Null: too many names. Where a name is does not depend on who mentions which first, unless two
  // hashes meet.
  static Word* name_of(std::string_view path) {
    const std::uint64_t hash = sim_files::HashOf(path);
    for (std::size_t i = 0; i < Cells::kNames; ++i) {
      const std::size_t slot = (hash / 2 + i) % Cells::kNames;
      if (state_.hashes[slot] == 0) state_.hashes[slot] = hash;
      if (state_.hashes[slot] == hash) return &state_.names[slot];
    }
    return nullptr;
  }
  // The order in which names are held: longer ones first, so that a process's private ones are.
  static bool goes_first(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }

  // A name for a new inode, which has the lowest free number; 0: there is none.
  static Word create(Word references, Word text) {
    const Word used = Cells::hold(state_.used);
    const auto inode = static_cast<std::size_t>(std::countr_one(used / 2));
    const bool any = inode < sim_files::kMaxInodes;
    if (any) {
      put(state_.references[inode], references);
      put(state_.contents[inode], text);
    }
    put(state_.used, any ? used | sim_files::Used(inode) : used);
    return any ? sim_files::Binding(inode) : 0;
  }

  static void give_up(std::size_t inode, Word reference) {
    const Word left = Cells::hold(state_.references[inode]) - reference;
    if (left == 0) Cells::remove(state_.used, sim_files::Used(inode));
    put(state_.references[inode], left);
  }

  static void unlock(LockKind kind, int fd) {
    LockMode& mine = me().descriptors[at(fd)].locks[kind];
    if (mine == LockMode::kUnlock) return;
    me().changed = true;
    Cells::remove(state_.locks[kind][inode_of(fd)], sim_files::LockBits(mine, index(), at(fd)));
    mine = LockMode::kUnlock;
  }

  static int lock(LockKind kind, int fd, LockMode mode, bool wait, Where where) {
    Word& cell = state_.locks[kind][inode_of(fd)];
    LockMode& mine = me().descriptors[at(fd)].locks[kind];
    const Word had = sim_files::LockBits(mine, index(), at(fd));
    const Word wanted = sim_files::LockBits(mode, index(), at(fd));
    if (mode == LockMode::kUnlock) {
      unlock(kind, fd);
    } else if (mode == LockMode::kExclusive && wait) {
      Cells::take(cell, [had](Word locks) { return locks == had; }, wanted, where);
    } else if (mode == LockMode::kExclusive) {
      if (!Cells::replace(cell, had, wanted)) return -EAGAIN;
    } else if (mine == LockMode::kExclusive) {
      Cells::remove(cell, sim_files::kExclusive);
    } else if (wait) {
      Cells::take(cell, &no_exclusive, wanted, where);
    } else {
      const Word locks = Cells::hold(cell);
      const bool may = no_exclusive(locks);
      put(cell, may ? locks | wanted : locks);
      if (!may) return -EAGAIN;
    }
    me().changed = true;
    mine = mode;
    return 0;
  }
  static bool no_exclusive(Word locks) { return (locks & sim_files::kExclusive) == 0; }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_FILES_H_
