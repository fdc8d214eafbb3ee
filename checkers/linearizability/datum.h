// SPDX-License-Identifier: Apache-2.0
//
// A value as it is written in a history file, JSON or EDN.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_DATUM_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_DATUM_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace heddle::linearizability {

struct Datum {
  enum class Kind : std::uint8_t {
    kNil,
    kBoolean,
    kNumber,  // an integer of 64 bits
    kText,    // a string, keyword, symbol or character
    kList,    // a list, vector or set
    kMap,     // members are keys and values by turns
    kOther,   // a number of another kind; `text` is how it is written
  };
  Kind kind = Kind::kNil;
  bool keyword = false;     // a text that is a keyword; without its colon
  std::int64_t number = 0;  // 0 or 1 of a boolean
  std::string text;
  std::vector<Datum> members;
  int line = 0;

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_list(std::size_t size) const { return kind == Kind::kList && members.size() == size; }

  // The member of a map with this key (a keyword, or any text). Null: there is none.
  const Datum* Member(absl::string_view key) const {
    for (std::size_t i = 0; kind == Kind::kMap && i + 1 < members.size(); i += 2) {
      if (members[i].kind == Kind::kText && members[i].text == key) return &members[i + 1];
    }
    return nullptr;
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_DATUM_H_
