// SPDX-License-Identifier: Apache-2.0
//
// A thread locks a recursive mutex that it holds already.
#include <mutex>

namespace {

std::recursive_mutex mutex;

}  // namespace

int main() {
  std::lock_guard once(mutex);
  std::lock_guard twice(mutex);
}
