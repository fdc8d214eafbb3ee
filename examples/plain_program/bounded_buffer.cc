// SPDX-License-Identifier: Apache-2.0
//
// A buffer between threads, as many programs have one. It includes nothing of Heddle, and it is
// wrong:
//
//   ./heddle explore examples/plain_program/bounded_buffer.cc
//
// says how, and ./heddle explore -DFIXED examples/plain_program/bounded_buffer.cc that there is
// nothing else.
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

class BoundedBuffer {
 public:
  void Put(int value) {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return !full_; });
    value_ = value;
    full_ = true;
    Changed();
  }

  int Take() {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return full_; });
    full_ = false;
    const int value = value_;
    Changed();
    return value;
  }

 private:
  // Those who put and those who take wait for the same condition: one wake-up may reach the wrong
  // one.
  void Changed() {
#ifdef FIXED
    changed_.notify_all();
#else
    changed_.notify_one();
#endif
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int value_ = 0;
  bool full_ = false;
};

int main() {
  BoundedBuffer buffer;
  int first = 0;
  int second = 0;
  std::thread put([&] { buffer.Put(1); });
  std::thread put_another([&] { buffer.Put(2); });
  std::thread take([&] { first = buffer.Take(); });
  second = buffer.Take();
  put.join();
  put_another.join();
  take.join();
  assert(first + second == 3);
}
