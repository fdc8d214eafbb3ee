// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/history_builder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heddle::linearizability {
namespace {

const Datum& Nil() {
  static const Datum nil;
  return nil;
}

const Datum& MemberOrNil(const Datum& map, absl::string_view name) {
  const Datum* member = map.Member(name);
  return member != nullptr ? *member : Nil();
}

absl::string_view NameOf(const FunctionForm& form) {
  return form.names.substr(0, form.names.find(' '));
}

}  // namespace

absl::StatusOr<const FunctionForm*> HistoryBuilder::ReadHead(const Datum& map,
                                                             std::int32_t& process,
                                                             bool& counts) const {
  if (map.kind != Datum::Kind::kMap) return Error(map.line, "not an operation: no map");
  const Datum* who = map.Member("process");
  if (who == nullptr) return Error(map.line, "no process");
  counts = who->kind != Datum::Kind::kText || who->text != "nemesis";
  if (!counts) return nullptr;
  if (who->kind != Datum::Kind::kNumber || who->number < 0 ||
      who->number > std::numeric_limits<std::int32_t>::max()) {
    return Error(map.line, "the process is no number of 0 to 2147483647");
  }
  process = static_cast<std::int32_t>(who->number);
  const Datum* function = map.Member("f");
  if (function == nullptr) return Error(map.line, "no f, the operation's name");
  if (function->kind != Datum::Kind::kText) return Error(map.line, "f is not a name");
  if (const FunctionForm* form = spec_.Find(function->text)) return form;
  std::string known;
  for (const FunctionForm& form : spec_.functions) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", NameOf(form));
  }
  return Error(map.line, "unknown operation '", function->text, "': ", spec_.name, " has ", known);
}

absl::StatusOr<Value> HistoryBuilder::Scalar(int line, const Datum& datum) {
  switch (datum.kind) {
    case Datum::Kind::kNil:
      return kNone;
    case Datum::Kind::kText:
      if (spec_.name == "priority-queue") {
        return Error(line, "a text, where only integers have an order: \"", datum.text, "\"");
      }
      return history_.texts.Add(datum.text);
    case Datum::Kind::kBoolean:
    case Datum::Kind::kNumber:
      if (spec_.name == "kv") return history_.texts.Add(std::to_string(datum.number));
      if (datum.number < Texts::kLast + (Value{1} << 40)) {
        return Error(line, "the number ", datum.number, " is too small");
      }
      return datum.number;
    case Datum::Kind::kOther:
      return OtherNumber(line, datum);
    default:
      return Error(line, "a value is neither a number nor a text");
  }
}

// Numbers that are no integers of 64 bits are only compared: equal ones are equal texts.
absl::StatusOr<Value> HistoryBuilder::OtherNumber(int line, const Datum& datum) {
  absl::string_view text = datum.text;
  const bool integer = absl::ConsumeSuffix(&text, "N") ||
                       text.find_first_not_of("+-0123456789") == absl::string_view::npos;
  absl::ConsumeSuffix(&text, "M");
  double number = 0;
  if (spec_.name == "priority-queue" || !absl::SimpleAtod(text, &number) ||
      !std::isfinite(number)) {
    return Error(line, datum.text, " is not an integer of 64 bits",
                 spec_.name == "priority-queue" ? "" : ", nor a finite number");
  }
  if (integer) {
    absl::ConsumePrefix(&text, "+");
    return history_.texts.Add(std::string(text));
  }
  constexpr double kExact = 1LL << 53;
  if (number == std::floor(number) && std::abs(number) <= kExact && spec_.name != "kv") {
    return static_cast<Value>(number);
  }
  return history_.texts.Add(absl::StrFormat("%.17g", number));
}

absl::StatusOr<Value> HistoryBuilder::Number(int line, const Datum* datum,
                                             absl::string_view what) const {
  if (datum == nullptr || datum->is_nil()) return Error(line, "no ", what);
  if (datum->kind != Datum::Kind::kNumber) return Error(line, "the ", what, " is not an integer");
  return datum->number;
}

