// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/history_reader.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/linearizability/datum.h"
#include "checkers/linearizability/edn.h"
#include "checkers/linearizability/history_builder.h"
#include "nlohmann/json.hpp"

namespace heddle::linearizability {
namespace {

using nlohmann::json;

constexpr int kMostDepth = 64;

absl::Status Error(int line, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", problem));
}

Datum ToDatum(const json& value, int line) {
  Datum datum;
  datum.line = line;
  switch (value.type()) {
    case json::value_t::boolean:
      datum.kind = Datum::Kind::kBoolean;
      datum.number = value.get<bool>() ? 1 : 0;
      break;
    case json::value_t::number_integer:
      datum.kind = Datum::Kind::kNumber;
      datum.number = value.get<std::int64_t>();
      break;
    case json::value_t::number_unsigned:
      if (value.get<std::uint64_t>() <=
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        datum.kind = Datum::Kind::kNumber;
        datum.number = static_cast<std::int64_t>(value.get<std::uint64_t>());
        break;
      }
      [[fallthrough]];
    case json::value_t::number_float:
      datum.kind = Datum::Kind::kOther;
      datum.text = value.dump();
      break;
    case json::value_t::string:
      datum.kind = Datum::Kind::kText;
      datum.text = value.get<std::string>();
      break;
    case json::value_t::array:
      datum.kind = Datum::Kind::kList;
      for (const json& member : value) datum.members.push_back(ToDatum(member, line));
      break;
    case json::value_t::object:
      datum.kind = Datum::Kind::kMap;
      for (const auto& [name, member] : value.items()) {
        datum.members.push_back({.kind = Datum::Kind::kText, .text = name, .members = {}});
        datum.members.push_back(ToDatum(member, line));
      }
      break;
    default:
      break;
  }
  return datum;
}

absl::StatusOr<Datum> ParseLine(absl::string_view text, int line) {
  std::set<std::string> names;
  std::string twice;
  bool deep = false;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    deep = deep || depth > kMostDepth;
    if (event == json::parse_event_t::key && depth == 1 &&
        !names.insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    const json parsed = json::parse(text.begin(), text.end(), watch);
    if (deep) return Error(line, "nested too deep");
    if (!twice.empty()) return Error(line, absl::StrCat("\"", twice, "\" twice"));
    if (parsed.is_array()) {
      return Error(line, "a list: want one JSON object in each line, and nothing around them");
    }
    if (!parsed.is_object()) return Error(line, "not a JSON object");
    return ToDatum(parsed, line);
  } catch (const json::parse_error& error) {
    if (absl::StartsWith(absl::StripAsciiWhitespace(text), "[")) {
      return Error(line, "a list: want one JSON object in each line, and nothing around them");
    }
    return Error(line, absl::StrCat("not a JSON object, or cut off (at byte ", error.byte, ")"));
  } catch (const json::exception& error) {
    return Error(line, "a number is out of range");
  }
}

// Where the first form begins, after blanks and EDN's comments.
std::size_t Beginning(absl::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ';') {
      while (at < text.size() && text[at] != '\n') ++at;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(text[at])) && text[at] != ',') {
      break;
    } else {
      ++at;
    }
  }
  return at;
}

bool IsJson(absl::string_view text) {
  std::size_t at = Beginning(text);
  if (at < text.size() && text[at] == '[') at += 1 + Beginning(text.substr(at + 1));
  if (at >= text.size() || text[at] != '{') return false;
  at += 1 + Beginning(text.substr(at + 1));
  return at < text.size() && (text[at] == '"' || text[at] == '}');
}

json ToJson(Value value, const Texts& texts) {
  if (value == kNone) return nullptr;
  if (const std::string* text = texts.Text(value)) return *text;
  return value;
}

