// SPDX-License-Identifier: Apache-2.0
//
// What was observed of a concurrent object: operations with what they were called with, what they
// returned, and when they began and ended.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heddle::linearizability {

// A number, or a text by its place in a Texts (Value() of it).
using Value = std::int64_t;

// No value: an argument that was not given, a queue that had nothing to give.
inline constexpr Value kNone = std::numeric_limits<Value>::min();

// A point on one clock that all processes share; only the order counts. Two operations of which one
// ends at the instant at which the other begins are concurrent.
using Time = std::uint64_t;
inline constexpr Time kNever = std::numeric_limits<Time>::max();

// One call. Which members mean something is up to the specification's function.
struct Operation {
  std::int32_t process = 0;  // does one operation after the other
  std::int32_t function = 0;
  Value key = kNone;
  Value argument = kNone;
  Value expected = kNone;  // what a compare-and-set compares with
  Value result = kNone;
  Time invoke = 0;
  // kNever: pending. Its process crashed, or the recording ended: it took effect at some time after
  // `invoke`, or not at all, and `result` means nothing.
  Time done = kNever;

  bool pending() const { return done == kNever; }
  friend bool operator==(const Operation&, const Operation&) = default;
};

// One access of a transaction. `value` of a read is what it saw.
struct Access {
  bool write = false;
  // The key has a list, and a write appends to it: `value` is a text, of elements (ListElement())
  // and a blank after each; kNone: none.
  bool list = false;
  Value key = kNone;
  Value value = kNone;
  friend bool operator==(const Access&, const Access&) = default;
};

// Values that are not numbers. A text has one value, and a value one text.
class Texts {
 public:
  // Numbers up to here are free for use as numbers.
  static constexpr Value kLast = kNone + (Value{1} << 40);

  Texts() = default;
  Texts(Texts&&) = default;
  Texts& operator=(Texts&&) = default;
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  Value Add(std::string_view text);
  // kNone if the text was never added.
  Value Find(std::string_view text) const;

  // In the order in which they were added.
  std::vector<std::string_view> All() const;

  static bool IsText(Value value) { return value > kNone && value < kLast; }
  // Null for a value that is a number, or none of these texts.
  const std::string* Text(Value value) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, Value, Hash, std::equal_to<>> values_;
  std::vector<const std::string*> texts_;  // of values_, whose nodes do not move
};

struct History {
  std::vector<Operation> operations;
  // Of transactions: an operation's are [key, key + argument).
  std::vector<Access> accesses;
  // What reads of whole sets returned: each sorted, none twice in it; a read's result says which.
  std::vector<std::vector<Value>> sets;
  Texts texts;
};

// "5", "\"text\"", "nil"; no blanks, and another one for another value.
std::string ListElement(Value value, const Texts& texts);

// "5", "\"text\"", "nil".
std::string FormatValue(Value value, const Texts& texts);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_H_
