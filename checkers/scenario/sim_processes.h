// SPDX-License-Identifier: Apache-2.0
//
// Simulated processes, for engines that decide how threads interleave: threads play them; every
// operation is one indivisible step before which the engine may switch; a process may be killed
// between any two steps. What they work on, beside counts, are the files of sim_files.h.
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
// What a scenario says:
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
// There is no fork, and no signal.
#ifndef HEDDLE_CHECKERS_SCENARIO_SIM_PROCESSES_H_
#define HEDDLE_CHECKERS_SCENARIO_SIM_PROCESSES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "checkers/scenario/sim_cells.h"
#include "checkers/scenario/sim_file_state.h"
#include "primitives/platform.h"

namespace heddle {

// Ends the code of a killed process. Only simulations throw it; only their run() should catch it.
struct ProcessKilled {};

template <class Hooks>
class SimProcesses {
 protected:
  using Where = std::source_location;
  using Cells = CellsOf<Hooks>;
  using Word = SimWord;
  using Process = sim_files::Process;

 public:
  static constexpr int kMaxProcesses = sim_files::kMaxProcesses;
  static constexpr std::int64_t kFirstPid = 1000;
  static constexpr std::uint64_t kFirstStart = sim_files::kFirstStart;

  static void reset() { state_ = {}; }

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
    int add(int delta) { return SimProcesses::add(cell_, delta); }
    int get() const { return SimProcesses::get(cell_); }

   private:
    friend class SimProcesses;
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

  static int descriptors(int process) {
    const auto& all = state_.processes[at(process)].descriptors;
    return static_cast<int>(std::count_if(
        all.begin(), all.end(), [](const sim_files::Descriptor& d) { return d.inode >= 0; }));
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

 protected:
  static inline sim_files::State<Cells::kNames> state_;

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
      sim_files::Descriptor& descriptor = me().descriptors[fd];
      if (descriptor.inode < 0) continue;
      const std::size_t inode = at(descriptor.inode);
      opens[inode] += sim_files::kOpen;
      for (const sim_files::LockKind kind : sim_files::kLockKinds) {
        locks[kind][inode] |= sim_files::LockBits(descriptor.locks[kind], index(), fd);
      }
      descriptor = sim_files::Descriptor{};
    }
    auto references = opens;
    auto held = locks;
    for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
      if (opens[i] != 0) references[i] = Cells::hold(state_.references[i]);
    }
    for (const sim_files::LockKind kind : sim_files::kLockKinds) {
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
    for (const sim_files::LockKind kind : sim_files::kLockKinds) {
      for (std::size_t i = 0; i < sim_files::kMaxInodes; ++i) {
        if (locks[kind][i] != 0) put(state_.locks[kind][i], held[kind][i] & ~locks[kind][i]);
      }
    }
  }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_PROCESSES_H_
