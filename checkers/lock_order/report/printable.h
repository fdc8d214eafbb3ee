// SPDX-License-Identifier: Apache-2.0
//
// Names come from files that anybody may have written. Before a person sees them in a terminal or a
// page, what could pass for something else is spelled out: control characters (they drive
// terminals), marks that reorder text (U+202E and its like), and bytes that are not UTF-8.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PRINTABLE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace heddle::lock_order {

// Valid UTF-8 without such characters: bytes become \xNN, characters \u{NNNN}.
std::string Printable(absl::string_view text);

// Bytes of the UTF-8 sequence that `text` (not empty) begins with; 0: it begins with none.
int Utf8Length(absl::string_view text);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PRINTABLE_H_