const Datum* HistoryBuilder::TakeKey(const FunctionForm& form, const Datum* value,
                                     const Datum*& key) {
  // Independent keys come as [key value].
  if (form.argument == Argument::kAccesses || !value->is_list(2)) return value;
  const Datum& second = value->members[1];
  if (form.argument == Argument::kPair && second.kind != Datum::Kind::kList) return value;
  const bool list = form.answer == Answer::kItems || form.answer == Answer::kSet;
  if (list && second.kind != Datum::Kind::kList && !second.is_nil()) return value;
  key = value->members.data();
  return &value->members[1];
}

absl::Status HistoryBuilder::ReadArguments(const Datum& map, const FunctionForm& form,
                                           Operation& op) {
  const Datum* key = map.Member("key");
  const Datum& value = *TakeKey(form, &MemberOrNil(map, "value"), key);
  op.function = form.function;
  if (form.argument == Argument::kAccesses) return ReadAccesses(map.line, value, op);
  if (key != nullptr) {
    const absl::StatusOr<Value> read = Scalar(map.line, *key);
    if (!read.ok()) return read.status();
    op.key = *read;
  }
  const Datum* argument = &value;
  switch (form.argument) {
    case Argument::kNothing:
      if (!value.is_nil()) return Error(map.line, NameOf(form), " takes no value");
      return absl::OkStatus();
    case Argument::kCount:
      if (value.is_nil()) {
        op.argument = 1;
        return absl::OkStatus();
      }
      if (value.kind != Datum::Kind::kNumber) {
        return Error(map.line, "the value of ", NameOf(form), " is not an integer");
      }
      if (value.number < 0 && spec_.name == "semaphore") {
        return Error(map.line, "the value of ", NameOf(form), " is negative");
      }
      break;
    case Argument::kPair: {
      if (!value.is_list(2)) return Error(map.line, NameOf(form), " needs [expected new]");
      const absl::StatusOr<Value> expected = Scalar(map.line, value.members[0]);
      if (!expected.ok()) return expected.status();
      op.expected = *expected;
      argument = &value.members[1];
      break;
    }
    default:
      if (value.is_nil()) return Error(map.line, NameOf(form), " needs a value");
      break;
  }
  const absl::StatusOr<Value> read = Scalar(map.line, *argument);
  if (!read.ok()) return read.status();
  op.argument = *read;
  return absl::OkStatus();
}

absl::Status HistoryBuilder::CompareArguments(const Datum& event, const FunctionForm& form,
                                              const Datum& value, const Entry& entry) {
  const auto differs = [&](const Datum& datum, Value begun) {
    if (datum.kind != Datum::Kind::kNumber && datum.kind != Datum::Kind::kText) return false;
    const absl::StatusOr<Value> ended = Scalar(event.line, datum);
    return ended.ok() && *ended != begun && Texts::IsText(*ended) == Texts::IsText(begun);
  };
  bool same = true;
  if (form.argument == Argument::kPair) {
    same = !value.is_list(2) || (!differs(value.members[0], entry.op.expected) &&
                                 !differs(value.members[1], entry.op.argument));
  } else if (form.argument != Argument::kNothing && form.answer != Answer::kNumber) {
    same = !differs(value, entry.op.argument);
  }
  if (same) return absl::OkStatus();
  return Error(event.line, NameOf(form), " ends with another value than it began with (line ",
               entry.line, ")");
}

absl::Status HistoryBuilder::ReadAnswer(int line, const FunctionForm& form, const Datum* answer,
                                        bool event, Operation& op) {
  const bool boolean = answer != nullptr && answer->kind == Datum::Kind::kBoolean;
  switch (form.answer) {
    case Answer::kDone:
    case Answer::kItems:
      return absl::OkStatus();
    case Answer::kSet:
      return ReadSet(line, form, answer, op);
    case Answer::kMaybe:
      op.result = boolean && answer->number == 0 ? 0 : 1;
      return absl::OkStatus();
    case Answer::kBoolean:
      // An event that is "ok" means success, unless it is the answer to a question.
      if (!boolean && (!event || NameOf(form) == "contains")) {
        return Error(line, "the result of ", NameOf(form), " is not true or false");
      }
      op.result = boolean ? answer->number : 1;
      return absl::OkStatus();
    case Answer::kNumber:
      if (answer == nullptr || answer->kind != Datum::Kind::kNumber) {
        return Error(line, "the result of ", NameOf(form), " is not an integer");
      }
      break;
    case Answer::kValue:
      if (answer == nullptr) return Error(line, NameOf(form), " has no result");
      break;
  }
  const absl::StatusOr<Value> read = Scalar(line, *answer);
  if (!read.ok()) return read.status();
  op.result = *read;
  return absl::OkStatus();
}

