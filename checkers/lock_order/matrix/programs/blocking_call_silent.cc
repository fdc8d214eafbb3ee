// SPDX-License-Identifier: Apache-2.0
//
// A thread sleeps after it has released its mutex.
#include <time.h>

#include <mutex>

namespace {

std::mutex mutex;

void Sleep() {
  timespec moment{0, 1000000};
  nanosleep(&moment, nullptr);
}

}  // namespace

int main() {
  {
    std::lock_guard hold(mutex);
  }
  Sleep();
}
