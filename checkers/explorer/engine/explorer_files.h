// SPDX-License-Identifier: Apache-2.0
//
// The simulated files (checkers/scenario/sim_files.h) under the explorer. Each object that
// processes share - a name, an inode's references, its content, its locks, a process's life - is a
// location of the execution graph, so that only operations on the same objects have an order, and
// those that only look none among each other. Compiled without instrumentation, in
// explorer_files.cc.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_FILES_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checkers/scenario/sim_cells.h"
#include "checkers/scenario/sim_processes.h"
#include "primitives/platform.h"

namespace heddle {

struct ExplorerFiles {
  static constexpr std::int64_t kFirstPid = 1000;
  static constexpr std::uint64_t kFirstStart = 10;

  static int open(const char* path, OpenMode mode);
  static int close(int fd);
  static int flock(int fd, LockMode mode, bool wait);
  static int ofd_lock(int fd, LockMode mode, bool wait);
  static int link(const char* from, const char* to);
  static int rename(const char* from, const char* to);
  static int unlink(const char* path);
  static int stat(const char* path, FileId& id);
  static int fstat(int fd, FileId& id);
  static int read(int fd, char* buffer, std::size_t size);
  static int write(int fd, std::string_view bytes);
  static int fsync(int fd);
  static bool alive(ProcessId process);
  static ProcessId self();
  static std::string_view host();

  static void arm_crash(int process);
  template <class Body>
  static void run(Body body) {
    try {
      body();
      exit();
    } catch (const ProcessKilled&) {
      End();  // its thread goes on to the end of the scenario
    }
  }
  static void exit();
  template <class Last>
  static void exit(Last last) {
    if (!BeginExit()) return;
    last();
    End();
  }
  static void step(const char* what = "work");
  static void respawn();
  static void join(int process);

  class Count {
   public:
    explicit Count(int value = 0);
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    int add(int delta);
    int get() const;

   private:
    friend struct ExplorerFiles;
    SimWord cell_;
  };
  static void await(const Count& count);

  static ProcessId process_id(int process);
  static bool killed(int process);
  static bool put(const char* path, std::string_view bytes);
  static bool exists(const char* path);
  static std::string_view content(const char* path);
  static int names();
  static int descriptors(int process);

 private:
  static bool BeginExit();
  static void End();
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_EXPLORER_FILES_H_
