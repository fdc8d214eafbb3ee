// SPDX-License-Identifier: Apache-2.0
//
// Levels are given to a mutex and a rwlock that were used before; the one of level 10 is acquired
// under that of level 20.
#include <mutex>
#include <shared_mutex>

#include "checkers/lock_order/heddle_lock_order.h"

namespace {

std::mutex outer;
std::shared_mutex inner;

}  // namespace

int main() {
  {
    std::lock_guard hold(outer);
  }
  {
    std::shared_lock hold(inner);
  }
  heddle_lock_set_level(&outer, 10);
  heddle_lock_set_level(&inner, 20);
  std::shared_lock hold_inner(inner);
  std::lock_guard hold_outer(outer);
}
