// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/interchangeable.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heddle::explorer {
namespace {

// FNV-1a.
class Hash {
 public:
  void Add(const void* bytes, std::size_t size) {
    const auto* const from = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ from[i]) * 0x100000001b3U;
  }
  std::uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

// The start routine of all std::threads: a function that only libstdc++ itself knows.
bool IsOfStandardThreads(void* (*function)(void*)) {
  Dl_info found{};
  if (dladdr(reinterpret_cast<const void*>(function), &found) == 0) return false;
  return found.dli_fname != nullptr &&
         std::string_view(found.dli_fname).find("libstdc++.so") != std::string_view::npos;
}

}  // namespace

std::uint64_t WorkOf(const Operation& create, Heap& heap) {
  Hash hash;
  hash.Add(&create.function, sizeof create.function);
  hash.Add(&create.detached, sizeof create.detached);
  const auto argument = reinterpret_cast<std::uintptr_t>(create.argument);
  const Block* const block = heap.Contains(argument) ? heap.Find(argument) : nullptr;
  if (block != nullptr && IsOfStandardThreads(create.function) &&
      heap.Accessible(argument, block->size)) {
    hash.Add(&block->size, sizeof block->size);
    hash.Add(create.argument, block->size);
  } else {
    hash.Add(&argument, sizeof argument);
  }
  return hash.value();
}

}  // namespace heddle::explorer
