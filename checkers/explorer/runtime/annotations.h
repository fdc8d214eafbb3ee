// SPDX-License-Identifier: Apache-2.0
//
// What a program tells race detectors of itself: the functions that ThreadSanitizer's runtime has
// for that, and Valgrind's macros before it.
//
// Races that it says are benign, and accesses that it asks to be ignored, are no races here either.
// What else it may tell, that something synchronizes, is seen as it is: by the atomics, fences and
// locks that it consists of. So that says nothing new, and is not needed.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_ANNOTATIONS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_ANNOTATIONS_H_

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

class Annotations {
 public:
  // There have been some: otherwise all accesses count.
  bool any() const { return any_; }
  // Whether the access cannot be part of a race.
  bool Excuse(ThreadId thread, std::uintptr_t address, std::size_t size, bool write) const;
  bool IsBenign(std::uintptr_t address, std::size_t size) const;

  // False: there is no room.
  bool AddBenign(std::uintptr_t address, std::size_t size);
  // Of a thread's reads, or its writes, from here on: once more, or once less.
  void Ignore(ThreadId thread, bool writes, int by);

 private:
  struct Range {
    std::uintptr_t address;
    std::size_t size;
  };
  static constexpr std::size_t kRanges = 256;

  bool any_;
  std::size_t count_;
  Range benign_[kRanges];
  int ignored_[kMaxThreads][2];  // reads, writes
};

// Of this execution. A global variable as the program's own are: put back each time.
extern Annotations g_annotations;

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_ANNOTATIONS_H_
