// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_PRIMITIVES_THREAD_INDEX_H_
#define HEDDLE_PRIMITIVES_THREAD_INDEX_H_

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace heddle {

// A small dense id for each live thread, given at the first call and returned at thread exit.
// Lock-free; O(kMax) at a thread's first call, a thread-local read after it. A process with more
// than kMax live threads that ask for an id is ended with a message: callers size arrays by kMax.
// Not signal-safe at the first call. After fork the child keeps its caller's id.
class ThreadIndex {
 public:
  static constexpr int kMax = 1024;

  static int get() {
    thread_local const Lease lease;
    return lease.index;
  }

 private:
  struct Lease {
    int index;
    Lease() : index(take()) {}
    // release pairs with take()'s acquire: the next owner of the id sees what this one wrote in
    // its per-thread slots (models/platform/thread_index_explored.cc fails without either).
    ~Lease() { used()[static_cast<std::size_t>(index)].store(false, std::memory_order_release); }
  };

  static std::array<std::atomic<bool>, kMax>& used() {
    static std::array<std::atomic<bool>, kMax> flags{};
    return flags;
  }

  static int take() {
    for (int i = 0; i < kMax; ++i) {
      std::atomic<bool>& flag = used()[static_cast<std::size_t>(i)];
      if (!flag.load(std::memory_order_relaxed) &&
          !flag.exchange(true, std::memory_order_acquire)) {
        return i;
      }
    }
    std::fputs("heddle: more than 1024 live threads use per-thread primitives\n", stderr);
    std::abort();
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_THREAD_INDEX_H_
