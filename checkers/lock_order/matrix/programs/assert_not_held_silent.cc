// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_ASSERT_NOT_HELD of a mutex that the thread has released.
#include <mutex>

#include "checkers/lock_order/heddle_lock_order.h"

namespace {

std::mutex mutex;

}  // namespace

int main() {
  {
    std::lock_guard hold(mutex);
  }
  HEDDLE_ASSERT_NOT_HELD(mutex);
}
