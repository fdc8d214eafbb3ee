// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "checkers/linearizability/fuzz/use_history.h"
#include "checkers/linearizability/history_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::linearizability;  // NOLINT(google-build-using-namespace)
  UseHistory(absl::string_view(reinterpret_cast<const char*>(data), size), ReadEdnHistory);
  return 0;
}
