// SPDX-License-Identifier: Apache-2.0
//
// A platform whose system calls fail, kill or stop the process at a step of one's choice, and whose
// clock jumps. Everything else is StdPlatform.
#ifndef HEDDLE_STRESS_FAULTY_FILES_H_
#define HEDDLE_STRESS_FAULTY_FILES_H_

#include <signal.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "primitives/platform.h"
#include "primitives/std_files.h"
#include "primitives/std_platform.h"

namespace heddle::stress {

// What happens at the `at`-th call of Files after arming, counted from 1. 0: nothing ever.
struct Fault {
  enum class Kind : std::uint8_t {
    kKill,   // the process dies before the call
    kStop,   // it stops before the call, until somebody continues it
    kError,  // the call does nothing and returns -error
  };
  Kind kind = Kind::kError;
  int at = 0;
  int error = 0;
};

class FaultyFiles {
 public:
  // For the calling process; its children inherit it.
  static void Arm(const Fault& fault) {
    fault_ = fault;
    calls_ = 0;
  }
  static void Disarm() { Arm({}); }
  static bool Reached() { return fault_.at != 0 && calls_ >= fault_.at; }

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
    if (++calls_ != fault_.at) return call();
    switch (fault_.kind) {
      case Fault::Kind::kKill:
        ::kill(::getpid(), SIGKILL);
        break;
      case Fault::Kind::kStop:
        ::raise(SIGSTOP);
        break;
      case Fault::Kind::kError:
        return -fault_.error;
    }
    return call();
  }

  inline static Fault fault_;
  inline static int calls_ = 0;
};

static_assert(PlatformFiles<FaultyFiles>);

// Jumps by `jump` at each look, forth and back in turns.
struct JumpingClock {
  inline static std::chrono::seconds jump{0};
  inline static int looks = 0;

  static Deadline now() {
    const auto real = std::chrono::steady_clock::now();
    return ++looks % 2 == 1 ? real + jump : real - jump;
  }
  static bool expired(Deadline deadline) { return deadline != kNever && now() >= deadline; }
  static std::chrono::system_clock::time_point wall() { return std::chrono::system_clock::now(); }
};

struct FaultyPlatform : StdPlatform {
  using Files = FaultyFiles;
  using Clock = JumpingClock;
};

static_assert(Platform<FaultyPlatform>);

// A counter of owners that processes share. Only ever 0 or 1, or the lock is broken.
class SharedOwners {
 public:
  SharedOwners() {
    void* const memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    count_ = new (memory) std::atomic<int>(0);
  }
  ~SharedOwners() { ::munmap(count_, sizeof *count_); }
  SharedOwners(const SharedOwners&) = delete;
  SharedOwners& operator=(const SharedOwners&) = delete;

  // False when somebody else owns the lock. Relaxed: the lock is what orders.
  bool Enter() { return count_->fetch_add(1, std::memory_order_relaxed) == 0; }
  void Leave() { count_->fetch_sub(1, std::memory_order_relaxed); }
  // After an owner's death.
  void Reset() { count_->store(0, std::memory_order_relaxed); }

 private:
  std::atomic<int>* count_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAULTY_FILES_H_
