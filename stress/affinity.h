// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_AFFINITY_H_
#define HEDDLE_STRESS_AFFINITY_H_

#include <cstdint>

namespace heddle::stress {

// The number of processors this process may run on, as of the first call.
int AllowedCpus();

// Binds the calling thread to the `index`-th of them; it has moved when the call returns.
void MoveToCpu(std::uint32_t index);

// Lets the calling thread run on all of them again.
void FreeFromCpu();

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_AFFINITY_H_
