// SPDX-License-Identifier: Apache-2.0
//
// Texts that grow, as values: what an append leaves.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_TEXTS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_TEXTS_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/linearizability/history.h"

namespace heddle::linearizability {

// The empty text is kNone. Copies begin anew.
class JoinedTexts {
 public:
  // `texts` is the history's; it must live as long as this.
  explicit JoinedTexts(const Texts* texts) : texts_(texts) {}
  JoinedTexts(const JoinedTexts& other) : texts_(other.texts_) {}
  JoinedTexts& operator=(const JoinedTexts&) = delete;

  Value Same(Value value) const {
    const std::string* text = texts_->Text(value);
    return text != nullptr && text->empty() ? kNone : value;
  }
  std::string Text(Value value) const {
    if (value == kNone) return "";
    if (value >= kFirst && value < kFirst + static_cast<Value>(added_.size())) {
      return *added_[static_cast<std::size_t>(value - kFirst)];
    }
    const std::string* text = texts_->Text(value);
    return text != nullptr ? *text : std::to_string(value);
  }
  // The one value of the text that two make. All texts that no text of the history begins with are
  // one: no get returns them, whatever is appended, and a put makes no difference between them.
  Value Joined(Value first, Value second) {
    if (first == kLost) return kLost;
    const auto [join, is_new] = joins_.try_emplace({first, second}, kNone);
    if (!is_new) return join->second;
    const std::string text = Text(first) + Text(second);
    Value value = text.empty() ? kNone : texts_->Find(text);
    if (value == kNone && !text.empty() && !BeginsOne(text)) {
      value = kLost;
    } else if (value == kNone && !text.empty()) {
      const auto [place, added] =
          places_.try_emplace(text, kFirst + static_cast<Value>(added_.size()));
      if (added) {
        added_.push_back(std::make_unique<std::string>(text));
        memory_ += 2 * text.size() + 128;
      }
      value = place->second;
    }
    join->second = value;
    return value;
  }
  // About this many bytes.
  std::size_t memory() const {
    return memory_ + joins_.capacity() * 25 + sorted_.capacity() * sizeof(std::string_view);
  }

 private:
  // Numbers of added_.
  static constexpr Value kFirst = Texts::kLast;
  static constexpr Value kLost = kFirst + (Value{1} << 40) - 1;

  // Whether the history has a text that begins so.
  bool BeginsOne(const std::string& text) {
    if (sorted_.empty()) {
      sorted_ = texts_->All();
      std::sort(sorted_.begin(), sorted_.end());
    }
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), text);
    return at != sorted_.end() && at->starts_with(text);
  }

  const Texts* texts_;
  std::vector<std::string_view> sorted_;  // all texts of the history
  std::vector<std::unique_ptr<std::string>> added_;
  absl::flat_hash_map<std::string, Value> places_;
  absl::flat_hash_map<std::pair<Value, Value>, Value> joins_;
  std::size_t memory_ = 0;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_TEXTS_H_
