// SPDX-License-Identifier: Apache-2.0
//
// What Weakening has found out: as text, as lines of JSON, as a page of Markdown.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_REPORT_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_REPORT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/heddle/weaken.h"

namespace heddle::weaken {

// Why orders are what they are though no exploration needs them, written by hand: a line
//   FILE  FUNCTION  OPERATION  ORDER  REASON
// each, separated by tabs; empty lines and those with # in front are skipped.
using Reasons = std::map<std::string, std::string>;
absl::StatusOr<Reasons> ParseReasons(absl::string_view text);
// Of this order; empty: none.
std::string ReasonFor(const Reasons& reasons, const Knob& knob);

// `replay` is the command for a counterexample's file.
std::string Text(const Weakening& result, const Settings& settings, const Reasons& reasons);
std::string Json(const Weakening& result, const Settings& settings, const Reasons& reasons);
// `command` is what the page says it was made by.
std::string Markdown(const Weakening& result, const Reasons& reasons, absl::string_view command);

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_REPORT_H_