absl::Status HistoryBuilder::AddEvent(const Datum& event) {
  std::int32_t process = 0;
  bool counts = false;
  const absl::StatusOr<const FunctionForm*> form = ReadHead(event, process, counts);
  if (!form.ok()) return form.status();
  if (!counts) return absl::OkStatus();
  any_ = true;
  const Datum* type = event.Member("type");
  if (type == nullptr) return Error(event.line, "no type");
  if (type->text == "invoke") return Invoke(event, **form, process);
  if (type->text == "ok" || type->text == "fail" || type->text == "info") {
    return End(event, **form, process, type->text);
  }
  return Error(event.line, "unknown type '", type->text, "': want invoke, ok, fail or info");
}

absl::Status HistoryBuilder::Invoke(const Datum& event, const FunctionForm& form,
                                    std::int32_t process) {
  Process& self = processes_[process];
  if (self.open) {
    return Error(event.line, "process ", process, " begins an operation before its last one (line ",
                 entries_[self.last].line, ") has ended");
  }
  if (self.lost) {
    return Error(event.line, "process ", process, " goes on after an operation (line ",
                 entries_[self.last].line,
                 ") that nobody knows the end of: it needs another number");
  }
  Entry entry{.op = {}, .line = event.line, .form = &form};
  entry.op.process = process;
  entry.op.invoke = ++now_;
  if (absl::Status status = ReadArguments(event, form, entry.op); !status.ok()) return status;
  self = {.last = entries_.size(), .open = true, .lost = false};
  entries_.push_back(entry);
  return absl::OkStatus();
}

absl::Status HistoryBuilder::End(const Datum& event, const FunctionForm& form, std::int32_t process,
                                 absl::string_view type) {
  const auto self = processes_.find(process);
  if (self == processes_.end() || !self->second.open) {
    return Error(event.line, "process ", process, " ends an operation that it has not begun");
  }
  Entry& entry = entries_[self->second.last];
  if (entry.form != &form) {
    return Error(event.line, "process ", process, " ends ", NameOf(form), ", but has begun ",
                 NameOf(*entry.form), " (line ", entry.line, ")");
  }
  self->second.open = false;
  self->second.lost = type == "info";
  entry.failed = type == "fail";
  if (type != "ok") return absl::OkStatus();
  entry.alone = now_ == entry.op.invoke;
  entry.op.done = ++now_;
  if (form.argument == Argument::kAccesses) {
    // What it read is known only now.
    const Value begun = entry.op.argument;
    const Value first = entry.op.key;
    if (absl::Status status = ReadAccesses(event.line, MemberOrNil(event, "value"), entry.op);
        !status.ok()) {
      return status;
    }
    for (Value i = 0; i < begun && begun == entry.op.argument; ++i) {
      const Access& before = history_.accesses[static_cast<std::size_t>(first + i)];
      const Access& after = history_.accesses[static_cast<std::size_t>(entry.op.key + i)];
      if (before.write != after.write || before.key != after.key ||
          (before.write && before.list != after.list) ||
          (before.write && before.value != after.value)) {
        return Error(event.line, "the transaction is not the one that began in line ", entry.line);
      }
    }
    if (begun == entry.op.argument) return absl::OkStatus();
    return Error(event.line, "the transaction is not the one that began in line ", entry.line);
  }
  const Datum* key = nullptr;
  const Datum* answer = event.Member("result");
  if (answer == nullptr) {
    const Datum* value = event.Member("value");
    if (value != nullptr) {
      answer = TakeKey(form, value, key);
      if (absl::Status status = CompareArguments(event, form, *answer, entry); !status.ok()) {
        return status;
      }
    }
    // [argument true]: the answer comes with the argument again.
    if (key != nullptr && answer->kind == Datum::Kind::kBoolean && entry.op.key == kNone) {
      key = nullptr;
    }
  }
  if (key != nullptr) {
    const absl::StatusOr<Value> read = Scalar(event.line, *key);
    if (!read.ok()) return read.status();
    if (*read != entry.op.key) {
      return Error(event.line, "the operation ends with another key than it began with (line ",
                   entry.line, ")");
    }
  }
  if (form.answer == Answer::kItems) {
    const absl::Status status = ReadItems(event.line, form, answer, entry);
    if (entry.alone) now_ += 2 * entry.items.size();  // for all that Expand() makes of it
    return status;
  }
  return ReadAnswer(event.line, form, answer, true, entry.op);
}

