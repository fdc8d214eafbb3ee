// SPDX-License-Identifier: Apache-2.0
//
// SimShared's view of the engine, whose threads are fibers of one thread.
#ifndef HEDDLE_CHECKERS_RELACY_RELACY_SHARED_H_
#define HEDDLE_CHECKERS_RELACY_RELACY_SHARED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "checkers/relacy/cells.h"
#include "checkers/scenario/sim_shared.h"

namespace heddle {

template <class P>
struct RelacySharedHooks {
  using Thread = typename SimShared<P, RelacySharedHooks>::Thread;

  static Thread& thread() {
    static std::array<Thread, P::kMaxThreads> threads;
    return threads[id() - 1];
  }
  static std::uint32_t id() {
    const int index = relacy::ProcessIndex();
    return static_cast<std::uint32_t>(index < 0 ? 0 : index) + 1;
  }
  static bool dies() { return relacy::Choose(2, std::source_location::current()) == 1; }
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_RELACY_RELACY_SHARED_H_
