// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_MONOTONIC_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_MONOTONIC_H_

#include <time.h>

namespace heddle::explorer {

// Seconds, of the runtime's own time: the program's stands still.
inline double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_MONOTONIC_H_
