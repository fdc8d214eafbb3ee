// SPDX-License-Identifier: Apache-2.0
//
// The file locks against the bare system calls, which do none of the checks that make a file lock
// safe against removal, fork and stale owners. The files are in $TEST_TMPDIR, $TMPDIR or /tmp: the
// file system matters.
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "primitives/file_lock/file_lock.h"
#include "primitives/file_lock/lock_file.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

template <FileLockBackend kBackend>
struct OurFileLock {
  explicit OurFileLock(const std::string& path) : file(path) {}
  bool lock() { return file.lock().ok(); }
  bool unlock() { return file.unlock().ok(); }
  FileLock<StdPlatform, kBackend> file;
};

struct OurLockFile {
  explicit OurLockFile(const std::string& path) : file(path, {.sync = false}) {}
  bool lock() { return file.lock().ok(); }
  bool unlock() { return file.unlock().ok(); }
  LockFile<> file;
};

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

 protected:
  const int descriptor_;
};

struct Flock : OpenFile {
  using OpenFile::OpenFile;
  bool lock() { return flock(descriptor_, LOCK_EX) == 0; }
  bool unlock() { return flock(descriptor_, LOCK_UN) == 0; }
};

struct FcntlOfd : OpenFile {
  using OpenFile::OpenFile;
  bool lock() { return Set(F_WRLCK); }
  bool unlock() { return Set(F_UNLCK); }
  bool Set(short type) {
    struct flock whole{};
    whole.l_type = type;
    whole.l_whence = SEEK_SET;
    return fcntl(descriptor_, F_OFD_SETLKW, &whole) == 0;
  }
};

// A file whose existence is the lock, with no word about its owner. Waits as LockFile does not: by
// trying at once again.
class OpenExclusive {
 public:
  explicit OpenExclusive(std::string path) : path_(std::move(path)) {}
  bool lock() {
    int descriptor = -1;
    while ((descriptor = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0) {
      sched_yield();
    }
    return close(descriptor) == 0;
  }
  bool unlock() { return unlink(path_.c_str()) == 0; }

 private:
  const std::string path_;
};

// A name of this process's own, without the file.
class Path {
 public:
  Path() : name_(Directory() + "/heddle_bench." + std::to_string(getpid())) { Remove(); }
  ~Path() { Remove(); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  const std::string& name() const { return name_; }

 private:
  static std::string Directory() {
    for (const char* variable : {"TEST_TMPDIR", "TMPDIR"}) {
      if (const char* value = std::getenv(variable)) return value;
    }
    return "/tmp";
  }
  void Remove() const { unlink(name_.c_str()); }

  const std::string name_;
};

template <class Lock>
void Alone(benchmark::State& state) {
  const Path path;
  Lock lock(path.name());
  for (auto _ : state) {
    if (!lock.lock() || !lock.unlock()) {
      state.SkipWithError("the file system refuses the lock");
      break;
    }
  }
}

template <class Lock>
void TwoProcesses(benchmark::State& state) {
  for (auto _ : state) {
    const Path path;
    Work work = RunProcesses(2, [&](int /*process*/, const Stop& stop) {
      Lock lock(path.name());
      std::uint64_t operations = 0;
      for (; !stop.load(std::memory_order_relaxed); ++operations) {
        if (!lock.lock() || !lock.unlock()) return std::uint64_t{0};
      }
      return operations;
    });
    work.stolen = 0;  // who waits gives its processor away
    Publish(state, work);
  }
}

template <class Ours, class Reference>
void Compare(const std::string& ours, const std::string& reference) {
  RegisterPair("file_lock/uncontended", Timing::kLoop, {ours, Alone<Ours>},
               {reference, Alone<Reference>});
  RegisterPair("file_lock/2_processes", Timing::kFixed, {ours, TwoProcesses<Ours>},
               {reference, TwoProcesses<Reference>});
}

[[maybe_unused]] const bool kRegistered = [] {
  Compare<OurFileLock<FileLockBackend::kOfd>, FcntlOfd>("file_lock_ofd", "fcntl_ofd");
  Compare<OurFileLock<FileLockBackend::kFlock>, Flock>("file_lock_flock", "flock");
  Compare<OurLockFile, OpenExclusive>("lock_file", "open_exclusive");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
