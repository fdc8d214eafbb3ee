// SPDX-License-Identifier: Apache-2.0
//
// Programs in whose executions there is what an explorer could keep something of:
//   everything N  threads that allocate, throw, and have thread_local variables and functions as
//                 values
//   counter N     threads that do next to nothing: very many executions
//   waiting N     threads that wait in loops
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

thread_local std::string name;

void Body(std::atomic<int>& counter, const std::function<int(int)>& next) {
  name = "longer than what a string has room for in itself";
  const auto block = std::make_unique<char[]>(name.size());
  block[0] = 1;
  try {
    throw std::runtime_error(name);
  } catch (const std::runtime_error&) {
    counter.fetch_add(next(0), std::memory_order_relaxed);
  }
}

template <typename Work>
void Run(int n, const Work& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

int Everything(int n) {
  std::atomic<int> counter{0};
  const std::function<int(int)> next = [n](int i) { return i + n; };
  Run(n, [&] { Body(counter, next); });
  return counter.load(std::memory_order_relaxed) / n;
}

int Counter(int n) {
  std::atomic<int> counter{0};
  Run(n, [&] { counter.fetch_add(1, std::memory_order_relaxed); });
  return counter.load(std::memory_order_relaxed);
}

int Waiting(int n) {
  std::atomic<bool> locked{false};
  int plain = 0;
  Run(n, [&] {
    do {
      while (locked.load(std::memory_order_relaxed)) {
      }
    } while (locked.exchange(true, std::memory_order_acquire));
    ++plain;
    locked.store(false, std::memory_order_release);
  });
  return plain;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int n = static_cast<int>(std::strtol(argv[2], nullptr, 10));
  if (std::strcmp(argv[1], "everything") == 0) return Everything(n) == n ? 0 : 1;
  if (std::strcmp(argv[1], "counter") == 0) return Counter(n) == n ? 0 : 1;
  return Waiting(n) == n ? 0 : 1;
}
