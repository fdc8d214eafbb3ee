// SPDX-License-Identifier: Apache-2.0
//
// Platform::Files in memory, for the processes of sim_processes.h, whose Hooks these are: every
// operation is one indivisible step. For scenarios, beside the operations of PlatformFiles and what
// processes do:
//   put(), exists(), content(), names(), descriptors()   set-up and After(): no steps
//
// What is simulated: names, hard links, inodes that live while a name or a descriptor is left and
// whose numbers are then handed out again at once (as ext4 does), flock and OFD locks per open file
// description. A killed process loses nothing that it wrote: the page cache survives a process, so
// fsync() does nothing; power loss is not simulated. There is no dup, and no directory but one.
// write() is one step although the kernel makes it several. Capacities are small and fixed; running
// out is -EMFILE or -ENOSPC.
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
#include "checkers/scenario/sim_processes.h"
#include "primitives/platform.h"

namespace heddle {

template <class Hooks>
class SimFiles : public SimProcesses<Hooks> {
  using Base = SimProcesses<Hooks>;
  using typename Base::Cells;
  using typename Base::Where;
  using typename Base::Word;
  using LockKind = sim_files::LockKind;
  using Base::at;
  using Base::change;
  using Base::drop;
  using Base::enter;
  using Base::index;
  using Base::me;
  using Base::put;
  using Base::state_;

 public:
  using Base::descriptors;
  using Base::killed;
  using Base::kMaxProcesses;

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
  static inline sim_files::Texts texts_;

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
