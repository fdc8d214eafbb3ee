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
  // Puts the values back that a new thread's variables have.
  void Reset();
  void* pointer() const { return pointer_; }
  bool Contains(const void* address) const {
    return address >= low_ && address < static_cast<const char*>(pointer_) + kDescriptor;
  }

 private:
  static constexpr std::size_t kDescriptor = 2304;  // sizeof(struct pthread), at least

  void* pointer_ = nullptr;  // of the thread: what fs holds
  char* low_ = nullptr;      // the first variable
  char* pristine_ = nullptr;
};

// The fs register of the running thread. Between a change and its undoing nothing thread-local of
// the former thread is reachable.
void* ThreadPointer();
void SetThreadPointer(void* pointer);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_LOCAL_STORAGE_H_
