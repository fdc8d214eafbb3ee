// SPDX-License-Identifier: Apache-2.0
//
// Two mutexes are taken in the order that a file declares.
#include <mutex>

namespace {

std::mutex outer;
std::mutex inner;

}  // namespace

int main() {
  std::lock_guard hold_outer(outer);
  std::lock_guard hold_inner(inner);
}
