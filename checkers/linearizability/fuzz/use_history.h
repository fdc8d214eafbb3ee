// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_FUZZ_USE_HISTORY_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_FUZZ_USE_HISTORY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/named_spec.h"

namespace heddle::linearizability {

// `read` is one of the readers. An input's first byte chooses the specification; what is read is
// judged, described, written and read again. Aborts at what must not be.
void UseHistory(absl::string_view input,
                absl::StatusOr<History> (*read)(absl::string_view, const NamedSpec&));

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_FUZZ_USE_HISTORY_H_
