// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_LOCKORDER_OPTIONS as the analyzer reads it, and what it makes of it for the runtime.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/report/options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(data), size);
  Options options;
  const absl::Status status = ParseOptions(text, options);
  if (!status.ok()) {
    Demand(status.message().empty() ? "no message" : "", "an error");
    return 0;
  }
  // What is handed on to the runtime says what was said here.
  Options again;
  const std::string handed_on = RuntimeOptionsText(options);
  Demand(ParseOptions(handed_on, again).ok() ? "" : handed_on, "options for the runtime");
  Demand(again.runtime == options.runtime ? "" : handed_on, "options for the runtime");
  return 0;
}
