// SPDX-License-Identifier: Apache-2.0
//
// A thread that does what it is given, until its owner is destroyed.
#ifndef HEDDLE_CHECKERS_EXPLORER_PROGRAMS_WORKER_H_
#define HEDDLE_CHECKERS_EXPLORER_PROGRAMS_WORKER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

class Worker {
 public:
  // The thread calls `begin` first.
  explicit Worker(void (*begin)()) : thread_([this, begin] { Run(begin); }) {}
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
  void Run(void (*begin)()) {
    begin();
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
};

#endif  // HEDDLE_CHECKERS_EXPLORER_PROGRAMS_WORKER_H_
