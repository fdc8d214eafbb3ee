// SPDX-License-Identifier: Apache-2.0
//
// What transactions read and write: registers and lists.
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checkers/linearizability/datum.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/history_builder.h"

namespace heddle::linearizability {

absl::Status HistoryBuilder::ReadAccesses(int line, const Datum& value, Operation& op) {
  if (value.kind != Datum::Kind::kList) return Error(line, "txn needs a list of accesses");
  op.key = static_cast<Value>(history_.accesses.size());
  op.argument = static_cast<Value>(value.members.size());
  for (const Datum& member : value.members) {
    const std::string& kind = member.is_list(3) ? member.members[0].text : std::string();
    Access access{.write = kind == "w" || kind == "write" || kind == "append",
                  .list = kind == "append"};
    if (!access.write && kind != "r" && kind != "read") {
      return Error(line, "an access is not [r key value], [w key value] or [append key element]");
    }
    const absl::StatusOr<Value> key = Scalar(line, member.members[1]);
    if (!key.ok()) return key.status();
    access.key = *key;
    Datum elements = member.members[2];
    if (access.list) {
      elements = {.kind = Datum::Kind::kList, .text = "", .members = {member.members[2]}};
    } else if (!access.write && elements.kind == Datum::Kind::kList) {
      access.list = true;
    }
    const absl::StatusOr<Value> accessed =
        access.list ? List(line, elements) : Scalar(line, elements);
    if (!accessed.ok()) return accessed.status();
    access.value = *accessed;
    history_.accesses.push_back(access);
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> HistoryBuilder::List(int line, const Datum& datum) {
  std::string text;
  for (const Datum& member : datum.members) {
    const absl::StatusOr<Value> element = Scalar(line, member);
    if (!element.ok()) return element.status();
    absl::StrAppend(&text, ListElement(*element, history_.texts), " ");
  }
  return text.empty() ? kNone : history_.texts.Add(text);
}

absl::Status HistoryBuilder::TellLists() {
  enum class Is : std::uint8_t { kRegister, kList };
  std::map<Value, Is> keys;
  for (const int pass : {0, 1}) {
    for (const Entry& entry : entries_) {
      for (Value i = entry.op.key; i < entry.op.key + entry.op.argument; ++i) {
        Access& access = history_.accesses[static_cast<std::size_t>(i)];
        const bool tells = access.write || access.list || access.value != kNone;
        if (pass == 0 && tells) {
          const Is is = access.list ? Is::kList : Is::kRegister;
          if (keys.emplace(access.key, is).first->second == is) continue;
          return Error(entry.line, "the key ", FormatValue(access.key, history_.texts),
                       " has a list here and a value elsewhere");
        }
        const auto known = keys.find(access.key);
        if (pass == 1 && known != keys.end()) access.list = known->second == Is::kList;
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace heddle::linearizability
