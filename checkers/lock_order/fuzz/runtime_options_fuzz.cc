// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_LOCKORDER_OPTIONS as the runtime reads it, inside a program that trusts it.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/runtime/options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(data), size);
  Options options;
  parse_options(text.c_str(), &options);
  Demand(std::memchr(options.graph, 0, kPathBytes) != nullptr ? "" : "has no end", "graph");
  Demand(std::memchr(options.watcher, 0, kPathBytes) != nullptr ? "" : "has no end", "watcher");
  Demand(options.exitcode <= 255 ? "" : "out of range", "exitcode");
  char small[40];
  char large[2 * kPathBytes];
  for (const uint64_t pid : {uint64_t{0}, uint64_t{1234}, ~uint64_t{0}}) {
    if (expand_path(options.graph, pid, small, sizeof small)) {
      Demand(std::memchr(small, 0, sizeof small) != nullptr ? "" : "has no end", "a path");
    }
    expand_path(options.graph, pid, large, sizeof large);
  }
  return 0;
}
