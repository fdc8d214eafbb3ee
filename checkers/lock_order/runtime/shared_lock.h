// SPDX-License-Identifier: Apache-2.0
//
// Locks in memory that processes share. Their bytes belong to all of them, so no tag is kept there;
// and what names one everywhere is where it is in the mapped file.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SHARED_LOCK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SHARED_LOCK_H_

#include <stdint.h>

#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

// The node of a process-shared lock.
HEDDLE_COLD uint32_t shared_node(ThreadState& t, const void* lock, LockKind kind, Call call);

// Of the place that `address` is mapped from: device, inode and offset. 0: it is no shared mapping.
uint64_t mapping_identity(uint64_t address);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SHARED_LOCK_H_
