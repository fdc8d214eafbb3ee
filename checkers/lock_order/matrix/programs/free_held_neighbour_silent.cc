// SPDX-License-Identifier: Apache-2.0
//
// Blocks on both sides of one with a held mutex in it are freed, and grow and shrink.
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

int main() {
  std::vector<std::unique_ptr<std::mutex>> mutexes;
  for (int i = 0; i < 100; ++i) mutexes.push_back(std::make_unique<std::mutex>());
  std::lock_guard hold(*mutexes[50]);
  for (std::size_t i = 0; i < mutexes.size(); ++i) {
    if (i != 50) mutexes[i].reset();
  }
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "text";
}
