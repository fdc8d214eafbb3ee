// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_OWN_CODE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_OWN_CODE_H_

#include "checkers/explorer/graph/event.h"

extern "C" {
// The linker's: where the runtime's code stands (state.h).
extern const unsigned char __start_heddle_runtime[] __attribute__((visibility("hidden")));
extern const unsigned char __stop_heddle_runtime[] __attribute__((visibility("hidden")));
}

namespace heddle::explorer {

// Whether it is the runtime that calls, or is called, there. It runs on the program's threads too,
// and what it does is not the program's.
inline bool IsOwnCode(Site site) {
  return site - reinterpret_cast<Site>(__start_heddle_runtime) <
         static_cast<Site>(__stop_heddle_runtime - __start_heddle_runtime);
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_OWN_CODE_H_
