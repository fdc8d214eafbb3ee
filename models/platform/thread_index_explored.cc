// SPDX-License-Identifier: Apache-2.0
//
// Three threads that write to the slots of their ids, in every execution: who gets the id of one
// that has ended comes after it, and nobody gets that of a living one.
#include <cassert>
#include <cstddef>
#include <thread>

#include "primitives/thread_index.h"

namespace {

int slots[3];

void Count() {
  const int index = heddle::ThreadIndex::get();
  assert(index >= 0 && index < 3 && index == heddle::ThreadIndex::get());
  ++slots[static_cast<std::size_t>(index)];
}

}  // namespace

int main() {
  std::thread threads[3];
  for (std::thread& thread : threads) thread = std::thread(Count);
  for (std::thread& thread : threads) thread.join();
  assert(slots[0] + slots[1] + slots[2] == 3);
  return 0;
}
