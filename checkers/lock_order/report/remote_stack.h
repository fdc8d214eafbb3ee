// SPDX-License-Identifier: Apache-2.0
//
// The present stack of a thread of another process, by ptrace: where the system allows it.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_REMOTE_STACK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_REMOTE_STACK_H_

#include <cstdint>
#include <vector>

namespace heddle::lock_order {

// Return addresses, innermost first, from the caller of the lock operation on; empty when the
// thread cannot be looked at. The thread stops for that time.
std::vector<uint64_t> StackOfThread(uint32_t pid, uint32_t tid);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_REMOTE_STACK_H_
