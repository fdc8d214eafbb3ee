// SPDX-License-Identifier: Apache-2.0
//
// growing_program PAIRS: nests so many new pairs of locks, in two threads, then some of them again;
// tells how far it came and ends with status 7. What it does needs many megabytes of graph.
#include <pthread.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Row {
  std::vector<pthread_mutex_t> mutexes;
  std::uint64_t sum = 0;

  explicit Row(std::size_t count) : mutexes(count, PTHREAD_MUTEX_INITIALIZER) {}
  void pair(std::size_t first) {
    pthread_mutex_lock(&mutexes[first]);
    pthread_mutex_lock(&mutexes[first + 1]);
    sum += first;
    pthread_mutex_unlock(&mutexes[first + 1]);
    pthread_mutex_unlock(&mutexes[first]);
  }
  void all() {
    for (std::size_t i = 0; i + 1 < mutexes.size(); ++i) pair(i);
    for (std::size_t i = 0; i + 1 < mutexes.size(); i += 7) pair(i);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto count = std::strtoul(argv[1], nullptr, 10);
  Row one(count);
  Row two(count);
  std::thread other([&] { two.all(); });
  one.all();
  other.join();
  std::puts(std::to_string(one.sum + two.sum).c_str());
  return 7;
}
