// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/printable.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {
namespace {

uint8_t Byte(absl::string_view text, std::size_t at) { return static_cast<uint8_t>(text[at]); }

// Of a whole sequence of `length` bytes, 2 to 4.
uint32_t Decode(absl::string_view text, int length) {
  uint32_t code = Byte(text, 0) & (0x7f >> length);
  for (int i = 1; i < length; ++i) code = (code << 6) | (Byte(text, i) & 0x3f);
  return code;
}

bool Misleads(uint32_t code) {
  return code < 0xa0 ||                         // C1 controls: terminals obey them too
         code == 0xad || code == 0x61c ||       // soft hyphen, Arabic letter mark
         (code >= 0x200b && code <= 0x200f) ||  // zero width, direction marks
         (code >= 0x2028 && code <= 0x202e) ||  // separators, embeddings, overrides
         (code >= 0x2060 && code <= 0x206f) ||  // joiners, isolates
         code == 0xfeff ||                      // byte order mark
         (code >= 0xfff9 && code <= 0xfffb) ||  // annotations
         (code >= 0xe0000 && code <= 0xe007f);  // tags
}

}  // namespace

int Utf8Length(absl::string_view text) {
  const uint8_t first = Byte(text, 0);
  if (first < 0x80) return 1;
  const int length = first >= 0xc2 && first < 0xe0   ? 2
                     : first >= 0xe0 && first < 0xf0 ? 3
                     : first >= 0xf0 && first < 0xf5 ? 4
                                                     : 0;
  if (length == 0 || text.size() < static_cast<std::size_t>(length)) return 0;
  for (int i = 1; i < length; ++i) {
    if ((Byte(text, i) & 0xc0) != 0x80) return 0;
  }
  const uint32_t code = Decode(text, length);
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return 0;
  return length;
}

std::string Printable(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    const uint8_t first = Byte(text, 0);
    const int length = Utf8Length(text);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      absl::StrAppendFormat(&result, "\\x%02x", first);
    } else if (length > 1 && Misleads(Decode(text, length))) {
      absl::StrAppendFormat(&result, "\\u{%x}", Decode(text, length));
    } else {
      absl::StrAppend(&result, text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

}  // namespace heddle::lock_order
