// SPDX-License-Identifier: Apache-2.0
//
// Hierarchy files: what is read is written so that it is read as the same, and can be enforced.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/fuzz/use_graph.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)
  static const Graph& graph = *new Graph(RichGraph());
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto hierarchy = ParseHierarchy(text);
  if (!hierarchy.ok()) {
    Demand(hierarchy.status().message().find("line ") == 0 ? "" : "names no line", "an error");
    return 0;
  }
  const auto again = ParseHierarchy(FormatHierarchy(*hierarchy));
  Demand(again.ok() ? "" : std::string(again.status().message()), "a hierarchy read back");
  Demand(again->level == hierarchy->level ? "" : "differs", "a hierarchy read back");
  Enforcer enforcer(*hierarchy);
  for (const OrderViolation& violation : enforcer.Check(graph)) {
    Demand(violation.held < graph.chains.size() && violation.acquired < graph.chains.size()
               ? ""
               : "out of range",
           "a violation");
  }
  return 0;
}
