// SPDX-License-Identifier: Apache-2.0
//
// Which new threads run the same.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_INTERCHANGEABLE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_INTERCHANGEABLE_H_

#include <cstdint>

#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/operation.h"

namespace heddle::explorer {

// Equal of two threads that are created with the same start routine and the same argument. A
// std::thread's argument is an object of the C++ library's on the heap, of which nobody else knows:
// there it is what the object consists of that has to be the same, its type and what the callable
// has captured. Never 0.
std::uint64_t WorkOf(const Operation& create, Heap& heap);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_INTERCHANGEABLE_H_
