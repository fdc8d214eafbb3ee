// SPDX-License-Identifier: Apache-2.0
//
// What tests between processes need beside children and channels: objects in memory that they
// share, items to pass on, and to know where a child has come to.
#ifndef HEDDLE_PRIMITIVES_PROCESS_PROCESS_TESTING_H_
#define HEDDLE_PRIMITIVES_PROCESS_PROCESS_TESTING_H_

#include <sched.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <utility>

#include "primitives/file_lock/file_lock_testing.h"

namespace heddle::process_testing {

using file_lock_testing::Channel;
using file_lock_testing::Child;

// Memory that forked children share, zero to begin with.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes)
      : bytes_(bytes),
        memory_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) std::abort();
  }
  ~SharedMemory() { ::munmap(memory_, bytes_); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  void* data() const { return memory_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  void* memory_;
};

template <class T>
class InShared {
 public:
  template <class... Args>
  explicit InShared(Args&&... args)
      : memory_(sizeof(T)), object_(new (memory_.data()) T(std::forward<Args>(args)...)) {}
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  SharedMemory memory_;
  T* object_;
};

// To be passed on: of several words, so that a torn one is seen.
struct Item {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 7> copies{};

  static Item Of(std::uint64_t number) {
    Item item{.number = number};
    item.copies.fill(~number);
    return item;
  }
  bool whole() const {
    return std::all_of(copies.begin(), copies.end(),
                       [this](std::uint64_t copy) { return copy == ~number; });
  }
};

// 'R' running, 'S' asleep, 'T' stopped, 'Z' dead; 'X' when there is no such process.
inline char StateOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(')');
  return name_end == std::string::npos ? 'X' : stat[name_end + 2];
}

// Until the process waits for something, or has ended: it has come as far as it can.
inline void AwaitSleep(pid_t pid) {
  for (;;) {
    const char state = StateOf(pid);
    if (state == 'S' || state == 'Z' || state == 'X') return;
    sched_yield();
  }
}

}  // namespace heddle::process_testing

#endif  // HEDDLE_PRIMITIVES_PROCESS_PROCESS_TESTING_H_
