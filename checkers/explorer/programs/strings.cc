// SPDX-License-Identifier: Apache-2.0
//
// Strings as they are before C++20, where the C++ library's own code works on them.
#include <cassert>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

namespace {

void Append(bool locked) {
  std::string text = "a few words";
  std::mutex mutex;
  std::size_t size = 0;
  std::thread looks([&] {
    std::unique_lock<std::mutex> hold(mutex, std::defer_lock);
    if (locked) hold.lock();
    size = text.size();
  });
  {
    std::unique_lock<std::mutex> hold(mutex, std::defer_lock);
    if (locked) hold.lock();
    text.append(" more");
  }
  looks.join();
  assert(text == "a few words more" && (size == 11 || size == 16));
}

}  // namespace

int main(int argc, char** argv) {
  static_assert(__cplusplus < 202002L, "strings are templates like others");
  const bool locked = argc == 2 && std::strcmp(argv[1], "locked") == 0;
  const bool known = locked || (argc == 2 && std::strcmp(argv[1], "unlocked") == 0);
  if (!known) {
    std::fprintf(stderr, "usage: %s locked|unlocked\n", argv[0]);
    return 2;
  }
  Append(locked);
  return 0;
}
