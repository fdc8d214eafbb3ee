// SPDX-License-Identifier: Apache-2.0
//
// Errors of the program in words.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_DESCRIBE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_DESCRIBE_H_

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/shadow.h"

namespace heddle::explorer {

// `now` and `before` are accesses to the granule of `address`.
void DescribeRace(std::uintptr_t address, const ShadowAccess& now, const ShadowAccess& before,
                  Fault& fault);

// An access to the heap that is outside of every block, or to one that is freed.
// Of an access to what the thread `owner` has left its stack with.
void DescribeDeadStack(ThreadId owner, const FoundAccess& access, Fault& fault);
void DescribeBadAccess(Heap& heap, std::uintptr_t address, std::size_t size, bool write,
                       bool atomic, ThreadId thread, Site site, int position, Fault& fault);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_DESCRIBE_H_
