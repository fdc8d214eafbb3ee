// SPDX-License-Identifier: Apache-2.0
//
// A platform whose system calls on files fail, kill or stop the process at a step of one's choice,
// each being a step, and whose clock jumps. Everything else is StdPlatform.
#ifndef HEDDLE_STRESS_FAULTY_FILES_H_
#define HEDDLE_STRESS_FAULTY_FILES_H_

#include <cstddef>
#include <string_view>

#include "primitives/platform.h"
#include "primitives/std_files.h"
#include "primitives/std_platform.h"
#include "stress/faulty_steps.h"

namespace heddle::stress {

class FaultyFiles {
 public:
  static int open(const char* path, OpenMode mode) {
    return Step([&] { return StdFiles::open(path, mode); });
  }
  // A close() that fails has closed all the same.
  static int close(int fd) {
    const int result = StdFiles::close(fd);
    return Step([&] { return result; });
  }
  static int flock(int fd, LockMode mode, bool wait) {
    return Step([&] { return StdFiles::flock(fd, mode, wait); });
  }
  static int ofd_lock(int fd, LockMode mode, bool wait) {
    return Step([&] { return StdFiles::ofd_lock(fd, mode, wait); });
  }
  static int link(const char* from, const char* to) {
    return Step([&] { return StdFiles::link(from, to); });
  }
  static int rename(const char* from, const char* to) {
    return Step([&] { return StdFiles::rename(from, to); });
  }
  static int unlink(const char* path) {
    return Step([&] { return StdFiles::unlink(path); });
  }
  static int stat(const char* path, FileId& id) {
    return Step([&] { return StdFiles::stat(path, id); });
  }
  static int fstat(int fd, FileId& id) {
    return Step([&] { return StdFiles::fstat(fd, id); });
  }
  static int read(int fd, char* buffer, std::size_t size) {
    return Step([&] { return StdFiles::read(fd, buffer, size); });
  }
  static int write(int fd, std::string_view bytes) {
    return Step([&] { return StdFiles::write(fd, bytes); });
  }
  static int fsync(int fd) {
    return Step([&] { return StdFiles::fsync(fd); });
  }
  static ProcessId self() { return StdFiles::self(); }
  static bool alive(ProcessId process) { return StdFiles::alive(process); }
  static std::string_view host() { return StdFiles::host(); }

 private:
  template <class Call>
  static int Step(Call call) {
    const int error = FaultySteps::Pass();
    return error != 0 ? -error : call();
  }
};

static_assert(PlatformFiles<FaultyFiles>);

struct FaultyPlatform : StdPlatform {
  using Files = FaultyFiles;
  using Clock = JumpingClock;
};

static_assert(Platform<FaultyPlatform>);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAULTY_FILES_H_
