// SPDX-License-Identifier: Apache-2.0
//
// A thread that runs before main() begins, until the program's end: what static initializers do is
// part of each execution then.
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "checkers/explorer/programs/chosen.h"

namespace {

// Before the thread, so destroyed behind it.
std::map<int, std::string> g_table = {{0, "a text that is too long for the string's own memory"}};
std::atomic<int> g_begun{0};

class Worker {
 public:
  Worker() : thread_([this] { Run(); }) {}
  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Do(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void Run() {
    g_begun = 1;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
} g_worker;

// The thread may have begun, or not.
const int g_seen = g_begun;

void Work(int n) {
  for (int i = 0; i < n; ++i) {
    g_worker.Do([i] { g_table[i] += " and more"; });
  }
}

// main() looks while the thread works.
void Race(int) {
  g_worker.Do([] { g_table[1] = "one"; });
  g_table.erase(0);
}

void Seen(int expected) { assert(g_seen == expected); }

}  // namespace

int main(int argc, char** argv) {
  static constexpr Program kPrograms[] = {
      {"work", Work},
      {"race", Race},
      {"seen", Seen},
  };
  return RunChosen(argc, argv, kPrograms, 1);
}
