// SPDX-License-Identifier: Apache-2.0
//
// A lock of level 10 is acquired under one of level 20, once, in one thread.
#include <mutex>

#include "checkers/lock_order/heddle_lock_order.h"

namespace {

std::mutex outer;
std::mutex inner;

}  // namespace

int main() {
  heddle_lock_set_level(&outer, 10);
  heddle_lock_set_level(&inner, 20);
  std::lock_guard hold_inner(inner);
  std::lock_guard hold_outer(outer);
}
