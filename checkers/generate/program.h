// SPDX-License-Identifier: Apache-2.0
//
// Small concurrent programs as data: calls of one object's operations by a few threads, with a
// beginning before and an end after them.
//
//   initial: push(1) | push(2), pop | pop | final: pop, pop
//
// Parts are divided by '|', calls by ','. Parts without a label are the threads, in order. What can
// be called is a list of Actions; everything here is usable at compile time.
#ifndef HEDDLE_CHECKERS_GENERATE_PROGRAM_H_
#define HEDDLE_CHECKERS_GENERATE_PROGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "checkers/linearizability/history.h"

namespace heddle::generate {

inline constexpr std::size_t kMostThreads = 4;
inline constexpr std::size_t kMostCalls = 6;  // of a thread, of the beginning, of the end
inline constexpr std::size_t kMostArguments = 3;
inline constexpr int kMostValue = 999;  // arguments are 0 .. kMostValue

// One argument of a call: which field of the operation it is, and its values.
struct Argument {
  enum class Field : std::uint8_t { kNone, kArgument, kKey, kExpected };
  Field field = Field::kNone;
  int least = 0;
  int most = 0;
  bool fresh = false;  // random programs give each call a number of its own

  friend bool operator==(const Argument&, const Argument&) = default;
};

// Items that are told apart: 1, 2, 3, ...
inline constexpr Argument kItem{
    .field = Argument::Field::kArgument, .least = 0, .most = kMostValue, .fresh = true};
constexpr Argument Among(int least, int most) {
  return {.field = Argument::Field::kArgument, .least = least, .most = most};
}
constexpr Argument KeyAmong(int least, int most) {
  return {.field = Argument::Field::kKey, .least = least, .most = most};
}
constexpr Argument ExpectedAmong(int least, int most) {
  return {.field = Argument::Field::kExpected, .least = least, .most = most};
}

// An operation that programs may call.
struct Action {
  std::string_view name;
  std::int32_t function = 0;  // of the specification
  std::array<Argument, kMostArguments> arguments{};
  // Calls of actions with the same role, other than 0, are all made by one thread: the consumer's
  // of a queue that has one. The beginning and the end may make any.
  int role = 0;
  // How much it adds to what `blocks` waits for; negative: takes, or waits for, that much.
  int gives = 0;
  // Waits until there is enough. A program must have enough for all that is taken, in whatever
  // order its threads run: given before, or by threads that never wait.
  bool blocks = false;
  // Waits until as many threads as this do the same: these many make such calls, as often as each
  // other, the beginning and the end none. 0: no such thing.
  int meets = 0;

  constexpr std::size_t arity() const {
    std::size_t count = 0;
    while (count < kMostArguments && arguments[count].field != Argument::Field::kNone) ++count;
    return count;
  }
};

struct Call {
  std::uint8_t action = 0;  // which of the Actions
  std::array<std::int16_t, kMostArguments> values{};

  friend constexpr bool operator==(const Call&, const Call&) = default;
  friend constexpr auto operator<=>(const Call&, const Call&) = default;
};

// What one thread does, or the beginning, or the end.
struct Part {
  std::array<Call, kMostCalls> calls{};
  std::uint8_t size = 0;

  constexpr std::span<const Call> all() const {
    return {calls.data(), static_cast<std::size_t>(size)};
  }
  constexpr bool full() const { return static_cast<std::size_t>(size) == kMostCalls; }
  constexpr void Add(const Call& call) { calls[static_cast<std::size_t>(size++)] = call; }
  constexpr void Remove(std::size_t index) {
    for (std::size_t i = index + 1; i < all().size(); ++i) calls[i - 1] = calls[i];
    calls[static_cast<std::size_t>(--size)] = Call{};
  }
  friend constexpr bool operator==(const Part&, const Part&) = default;
  friend constexpr auto operator<=>(const Part&, const Part&) = default;
};

struct Program {
  Part beginning;
  std::array<Part, kMostThreads> threads{};
  std::uint8_t thread_count = 0;
  Part end;

