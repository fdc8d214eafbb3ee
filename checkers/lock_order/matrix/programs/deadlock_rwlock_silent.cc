// SPDX-License-Identifier: Apache-2.0
//
// A writer waits long for a reader, who leaves in the end.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace {

std::shared_mutex data;
std::atomic<int> turn{1};

void Hold() {
  std::shared_lock read(data);
  turn = 2;
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
}

}  // namespace

int main() {
  std::thread holder(Hold);
  while (turn != 2) std::this_thread::yield();
  {
    std::lock_guard write(data);
  }
  holder.join();
}
