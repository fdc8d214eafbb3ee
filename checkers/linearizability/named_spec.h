// SPDX-License-Identifier: Apache-2.0
//
// The specifications in the box by name, and how their operations are written in files.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_NAMED_SPEC_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_NAMED_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

enum class Argument : std::uint8_t {
  kNothing,
  kValue,
  kCount,     // a number, 1 if it is not given
  kPair,      // [expected, new]
  kAccesses,  // [["r", key, value], ["w", key, value], ["append", key, element], ...]
};

enum class Answer : std::uint8_t {
  kDone,
  kMaybe,  // done, or false: refused
  kBoolean,
  kValue,  // or nil
  kNumber,
  kSet,    // a list, in any order
  kItems,  // a list: each is the answer of one operation, all in the time of this one
};

struct FunctionForm {
  std::int32_t function;
  absl::string_view names;  // separated by blanks; the first is the one that is printed
  Argument argument = Argument::kNothing;
  Answer answer = Answer::kDone;
};

struct NamedSpec {
  absl::string_view name;
  std::span<const FunctionForm> functions;
  // Operations name a key, because the object has keys.
  bool keyed = false;
  // Options that mean something to it, separated by blanks.
  absl::string_view options;

  const FunctionForm* Find(absl::string_view function) const;
  const FunctionForm& Form(std::int32_t function) const;
};

std::span<const NamedSpec> NamedSpecs();
// Null: there is none.
const NamedSpec* FindNamedSpec(absl::string_view name);

struct SpecOptions {
  Value initial = kNone;     // kNone: the specification's own
  std::size_t capacity = 0;  // 0: no bound
  Value most = 0;            // likewise
  // Of queues, instead of the order of all items.
  bool relaxed = false;
  std::size_t k = 0;
  bool per_producer = false;
};

// `history` must live as long as the result.
std::unique_ptr<Model> MakeModel(const NamedSpec& spec, const SpecOptions& options,
                                 const History& history);

// "push(3) -> true".
std::string Describe(const NamedSpec& spec, const Operation& op, const History& history);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_NAMED_SPEC_H_
