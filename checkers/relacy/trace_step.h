// SPDX-License-Identifier: Apache-2.0
//
// What every operation of a cell does beside its work: hand its location to Relacy, and write a
// line of the trace.
#ifndef HEDDLE_CHECKERS_RELACY_TRACE_STEP_H_
#define HEDDLE_CHECKERS_RELACY_TRACE_STEP_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"
#include "checkers/relacy/cells.h"
#include "checkers/relacy/relacy_headers.h"
#include "checkers/relacy/run_state.h"

namespace heddle::relacy {

inline rl::debug_info Info(Location where) {
  return {where.function_name(), where.file_name(), where.line()};
}

inline absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

// Only while State().tracing. Returns the step's number.
inline int TraceStep(Location where, std::string text) {
  RunState& state = State();
  return state.trace.Add(state.Column(), where, std::move(text));
}

}  // namespace heddle::relacy

#endif  // HEDDLE_CHECKERS_RELACY_TRACE_STEP_H_
