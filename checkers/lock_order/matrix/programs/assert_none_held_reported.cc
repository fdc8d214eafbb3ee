// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_ASSERT_NO_LOCK_HELD while a mutex is held.
#include <mutex>

#include "checkers/lock_order/heddle_lock_order.h"

namespace {

std::mutex mutex;

}  // namespace

int main() {
  std::lock_guard hold(mutex);
  HEDDLE_ASSERT_NO_LOCK_HELD("a remote call");
}
