// SPDX-License-Identifier: Apache-2.0
//
// Waits for locks a known number of times, for times that it measures itself, and prints for each
// lock: name, waits, bounds of the waits' sum, bounds of the longest one, in nanoseconds.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

using Clock = std::chrono::steady_clock;

std::mutex contended_mutex;
std::timed_mutex contended_timed_mutex;
std::shared_mutex contended_rwlock;

namespace {

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
      .count();
}

bool Sleeps(pid_t tid) {
  std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.substr(name_end + 2, 1) == "S";
}

int64_t acquisitions = 0;

// In each round this thread has the lock when the other one wants it, and keeps it for a while when
// that one sleeps for it.
template <class Lock, class Unlock, class Wait, class Done>
void Contend(const char* name, Lock lock, Unlock unlock, Wait wait, Done done) {
  constexpr int kRounds = 5;
  std::atomic<int> round{0};
  std::atomic<int> wants{0};
  std::atomic<int> has_had{0};
  std::atomic<pid_t> tid{0};
  int64_t most = 0;
  int64_t longest_at_most = 0;
  std::thread other([&] {
    tid = static_cast<pid_t>(syscall(SYS_gettid));
    for (int i = 1; i <= kRounds; ++i) {
      while (round != i) std::this_thread::yield();
      const int64_t from = Now();
      wants = i;
      wait();
      const int64_t waited = Now() - from;
      done();
      most += waited;
      longest_at_most = std::max(longest_at_most, waited);
      has_had = i;
    }
  });
  int64_t least = 0;
  int64_t longest_at_least = 0;
  for (int i = 1; i <= kRounds; ++i) {
    lock();
    round = i;
    while (wants != i || !Sleeps(tid)) std::this_thread::yield();
    const int64_t from = Now();
    while (Now() - from < i * 1'000'000) std::this_thread::yield();
    const int64_t slept = Now() - from;
    unlock();
    least += slept;
    longest_at_least = std::max(longest_at_least, slept);
    while (has_had != i) std::this_thread::yield();
  }
  other.join();
  acquisitions += 2 * kRounds;
  std::printf("%s %d %lld %lld %lld %lld\n", name, kRounds, static_cast<long long>(least),
              static_cast<long long>(most), static_cast<long long>(longest_at_least),
              static_cast<long long>(longest_at_most));
}

__attribute__((noinline)) void Nest() {
  const std::lock_guard outer(contended_mutex);
  const std::lock_guard inner(contended_rwlock);
}

}  // namespace

int main() {
  Contend(
      "contended_mutex", [] { contended_mutex.lock(); }, [] { contended_mutex.unlock(); },
      [] { contended_mutex.lock(); }, [] { contended_mutex.unlock(); });
  Contend(
      "contended_timed_mutex", [] { contended_timed_mutex.lock(); },
      [] { contended_timed_mutex.unlock(); },
      [] { static_cast<void>(contended_timed_mutex.try_lock_for(std::chrono::hours(1))); },
      [] { contended_timed_mutex.unlock(); });
  Contend(
      "contended_rwlock", [] { contended_rwlock.lock(); }, [] { contended_rwlock.unlock(); },
      [] { contended_rwlock.lock_shared(); }, [] { contended_rwlock.unlock_shared(); });
  std::thread(Nest).join();
  std::thread(Nest).join();
  acquisitions += 4;
  std::printf("acquisitions %lld\n", static_cast<long long>(acquisitions));
}
