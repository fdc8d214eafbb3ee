// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_ASSERT_HELD of a mutex that the thread does not hold.
#include <mutex>

#include "checkers/lock_order/heddle_lock_order.h"

namespace {

std::mutex mutex;

}  // namespace

int main() { HEDDLE_ASSERT_HELD(mutex); }
