// SPDX-License-Identifier: Apache-2.0
//
// Operations on all that is in an object: what drains a queue, or reads a set as a whole.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/linearizability/datum.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/history_builder.h"
#include "checkers/linearizability/named_spec.h"

namespace heddle::linearizability {

absl::Status HistoryBuilder::ReadSet(int line, const FunctionForm& form, const Datum* answer,
                                     Operation& op) {
  if (answer == nullptr || answer->kind != Datum::Kind::kList) {
    return Error(line, "the result of ", form.names, " is no list");
  }
  std::vector<Value> elements;
  for (const Datum& member : answer->members) {
    const absl::StatusOr<Value> element = Scalar(line, member);
    if (!element.ok()) return element.status();
    elements.push_back(*element);
  }
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  op.result = static_cast<Value>(history_.sets.size());
  history_.sets.push_back(std::move(elements));
  return absl::OkStatus();
}

absl::Status HistoryBuilder::ReadItems(int line, const FunctionForm& form, const Datum* answer,
                                       Entry& entry) {
  if (answer == nullptr || answer->is_nil()) return absl::OkStatus();
  if (answer->kind != Datum::Kind::kList) {
    return Error(line, "the result of ", form.names, " is no list");
  }
  for (const Datum& item : answer->members) {
    const absl::StatusOr<Value> read = Scalar(line, item);
    if (!read.ok()) return read.status();
    entry.items.push_back(*read);
  }
  return absl::OkStatus();
}

// They came one after the other. Where something else happened meanwhile nobody knows when: each at
// any time of the whole, as if by a process of its own. That is less than is known, and blames
// nobody who did nothing wrong.
absl::Status HistoryBuilder::Expand() {
  std::int64_t process = 0;
  for (const Entry& entry : entries_) process = std::max<std::int64_t>(process, entry.op.process);
  std::vector<Entry> all;
  for (Entry& entry : entries_) {
    if (entry.form->answer != Answer::kItems) {
      all.push_back(std::move(entry));
      continue;
    }
    if (entry.op.pending()) {
      return Error(entry.line, "nobody knows what a ", entry.form->names,
                   " without an end has taken");
    }
    for (std::size_t i = 0; i < entry.items.size(); ++i) {
      Entry& one = all.emplace_back(Entry{.op = entry.op, .line = entry.line, .form = entry.form});
      one.op.result = entry.items[i];
      if (entry.alone) {
        one.op.invoke = entry.op.invoke + 2 * i;
        one.op.done = one.op.invoke + 1;
      }
      if (entry.alone || i == 0) continue;
      if (++process > std::numeric_limits<std::int32_t>::max()) {
        return Error(entry.line, "no number is left for a process");
      }
      one.op.process = static_cast<std::int32_t>(process);
    }
  }
  entries_ = std::move(all);
  return absl::OkStatus();
}

}  // namespace heddle::linearizability