// What is appended, or the list that is read.
json ListToJson(const Access& access, const Texts& texts) {
  json elements = json::array();
  const std::string* list = texts.Text(access.value);
  for (const absl::string_view element :
       absl::StrSplit(list == nullptr ? "" : *list, ' ', absl::SkipEmpty())) {
    std::int64_t number = 0;
    std::string text;
    if (absl::SimpleAtoi(element, &number)) {
      elements.push_back(number);
    } else if (element == "nil") {
      elements.push_back(nullptr);
    } else if (absl::CUnescape(element.substr(1, element.size() - 2), &text)) {
      elements.push_back(text);
    }
  }
  return access.write && !elements.empty() ? elements[0] : elements;
}

}  // namespace

absl::StatusOr<History> ReadHistory(absl::string_view text, const NamedSpec& spec) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");  // what some editors begin a file of UTF-8 with
  return IsJson(text) ? ReadJsonHistory(text, spec) : ReadEdnHistory(text, spec);
}

absl::StatusOr<History> ReadJsonHistory(absl::string_view text, const NamedSpec& spec) {
  HistoryBuilder builder(spec);
  std::optional<bool> events;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const absl::StatusOr<Datum> read = ParseLine(line, number);
    if (!read.ok()) return read.status();
    const bool event = read->Member("type") != nullptr;
    if (events.value_or(event) != event) {
      return Error(number, "events (with a type) and whole operations are mixed");
    }
    events = event;
    const absl::Status status = event ? builder.AddEvent(*read) : builder.AddOperation(*read);
    if (!status.ok()) return status;
  }
  if (!events) return Error(number, "no operation");
  return builder.Finish();
}

absl::StatusOr<History> ReadEdnHistory(absl::string_view text, const NamedSpec& spec) {
  HistoryBuilder builder(spec);
  EdnReader reader(text);
  reader.Enter();
  bool any = false;
  while (true) {
    const absl::StatusOr<std::optional<Datum>> form = reader.Next();
    if (!form.ok()) return form.status();
    if (!form->has_value()) break;
    any = true;
    if (const absl::Status status = builder.AddEvent(**form); !status.ok()) return status;
  }
  if (!any) return Error(reader.line(), "no operation");
  return builder.Finish();
}

std::string WriteJsonHistory(const History& history, const NamedSpec& spec) {
  std::string out;
  for (const Operation& op : history.operations) {
    const FunctionForm& form = spec.Form(op.function);
    nlohmann::ordered_json line;
    line["process"] = op.process;
    line["f"] = std::string(form.names.substr(0, form.names.find(' ')));
    const json argument = ToJson(op.argument, history.texts);
    if (form.argument == Argument::kAccesses) {
      json accesses = json::array();
      for (Value i = op.key; i < op.key + op.argument; ++i) {
        const Access& access = history.accesses[static_cast<std::size_t>(i)];
        accesses.push_back({access.list && access.write ? "append"
                            : access.write              ? "w"
                                                        : "r",
                            ToJson(access.key, history.texts),
                            access.list ? ListToJson(access, history.texts)
                                        : ToJson(access.value, history.texts)});
      }
      line["value"] = accesses;
    } else {
      if (op.key != kNone) line["key"] = ToJson(op.key, history.texts);
      if (form.argument == Argument::kPair) {
        line["value"] = {ToJson(op.expected, history.texts), argument};
      } else if (form.argument != Argument::kNothing) {
        line["value"] = argument;
      }
    }
    if (!op.pending()) {
      if (form.answer == Answer::kBoolean || form.answer == Answer::kMaybe) {
        line["result"] = op.result != 0;
      } else if (form.answer == Answer::kSet) {
        json elements = json::array();
        for (const Value element : history.sets[static_cast<std::size_t>(op.result)]) {
          elements.push_back(ToJson(element, history.texts));
        }
        line["result"] = elements;
      } else if (form.answer != Answer::kDone) {
        line["result"] = ToJson(op.result, history.texts);
      }
    }
    line["invoke"] = op.invoke;
    if (!op.pending()) line["return"] = op.done;
    absl::StrAppend(&out, line.dump(-1, ' ', false, json::error_handler_t::replace), "\n");
  }
  return out;
}

}  // namespace heddle::linearizability