absl::Status HistoryBuilder::AddOperation(const Datum& operation) {
  Entry entry;
  entry.line = operation.line;
  bool counts = false;
  const absl::StatusOr<const FunctionForm*> form = ReadHead(operation, entry.op.process, counts);
  if (!form.ok()) return form.status();
  if (!counts) return absl::OkStatus();
  any_ = true;
  entry.form = *form;
  const absl::StatusOr<Value> invoke =
      Number(operation.line, operation.Member("invoke"), "time of invoke");
  if (!invoke.ok()) return invoke.status();
  if (*invoke < 0) return Error(operation.line, "the time of invoke is negative");
  entry.op.invoke = static_cast<Time>(*invoke);
  if (absl::Status status = ReadArguments(operation, **form, entry.op); !status.ok()) {
    return status;
  }
  const Datum& done = MemberOrNil(operation, "return");
  if (!done.is_nil()) {
    const absl::StatusOr<Value> time = Number(operation.line, &done, "time of return");
    if (!time.ok()) return time.status();
    if (*time < *invoke) return Error(operation.line, "the operation returns before it is invoked");
    entry.op.done = static_cast<Time>(*time);
    const Datum* answer = operation.Member("result");
    const absl::Status status = (*form)->answer == Answer::kItems
                                    ? ReadItems(operation.line, **form, answer, entry)
                                    : ReadAnswer(operation.line, **form, answer, false, entry.op);
    if (!status.ok()) return status;
  }
  entries_.push_back(entry);
  return absl::OkStatus();
}

absl::Status HistoryBuilder::CheckKeys() const {
  const Entry* with = nullptr;
  const Entry* without = nullptr;
  for (const Entry& entry : entries_) {
    if (entry.form->argument == Argument::kAccesses || NameOf(*entry.form) == "size" ||
        entry.form->answer == Answer::kSet) {
      continue;
    }
    (entry.op.key == kNone ? without : with) = &entry;
  }
  if (without == nullptr) return absl::OkStatus();
  if (spec_.keyed) return Error(without->line, "the operation names no key");
  if (with == nullptr) return absl::OkStatus();
  return Error(std::max(with->line, without->line), "only some operations name a key");
}

absl::Status HistoryBuilder::CheckOverlap() const {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries_) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return std::tuple(a->op.process, a->op.invoke, a->op.done, a->line) <
           std::tuple(b->op.process, b->op.invoke, b->op.done, b->line);
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Entry& before = *order[i - 1];
    const Entry& after = *order[i];
    if (before.op.process != after.op.process || before.op.done <= after.op.invoke) continue;
    return Error(std::max(before.line, after.line), "process ", after.op.process,
                 " begins an operation before another one of it (line ",
                 std::min(before.line, after.line), ") has ended");
  }
  return absl::OkStatus();
}

absl::StatusOr<History> HistoryBuilder::Finish() {
  if (!any_) return Error(1, "no operation of a process that counts");
  std::erase_if(entries_, [](const Entry& entry) { return entry.failed; });
  if (spec_.name == "transactions") {
    if (absl::Status status = TellLists(); !status.ok()) return status;
  }
  if (absl::Status status = CheckKeys(); !status.ok()) return status;
  if (now_ == 0) {
    if (absl::Status status = CheckOverlap(); !status.ok()) return status;
  }
  if (absl::Status status = Expand(); !status.ok()) return status;
  history_.operations.reserve(entries_.size());
  for (const Entry& entry : entries_) history_.operations.push_back(entry.op);
  return std::move(history_);
}

}  // namespace heddle::linearizability
