// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/history.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace heddle::linearizability {

Value Texts::Add(std::string_view text) {
  const auto found = values_.find(text);
  if (found != values_.end()) return found->second;
  const Value value = kNone + 1 + static_cast<Value>(texts_.size());
  const auto added = values_.emplace(text, value).first;
  texts_.push_back(&added->first);
  return value;
}

Value Texts::Find(std::string_view text) const {
  const auto found = values_.find(text);
  return found == values_.end() ? kNone : found->second;
}

std::vector<std::string_view> Texts::All() const {
  std::vector<std::string_view> all;
  all.reserve(texts_.size());
  for (const std::string* text : texts_) all.push_back(*text);
  return all;
}

const std::string* Texts::Text(Value value) const {
  if (!IsText(value)) return nullptr;
  const auto index = static_cast<std::size_t>(value - kNone - 1);
  return index < texts_.size() ? texts_[index] : nullptr;
}

std::string ListElement(Value value, const Texts& texts) {
  std::string element = FormatValue(value, texts);
  if (Texts::IsText(value)) {
    element = absl::StrCat("\"", absl::CEscape(element.substr(1, element.size() - 2)), "\"");
    absl::StrReplaceAll({{" ", "\\040"}}, &element);
  }
  return element;
}

std::string FormatValue(Value value, const Texts& texts) {
  if (value == kNone) return "nil";
  if (const std::string* text = texts.Text(value)) return "\"" + *text + "\"";
  return std::to_string(value);
}

}  // namespace heddle::linearizability
