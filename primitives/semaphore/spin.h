// SPDX-License-Identifier: Apache-2.0
//
// How long semaphores and barriers wait awake before they sleep: a few pauses, for a partner that
// is running and nearly there; then a few yields, which cost as much as a wake-up when there is
// nothing else to run, and let the partner run when there is. Pausing for as long would spin time
// slices away as soon as threads outnumber processors.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_SPIN_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_SPIN_H_

#include "primitives/platform.h"

namespace heddle::semaphore_internal {

inline constexpr int kPauses = 10;

template <Platform P>
inline constexpr int kSpins = P::kExhaustive ? 0 : kPauses + 20;

// One of kSpins turns, counted from 0.
template <Platform P>
void spin(int turn) {
  if (turn < kPauses) {
    P::pause();
  } else {
    P::yield();
  }
}

}  // namespace heddle::semaphore_internal

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_SPIN_H_
