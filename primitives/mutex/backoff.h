// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_PRIMITIVES_MUTEX_BACKOFF_H_
#define HEDDLE_PRIMITIVES_MUTEX_BACKOFF_H_

#include "primitives/platform.h"

namespace heddle {

// How one waiter waits between two looks at a word: 1, 2, 4, .. 2^(kRounds-1) pauses, and from then
// on it gives up the processor each time, because the thread it waits for may need one. Not shared
// between threads; make a new one for each wait.
template <Platform P>
class Backoff {
 public:
  void operator()() {
    if (P::kExhaustive || round_ == kRounds) {
      P::yield();
      return;
    }
    for (int i = 0; i < 1 << round_; ++i) P::pause();
    ++round_;
  }

 private:
  static constexpr int kRounds = 7;  // 127 pauses in all: about what a context switch costs
  int round_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_BACKOFF_H_