  constexpr std::span<const Part> running() const {
    return {threads.data(), static_cast<std::size_t>(thread_count)};
  }
  constexpr int calls() const {
    int count = beginning.size + end.size;
    for (const Part& part : running()) count += part.size;
    return count;
  }
  friend constexpr bool operator==(const Program&, const Program&) = default;
  friend constexpr auto operator<=>(const Program&, const Program&) = default;
};

// The operation that a call asks for.
constexpr linearizability::Operation OperationOf(const Call& call,
                                                 std::span<const Action> actions) {
  const Action& action = actions[static_cast<std::size_t>(call.action)];
  linearizability::Operation op;
  op.function = action.function;
  for (std::size_t i = 0; i < action.arity(); ++i) {
    const linearizability::Value value = call.values[i];
    if (action.arguments[i].field == Argument::Field::kKey) {
      op.key = value;
    } else if (action.arguments[i].field == Argument::Field::kExpected) {
      op.expected = value;
    } else {
      op.argument = value;
    }
  }
  return op;
}

// How often a part calls an action.
constexpr int CountCalls(const Part& part, std::size_t action) {
  int count = 0;
  for (const Call& call : part.all()) count += call.action == action ? 1 : 0;
  return count;
}

// Whether whoever comes to a meeting meets the others.
constexpr bool Meets(const Program& program, std::size_t action, int wanted) {
  int threads = 0;
  int often = 0;
  for (const Part& part : program.running()) {
    const int count = CountCalls(part, action);
    if (count == 0) continue;
    if (threads != 0 && count != often) return false;
    often = count;
    ++threads;
  }
  return (threads == 0 || threads == wanted) && CountCalls(program.beginning, action) == 0 &&
         CountCalls(program.end, action) == 0;
}

// Why a program cannot be run; null: it can. Its form is taken for granted.
constexpr const char* WhyNot(const Program& program, std::span<const Action> actions) {
  if (program.thread_count == 0) return "no thread does anything";
  for (const Part& part : program.running()) {
    if (part.size == 0) return "a thread without calls";
  }
  for (const Action& action : actions) {
    if (action.role == 0) continue;
    int threads = 0;
    for (const Part& part : program.running()) {
      const bool plays = std::any_of(part.all().begin(), part.all().end(), [&](const Call& call) {
        return actions[static_cast<std::size_t>(call.action)].role == action.role;
      });
      threads += plays ? 1 : 0;
    }
    if (threads > 1) return "two threads make calls that one thread must make";
  }
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (actions[i].meets != 0 && !Meets(program, i, actions[i].meets)) {
      return "a call would wait for threads that do not come";
    }
  }
  constexpr const char* kStuck = "a call can wait for what nobody is sure to give";
  // What there is at least. A call that only tries may take it, too.
  int left = 0;
  const auto runs_alone = [&](const Part& part) {
    for (const Call& call : part.all()) {
      const Action& action = actions[call.action];
      left += action.gives;
      if (action.blocks && left < 0) return false;
    }
    return true;
  };
  if (!runs_alone(program.beginning)) return kStuck;
  int sure = left;  // for the threads
  bool waits = false;
  for (const Part& part : program.running()) {
    bool blocks = false;
    for (const Call& call : part.all()) blocks = blocks || actions[call.action].blocks;
    waits = waits || blocks;
    for (const Call& call : part.all()) {
      const int gives = actions[call.action].gives;
      left += gives;
      if (gives < 0 || !blocks) sure += gives;
    }
  }
  if ((waits && sure < 0) || !runs_alone(program.end)) return kStuck;
  return nullptr;
}

struct ParseResult {
  const char* problem = nullptr;  // null: fine
  std::size_t column = 0;         // from 1

  constexpr bool ok() const { return problem == nullptr; }
};

