// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/edn.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::linearizability {
namespace {

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == ','; }

bool EndsWord(char c) {
  return IsBlank(c) || absl::string_view("()[]{}\";").find(c) != absl::string_view::npos;
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

bool LooksLikeNumber(absl::string_view word) {
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.remove_prefix(1);
  return !word.empty() && absl::ascii_isdigit(static_cast<unsigned char>(word[0]));
}

bool SameKey(const Datum& a, const Datum& b) {
  return a.kind == b.kind && a.keyword == b.keyword && a.number == b.number && a.text == b.text &&
         a.members.empty() && b.members.empty();
}

}  // namespace

absl::Status EdnReader::Error(int line, absl::string_view problem) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", problem));
}

absl::Status EdnReader::Skip(int depth) {
  if (depth > kMostDepth) return Error(line_, "nested too deep");
  while (!AtEnd()) {
    const char c = text_[at_];
    if (IsBlank(c)) {
      Get();
    } else if (c == ';') {
      while (!AtEnd() && text_[at_] != '\n') Get();
    } else if (c == '#' && at_ + 1 < text_.size() && text_[at_ + 1] == '_') {
      const int line = line_;
      at_ += 2;
      if (absl::Status status = Skip(depth + 1); !status.ok()) return status;
      if (AtEnd()) return Error(line, "nothing follows #_");
      if (absl::StatusOr<Datum> form = Form(depth + 1); !form.ok()) return form.status();
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

bool EdnReader::Enter() {
  if (!Skip(0).ok() || AtEnd() || (text_[at_] != '[' && text_[at_] != '(')) return false;
  entered_ = line_;
  enclosed_ = Get() == '[' ? ']' : ')';
  return true;
}

absl::StatusOr<std::optional<Datum>> EdnReader::Next() {
  if (absl::Status status = Skip(0); !status.ok()) return status;
  if (enclosed_ != 0) {
    if (AtEnd())
      return Error(entered_,
                   absl::StrCat("this list is cut off: no '", std::string(1, enclosed_), "'"));
    if (text_[at_] == enclosed_) {
      Get();
      enclosed_ = 0;
      if (absl::Status status = Skip(0); !status.ok()) return status;
      if (!AtEnd()) return Error(line_, "something follows the list of operations");
    }
  }
  if (AtEnd()) return std::optional<Datum>();
  absl::StatusOr<Datum> form = Form(0);
  if (!form.ok()) return form.status();
  return std::optional<Datum>(*std::move(form));
}

absl::StatusOr<Datum> EdnReader::Form(int depth) {
  if (depth > kMostDepth) return Error(line_, "nested too deep");
  const int line = line_;
  absl::StatusOr<Datum> form;
  switch (const char c = text_[at_]) {
    case '(':
    case '[':
      Get();
      form = Members(c == '(' ? ')' : ']', depth);
      break;
    case '{':
      Get();
      form = Members('}', depth);
      if (!form.ok()) break;
      form->kind = Datum::Kind::kMap;
      if (form->members.size() % 2 != 0) return Error(line, "a map has a key without a value");
      for (std::size_t i = 0; i < form->members.size(); i += 2) {
        for (std::size_t j = 0; j < i && form->members.size() < 200; j += 2) {
          if (SameKey(form->members[i], form->members[j])) {
            return Error(line, absl::StrCat("a map has the key ", form->members[i].text, " twice"));
          }
        }
      }
      break;
    case ')':
    case ']':
    case '}':
      return Error(line, absl::StrCat("unexpected '", std::string(1, c), "'"));
    case '"':
      form = String();
      break;
    case '\\':
      form = Character();
      break;
    case '#':
      Get();
      if (AtEnd()) return Error(line, "cut off after '#'");
      if (text_[at_] == '{') {
        Get();
        form = Members('}', depth);
        break;
      }
      if (text_[at_] == '#') {  // ##NaN and its like
        Get();
        form = Word();
        if (form.ok()) form->kind = Datum::Kind::kOther;
        break;
      }
      // A tag, and what it is a tag of.
      if (absl::StatusOr<Datum> tag = Word(); !tag.ok()) return tag.status();
      if (absl::Status status = Skip(depth + 1); !status.ok()) return status;
      if (AtEnd()) return Error(line, "cut off after a tag");
      form = Form(depth + 1);
      break;
    default:
      form = Word();
  }
  if (form.ok()) form->line = line;
  return form;
}

absl::StatusOr<Datum> EdnReader::Members(char close, int depth) {
  const int line = line_;
  Datum list;
  list.kind = Datum::Kind::kList;
  while (true) {
    if (absl::Status status = Skip(depth + 1); !status.ok()) return status;
    if (AtEnd()) return Error(line, absl::StrCat("cut off: no '", std::string(1, close), "'"));
    if (text_[at_] == close) break;
    absl::StatusOr<Datum> member = Form(depth + 1);
    if (!member.ok()) return member.status();
    list.members.push_back(*std::move(member));
  }
  Get();
  return list;
}

absl::StatusOr<Datum> EdnReader::String() {
  const int line = line_;
  Datum string;
  string.kind = Datum::Kind::kText;
  Get();
  while (true) {
    if (AtEnd()) return Error(line, "cut off within a string");
    char c = Get();
    if (c == '"') return string;
    if (c != '\\') {
      string.text += c;
      continue;
    }
    if (AtEnd()) return Error(line, "cut off within a string");
    c = Get();
    constexpr absl::string_view kEscapes = "tnrbf\\\"";
    constexpr absl::string_view kMeanings = "\t\n\r\b\f\\\"";
    if (const std::size_t i = kEscapes.find(c); i != absl::string_view::npos) {
      string.text += kMeanings[i];
      continue;
    }
    std::uint32_t code = 0;
    if (c != 'u' || at_ + 4 > text_.size() || !absl::SimpleHexAtoi(text_.substr(at_, 4), &code)) {
      return Error(line_, "a string has a bad escape");
    }
    at_ += 4;
    AppendUtf8(code, string.text);
  }
}

absl::StatusOr<Datum> EdnReader::Character() {
  const int line = line_;
  Datum character;
  character.kind = Datum::Kind::kText;
  Get();
  if (AtEnd()) return Error(line, "cut off after '\\'");
  character.text += Get();
  while (!AtEnd() && !EndsWord(text_[at_])) character.text += Get();
  return character;
}

absl::StatusOr<Datum> EdnReader::Word() {
  const int line = line_;
  const std::size_t begin = at_;
  while (!AtEnd() && !EndsWord(text_[at_])) Get();
  absl::string_view word = text_.substr(begin, at_ - begin);
  Datum datum;
  if (word == "nil") return datum;
  if (word == "true" || word == "false") {
    datum.kind = Datum::Kind::kBoolean;
    datum.number = word == "true" ? 1 : 0;
    return datum;
  }
  if (LooksLikeNumber(word)) {
    absl::string_view digits = word;
    if (digits.back() == 'N') digits.remove_suffix(1);
    datum.kind =
        absl::SimpleAtoi(digits, &datum.number) ? Datum::Kind::kNumber : Datum::Kind::kOther;
    datum.text = std::string(word);
    return datum;
  }
  datum.kind = Datum::Kind::kText;
  if (!word.empty() && word[0] == ':') {
    datum.keyword = true;
    word.remove_prefix(1);
  }
  if (word.empty()) return Error(line, "a name is missing");
  datum.text = std::string(word);
  return datum;
}

}  // namespace heddle::linearizability
