// SPDX-License-Identifier: Apache-2.0
//
// A verdict on a history for a reader: text, JSON, an HTML page with a timeline.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_REPORT_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_REPORT_H_

#include <string>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/named_spec.h"

namespace heddle::linearizability {

struct Judged {
  std::string name;       // of the history, a file perhaps
  std::string criterion;  // "linearizable", "quiescently consistent"
  const NamedSpec* spec = nullptr;
  const History* history = nullptr;
  Result result;
  double seconds = 0;
};

// "ok", "violated", "exhausted".
std::string ToString(Judgement judgement);
// "time", "steps", "memory"; empty: none.
std::string ToString(Shortage shortage);

std::string FormatText(const Judged& judged);
std::string FormatJson(const Judged& judged);

// Operations are bars over an axis of events, a row for each process; no scripts, nothing loaded.
std::string FormatHtml(const Judged& judged);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_REPORT_H_
