// SPDX-License-Identifier: Apache-2.0
//
// A spin lock that is announced by ThreadSanitizer's names, and a std::mutex, in the same order.
#include <atomic>
#include <mutex>
#include <thread>

// As an annotated library declares them; nobody defines them without ThreadSanitizer.
extern "C" {
__attribute__((weak)) void __tsan_mutex_pre_lock(void* lock, unsigned flags);
__attribute__((weak)) void __tsan_mutex_post_lock(void* lock, unsigned flags, int recursion);
__attribute__((weak)) int __tsan_mutex_pre_unlock(void* lock, unsigned flags);
__attribute__((weak)) void __tsan_mutex_post_unlock(void* lock, unsigned flags);
}

namespace {

class Spin {
 public:
  void lock() {
    if (__tsan_mutex_pre_lock) __tsan_mutex_pre_lock(this, 0);
    while (taken_.exchange(true)) std::this_thread::yield();
    if (__tsan_mutex_post_lock) __tsan_mutex_post_lock(this, 0, 0);
  }
  void unlock() {
    if (__tsan_mutex_pre_unlock) __tsan_mutex_pre_unlock(this, 0);
    taken_ = false;
    if (__tsan_mutex_post_unlock) __tsan_mutex_post_unlock(this, 0);
  }

 private:
  std::atomic<bool> taken_{false};
};

Spin spin;
std::mutex mutex;
std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void SpinFirst() {
  std::lock_guard hold_spin(spin);
  std::lock_guard hold_mutex(mutex);
}

}  // namespace

int main() {
  std::thread first([] {
    SpinFirst();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    SpinFirst();
  });
  first.join();
  second.join();
}
