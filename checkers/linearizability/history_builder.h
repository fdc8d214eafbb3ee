// SPDX-License-Identifier: Apache-2.0
//
// Makes a history of what files say, and refuses what cannot be one. Errors are "line N: ...".
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_BUILDER_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/datum.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/named_spec.h"

namespace heddle::linearizability {

class HistoryBuilder {
 public:
  // `spec` must live as long as this.
  explicit HistoryBuilder(const NamedSpec& spec) : spec_(spec) {}

  // A map with process, type (invoke, ok, fail, info), f, value, and perhaps key and result. The
  // order of the events is that of the calls of this function. What the process :nemesis does does
  // not count.
  absl::Status AddEvent(const Datum& event);

  // A map with process, f, value, key, result, invoke, return (nil or missing: pending).
  absl::Status AddOperation(const Datum& operation);

  absl::StatusOr<History> Finish();

 private:
  struct Entry {
    Operation op;
    int line = 0;
    const FunctionForm* form = nullptr;
    bool failed = false;
    std::vector<Value> items{};  // of Answer::kItems
    bool alone = false;          // nothing else happened meanwhile: the items' order is known
  };
  struct Process {
    std::size_t last = 0;  // of entries_
    bool open = false;
    bool lost = false;  // nobody knows how its last operation ended
  };

  template <class... Parts>
  static absl::Status Error(int line, const Parts&... parts) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", parts...));
  }

  // The function, and whether the process counts.
  absl::StatusOr<const FunctionForm*> ReadHead(const Datum& map, std::int32_t& process,
                                               bool& counts) const;
  absl::StatusOr<Value> Scalar(int line, const Datum& datum);
  absl::StatusOr<Value> OtherNumber(int line, const Datum& datum);
  absl::StatusOr<Value> Number(int line, const Datum* datum, absl::string_view what) const;
  // The value without the key that it may come with.
  static const Datum* TakeKey(const FunctionForm& form, const Datum* value, const Datum*& key);
  absl::Status ReadArguments(const Datum& map, const FunctionForm& form, Operation& op);
  absl::Status ReadAccesses(int line, const Datum& value, Operation& op);
  absl::StatusOr<Value> List(int line, const Datum& datum);
  absl::Status ReadAnswer(int line, const FunctionForm& form, const Datum* answer, bool event,
                          Operation& op);
  absl::Status Invoke(const Datum& event, const FunctionForm& form, std::int32_t process);
  absl::Status End(const Datum& event, const FunctionForm& form, std::int32_t process,
                   absl::string_view type);
  // Whether an operation ends with the argument that it began with.
  absl::Status CompareArguments(const Datum& event, const FunctionForm& form, const Datum& value,
                                const Entry& entry);
  // Which keys have lists: those that somebody appended to, or saw one of.
  absl::Status TellLists();
  absl::Status CheckKeys() const;
  absl::Status CheckOverlap() const;
  absl::Status ReadSet(int line, const FunctionForm& form, const Datum* answer, Operation& op);
  absl::Status ReadItems(int line, const FunctionForm& form, const Datum* answer, Entry& entry);
  // One operation for each item that was drained.
  absl::Status Expand();

  const NamedSpec& spec_;
  History history_;
  std::vector<Entry> entries_;
  bool any_ = false;  // somebody who counts did something
  std::map<std::int32_t, Process> processes_;
  Time now_ = 0;  // of events
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_BUILDER_H_
