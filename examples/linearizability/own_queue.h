// SPDX-License-Identifier: Apache-2.0
#ifndef OWN_QUEUE_H_
#define OWN_QUEUE_H_

#include <deque>
#include <mutex>
#include <optional>

class OwnQueue {
 public:
  void push(int item) {
    const std::scoped_lock hold(mutex_);
    items_.push_back(item);
  }
  std::optional<int> pop() {
    const std::scoped_lock hold(mutex_);
    if (items_.empty()) return std::nullopt;
    const int item = items_.front();
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::deque<int> items_;
};

#endif  // OWN_QUEUE_H_
