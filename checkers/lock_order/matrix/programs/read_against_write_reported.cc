// SPDX-License-Identifier: Apache-2.0
//
// A reader takes a mutex under the shared mutex; a writer takes them the other way round.
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
  std::lock_guard hold(mutex);
  std::lock_guard write(data);
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
