// SPDX-License-Identifier: Apache-2.0
//
// Stacks of threads that do not answer any more, and crashes as failures.
#ifndef HEDDLE_STRESS_STACKS_H_
#define HEDDLE_STRESS_STACKS_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

namespace heddle::stress {

// A thread's own copy of its call stack, for others to read once depth is not zero.
struct StackSlot {
  std::array<void*, 48> frames{};
  std::atomic<int> depth{0};
};

// From now on SIGSEGV and its like in a thread with a slot record a failure and stop that thread,
// so that the process lives to report it. Call it before there are threads.
void InstallSignalHandlers();

// Declares the calling thread's slot, and gives it a stack for signal handlers. Both must outlive
// it.
inline constexpr std::size_t kSignalStack = 64 * 1024;
void AdoptStackSlot(StackSlot* slot, void* signal_stack);

// Asks the thread to fill its slot. It does so in its own time, or never.
void RequestStack(pid_t thread);

// One line for each frame: "      #0 name". Empty while the slot is.
std::string Symbolized(const StackSlot& slot);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_STACKS_H_
