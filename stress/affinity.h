// SPDX-License-Identifier: Apache-2.0
//
// Binding threads to processors, on machines of any size.
#ifndef HEDDLE_STRESS_AFFINITY_H_
#define HEDDLE_STRESS_AFFINITY_H_

#include <cstdint>
#include <vector>

namespace heddle::stress {

// The processors this process may run on, as of the first call; by the kernel's numbers, ascending.
// Processor 0 alone where the kernel does not say.
const std::vector<int>& AllowedCpuNumbers();
int AllowedCpus();  // how many they are

// Binds the calling thread to the processor with that number; it has moved when the call returns.
void BindToCpu(int number);

// The same, by its index among the allowed ones.
void MoveToCpu(std::uint32_t index);

// Lets the calling thread run on all of them again.
void FreeFromCpu();

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_AFFINITY_H_
