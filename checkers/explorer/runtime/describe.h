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

// An access to memory of a function that the thread `owner` has left; and that it is about to
// leave, with an access that does not happen before. `position`: how many events it has told.
void DescribeDeadStack(ThreadId owner, int position, const FoundAccess& access, Fault& fault);
void DescribeLeftStack(ThreadId owner, int position, std::uintptr_t address,
                       const ShadowAccess& access, Fault& fault);

// An access to the heap that is outside of every block, or to one that is freed.
void DescribeBadAccess(Heap& heap, std::uintptr_t address, std::size_t size, bool write,
                       bool atomic, ThreadId thread, Site site, int position, Fault& fault);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_DESCRIBE_H_
