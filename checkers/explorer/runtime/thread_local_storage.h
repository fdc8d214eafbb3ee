// SPDX-License-Identifier: Apache-2.0
//
// A block of thread-local storage for a program thread, with glibc's own thread descriptor, so that
// libc and thread_local variables find the thread's own by the fs register.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_LOCAL_STORAGE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_LOCAL_STORAGE_H_

#include <cstddef>

namespace heddle::explorer {

class ThreadLocalStorage {
 public:
  // On the process's own thread. Allocates once; later calls do nothing.
  void Allocate();
  void Release();
  // From here on a new thread's variables have the values that the program's of that thread have
  // now: of the process's own thread, which is the caller.
  void TakeFrom(const void* thread_pointer);
  // Puts the values back that a new thread's variables have.
  void Reset();
  void* pointer() const { return pointer_; }
  // Where its variables are.
  char* low() const { return low_; }
  char* high() const { return static_cast<char*>(pointer_); }
  bool Contains(const void* address) const {
    return address >= low_ && address < static_cast<const char*>(pointer_) + kDescriptor;
  }

 private:
  static constexpr std::size_t kDescriptor = 2304;  // sizeof(struct pthread), at least

  void* pointer_ = nullptr;  // of the thread: what fs holds
  char* low_ = nullptr;      // the first variable
  char* pristine_ = nullptr;
};

// The fs register of the running thread.
inline void* ThreadPointer() {
  void* pointer;
  asm("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

// By system call, where the kernel does not let programs write it.
void SetThreadPointerSlowly(void* pointer);
bool HasFsgsbase();

inline void SetThreadPointer(void* pointer, bool has_fsgsbase) {
  if (has_fsgsbase) {
    asm volatile("wrfsbase %0" : : "r"(pointer) : "memory");
  } else {
    SetThreadPointerSlowly(pointer);
  }
}

// The C library's own functions, those that allocate above all, run with the process's own thread
// pointer. While the scheduler runs it is that of the thread that ran last.
class OwnThreadPointer {
 public:
  OwnThreadPointer();
  ~OwnThreadPointer();
  OwnThreadPointer(const OwnThreadPointer&) = delete;
  OwnThreadPointer& operator=(const OwnThreadPointer&) = delete;

 private:
  void* former_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_LOCAL_STORAGE_H_
