// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/model.h"

#include <cstddef>
#include <vector>

#include "checkers/lock_order/report/places.h"

namespace heddle::lock_order {

const ReportFrame* PlaceOf(const std::vector<ReportFrame>& frames) {
  for (const std::size_t i : FramesOfInterest(frames)) {
    if (!frames[i].file.empty() && !IsRuntimeModule(frames[i].module)) return &frames[i];
  }
  for (const ReportFrame& frame : frames) {
    if (!frame.file.empty()) return &frame;
  }
  return frames.empty() ? nullptr : &frames.front();
}

const ReportFrame* PlaceOf(const ReportStack& stack) { return PlaceOf(stack.frames); }

const std::vector<FindingKind>& FindingKinds() {
  static const std::vector<FindingKind> kinds = {
      {"cycle", "lock-order inversion",
       "Threads acquire the same locks in different orders; they can deadlock."},
      {"cycle:timed", "lock-order inversion with a time limit",
       "Threads acquire the same locks in different orders; they can block each other until a wait "
       "times out."},
      {"cycle:class", "lock-order inversion between classes",
       "Locks of the same classes are acquired in different orders, though not the same locks "
       "yet."},
      {"deadlock", "deadlock", "Threads wait for each other for ever."},
      {"level", "lock level violation",
       "A lock was acquired while one of the same or a greater level was held."},
      {"enforce", "lock hierarchy violation",
       "A lock was acquired against the hierarchy in force."},
      {"signal_handler", "lock of a signal handler held with the signal unblocked",
       "A signal handler takes a lock that the interrupted code may hold."},
      {"upgrade", "read lock upgraded in place",
       "Write mode was wanted while the same thread held the lock to read: it waits for itself."},
      {"recursive_read", "recursive read lock behind a writer",
       "A lock held to read is read again; a writer that waits in between stops both."},
      {"condition_wait", "condition wait with another lock held",
       "A thread waits for a condition and keeps a lock that the signalling thread may need."},
      {"thread_exit", "thread ended with a lock held", "Nobody can release the lock any more."},
      {"unlock_not_held", "unlock of a lock that the thread does not hold",
       "The lock was not held, or by another thread."},
      {"destroy_held", "held lock destroyed", "A lock was destroyed while it was held."},
      {"free_held", "memory of a held lock freed",
       "The memory of a lock was freed while it was held."},
      {"blocking_call", "blocking call with a lock held",
       "A call that may block for long was made while a lock was held."},
      {"assert_held", "lock not held", "An assertion that a lock is held failed."},
      {"assert_not_held", "lock held", "An assertion that a lock is not held failed."},
      {"condition_two_mutexes", "condition variable used with two mutexes",
       "Threads wait at one condition variable with different mutexes."},
  };
  return kinds;
}

}  // namespace heddle::lock_order
