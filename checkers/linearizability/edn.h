// SPDX-License-Identifier: Apache-2.0
//
// Reads EDN (github.com/edn-format/edn), form by form: nil, booleans, numbers, strings, characters,
// symbols, keywords, lists, vectors, sets, maps. Of a tagged form the tag is dropped. What is not
// an integer of 64 bits is kept as it is written.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_EDN_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_EDN_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/datum.h"

namespace heddle::linearizability {

class EdnReader {
 public:
  explicit EdnReader(absl::string_view text) : text_(text) {}

  // The next form; nullopt at the end. Errors are "line N: ...", and final.
  absl::StatusOr<std::optional<Datum>> Next();

  // Steps into a vector or a list that encloses all that follows; Next() ends with it.
  bool Enter();

  int line() const { return line_; }

 private:
  static constexpr int kMostDepth = 64;

  absl::Status Error(int line, absl::string_view problem) const;
  // Blanks, comments and discarded forms.
  absl::Status Skip(int depth);
  absl::StatusOr<Datum> Form(int depth);
  absl::StatusOr<Datum> Members(char close, int depth);
  absl::StatusOr<Datum> String();
  absl::StatusOr<Datum> Character();
  absl::StatusOr<Datum> Word();
  char Get() {
    if (text_[at_] == '\n') ++line_;
    return text_[at_++];
  }
  bool AtEnd() const { return at_ == text_.size(); }

  absl::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  char enclosed_ = 0;  // what ends the enclosing vector
  int entered_ = 0;    // its line
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_EDN_H_
