// SPDX-License-Identifier: Apache-2.0
//
// A reader and a writer of a shared mutex wait for each other through a mutex.
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace {

std::shared_mutex data;
std::mutex mutex;
std::atomic<int> holding{0};

// Until every thread holds its first lock.
void AwaitAll() {
  ++holding;
  while (holding != 2) std::this_thread::yield();
}

void First() {
  std::shared_lock read(data);
  AwaitAll();
  std::lock_guard hold(mutex);
}

void Second() {
  std::lock_guard hold(mutex);
  AwaitAll();
  std::lock_guard write(data);
}

}  // namespace

int main() {
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
}
