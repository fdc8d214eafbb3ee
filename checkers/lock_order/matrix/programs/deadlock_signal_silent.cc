// SPDX-License-Identifier: Apache-2.0
//
// A program finds SIGURG as it left it: without a handler, then ignored, then with its own,
// whatever the analyzer uses it for.
#include <signal.h>

#include <atomic>
#include <mutex>

namespace {

std::mutex mutex;
std::atomic<int> urgent{0};
void Count(int /*signal*/) { ++urgent; }

sighandler_t Now() {
  struct sigaction now{};
  if (sigaction(SIGURG, nullptr, &now) != 0) return SIG_ERR;
  return now.sa_handler;
}

}  // namespace

int main() {
  {
    std::lock_guard hold(mutex);
  }
  if (Now() != SIG_DFL) return 1;
  raise(SIGURG);
  if (signal(SIGURG, SIG_IGN) != SIG_DFL || Now() != SIG_IGN) return 2;
  raise(SIGURG);
  if (signal(SIGURG, Count) != SIG_IGN || Now() != Count) return 3;
  raise(SIGURG);
  if (urgent != 1) return 4;
  if (signal(SIGURG, SIG_DFL) != Count || Now() != SIG_DFL) return 5;
  raise(SIGURG);
  return urgent == 1 ? 0 : 6;
}