namespace program_internal {

class Parser {
 public:
  constexpr Parser(std::string_view text, std::span<const Action> actions, Program& program)
      : text_(text), actions_(actions), program_(program) {}

  constexpr ParseResult Parse() {
    program_ = Program{};
    do {
      if (!ParsePart()) return {problem_, at_ + 1};
    } while (Take('|'));
    if (at_ != text_.size()) return {"want ',' or '|' here", at_ + 1};
    return {WhyNot(program_, actions_), 1};
  }

 private:
  constexpr bool Fail(const char* problem) {
    problem_ = problem;
    return false;
  }
  constexpr bool FailAt(std::size_t at, const char* problem) {
    at_ = at;
    return Fail(problem);
  }
  constexpr void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  constexpr bool Take(char wanted) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    SkipSpace();
    return true;
  }
  constexpr std::string_view Word() {
    SkipSpace();
    const std::size_t from = at_;
    while (at_ < text_.size() && ((text_[at_] >= 'a' && text_[at_] <= 'z') || text_[at_] == '_')) {
      ++at_;
    }
    return text_.substr(from, at_ - from);
  }

  constexpr bool ParsePart() {
    SkipSpace();
    const std::size_t start = at_;
    const std::string_view label = Word();
    Part* part = nullptr;
    if (Take(':')) {
      if (label == "initial") {
        if (program_.beginning.size != 0 || program_.end.size != 0 || program_.thread_count != 0) {
          return FailAt(start, "'initial:' comes first");
        }
        part = &program_.beginning;
      } else if (label == "final") {
        part = &program_.end;
      } else {
        return FailAt(start, "unknown label: want 'initial:' or 'final:'");
      }
    } else {
      at_ = start;
      if (program_.thread_count == kMostThreads) return Fail("more than 4 threads");
      part = &program_.threads[static_cast<std::size_t>(program_.thread_count++)];
    }
    if (part != &program_.end && program_.end.size != 0) {
      return FailAt(start, "'final:' comes last");
    }
    do {
      if (!ParseCall(*part)) return false;
    } while (Take(','));
    return true;
  }

  constexpr bool ParseCall(Part& part) {
    SkipSpace();
    const std::size_t start = at_;
    const std::string_view name = Word();
    if (name.empty()) return Fail("want the name of an operation here");
    const auto found = std::find_if(actions_.begin(), actions_.end(),
                                    [&](const Action& action) { return action.name == name; });
    if (found == actions_.end()) return FailAt(start, "no such operation");
    if (part.full()) return FailAt(start, "more than 6 calls in one part");
    Call call{.action = static_cast<std::uint8_t>(found - actions_.begin())};
    std::size_t count = 0;
    if (Take('(')) {
      do {
        if (count == found->arity()) return Fail("too many arguments");
        if (!ParseValue(found->arguments[count], call.values[count])) return false;
        ++count;
      } while (Take(','));
      if (!Take(')')) return Fail("want ')' here");
    }
    if (count != found->arity()) return Fail("too few arguments");
    part.Add(call);
    return true;
  }

  constexpr bool ParseValue(const Argument& argument, std::int16_t& value) {
    SkipSpace();
    const std::size_t start = at_;
    int number = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && number <= kMostValue) {
      number = number * 10 + (text_[at_++] - '0');
    }
    if (at_ == start) return Fail("want a number here");
    if (number < argument.least || number > argument.most) {
      return FailAt(start, "this operation does not take that value");
    }
    value = static_cast<std::int16_t>(number);
    return true;
  }

  std::string_view text_;
  std::span<const Action> actions_;
  Program& program_;
  std::size_t at_ = 0;
  const char* problem_ = nullptr;
};

}  // namespace program_internal

// Reads the text form into `program`.
constexpr ParseResult ParseProgram(std::string_view text, std::span<const Action> actions,
                                   Program& program) {
  return program_internal::Parser(text, actions, program).Parse();
}

}  // namespace heddle::generate

#endif  // HEDDLE_CHECKERS_GENERATE_PROGRAM_H_
