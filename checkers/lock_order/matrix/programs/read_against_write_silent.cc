// SPDX-License-Identifier: Apache-2.0
//
// A reader and a writer take the shared mutex first, then the mutex.
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace {

std::shared_mutex data;
std::mutex mutex;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Reader() {
  std::shared_lock read(data);
  std::lock_guard hold(mutex);
}

void Writer() {
  std::lock_guard write(data);
  std::lock_guard hold(mutex);
}

}  // namespace

int main() {
  std::thread first([] {
    Reader();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Writer();
  });
  first.join();
  second.join();
}
