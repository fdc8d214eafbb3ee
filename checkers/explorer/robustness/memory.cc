// SPDX-License-Identifier: Apache-2.0
//
// A program that in each execution allocates, throws, starts threads, and has thread_local
// variables and functions as values: what an explorer could keep something of.
#include <atomic>
#include <cstdlib>
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

}  // namespace

int main(int argc, char** argv) {
  const int n = argc > 1 ? std::atoi(argv[1]) : 3;
  std::atomic<int> counter{0};
  const std::function<int(int)> next = [n](int i) { return i + n; };
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) threads.emplace_back([&] { Body(counter, next); });
  for (std::thread& thread : threads) thread.join();
  return counter.load(std::memory_order_relaxed) == n * n ? 0 : 1;
}
