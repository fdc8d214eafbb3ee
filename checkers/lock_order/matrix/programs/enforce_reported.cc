// SPDX-License-Identifier: Apache-2.0
//
// Two mutexes are taken against the order that a file declares, once, in one thread.
#include <mutex>

namespace {

std::mutex outer;
std::mutex inner;

}  // namespace

int main() {
  std::lock_guard hold_inner(inner);
  std::lock_guard hold_outer(outer);
}
