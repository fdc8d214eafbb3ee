// SPDX-License-Identifier: Apache-2.0
//
// The same shapes with absl::Mutex, whose own check is on when LOCK_COST_ABSL says "report". It
// exists only where NDEBUG is not defined.
#include <cstdlib>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "checkers/lock_order/bench/lock_cost.h"

#ifdef NDEBUG
#error "absl checks nothing here"
#endif

namespace {

class Lock {
 public:
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

 private:
  absl::Mutex mutex_;
};

}  // namespace

int main(int argc, char** argv) {
  const char* mode = std::getenv("LOCK_COST_ABSL");
  absl::SetMutexDeadlockDetectionMode(mode != nullptr && std::string(mode) == "report"
                                          ? absl::OnDeadlockCycle::kReport
                                          : absl::OnDeadlockCycle::kIgnore);
  return heddle::lock_cost::Main<Lock>(argc, argv);
}
