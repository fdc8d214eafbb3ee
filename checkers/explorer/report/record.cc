// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace heddle::explorer::report {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

// Fields of one line. The first that is not what it should be is remembered in problem().
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  template <class T>
  T Number(const char* key, T otherwise) {
    const Json* value = Find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_number()) return Bad(key, otherwise);
    return value->get<T>();
  }

  bool Bool(const char* key, bool otherwise) {
    const Json* value = Find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) return Bad(key, otherwise);
    return value->get<bool>();
  }

  std::string Text(const char* key) {
    const Json* value = Find(key);
    if (value == nullptr) return "";
    if (!value->is_string()) return Bad(key, std::string());
    return value->get<std::string>();
  }

  std::optional<RecordedValue> Value(const char* key) {
    const Json* value = Find(key);
    if (value == nullptr) return std::nullopt;
    return Hex(key, *value);
  }

  std::uint64_t Address(const char* key) {
    return static_cast<std::uint64_t>(Value(key).value_or(0));
  }

  RecordedStack Stack(const char* key) {
    RecordedStack stack;
    const Json* value = Find(key);
    if (value == nullptr) return stack;
    if (!value->is_array()) return Bad(key, stack);
    for (const Json& one : *value) {
      stack.push_back(static_cast<std::uint64_t>(Hex(key, one).value_or(0)));
    }
    return stack;
  }

  std::vector<int> Numbers(const char* key) {
    std::vector<int> numbers;
    const Json* value = Find(key);
    if (value == nullptr) return numbers;
    if (!value->is_array()) return Bad(key, numbers);
    for (const Json& one : *value) {
      if (!one.is_number_integer()) return Bad(key, numbers);
      numbers.push_back(one.get<int>());
    }
    return numbers;
  }

  const Json* Find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  const std::string& problem() const { return problem_; }

 private:
  template <class T>
  T Bad(const char* key, T otherwise) {
    if (problem_.empty()) problem_ = absl::StrCat("bad value of \"", key, "\"");
    return otherwise;
  }

  std::optional<RecordedValue> Hex(const char* key, const Json& json) {
    if (json.is_number_unsigned()) return json.get<std::uint64_t>();
    if (!json.is_string()) return Bad(key, std::optional<RecordedValue>());
    const std::string text = json.get<std::string>();
    if (text.size() < 3 || text.size() > 34 || text.compare(0, 2, "0x") != 0) {
      return Bad(key, std::optional<RecordedValue>());
    }
    RecordedValue value = 0;
    for (std::size_t i = 2; i < text.size(); ++i) {
      const std::size_t digit = absl::string_view("0123456789abcdef").find(text[i]);
      if (digit == absl::string_view::npos) return Bad(key, std::optional<RecordedValue>());
      value = value << 4U | digit;
    }
    return value;
  }

  const Json& json_;
  std::string problem_;
};

RecordedAccess Access(Fields& fields) {
  return {.thread = fields.Number("thread", 0),
          .write = fields.Bool("write", false),
          .atomic = fields.Bool("atomic", false),
          .size = fields.Number("size", 0),
          .address = fields.Address("address"),
          .event = fields.Number("event", kNone),
          .stack = fields.Stack("stack")};
}

RecordedEvent Event(Fields& fields) {
  RecordedEvent event;
  event.id = fields.Number("id", 0);
  event.thread = fields.Number("thread", 0);
  event.index = fields.Number("index", 0);
  event.kind = fields.Text("kind");
  event.order = fields.Text("order");
  event.location = fields.Number("location", kNone);
  event.value = fields.Value("value");
  event.written = fields.Value("written");
  event.size = fields.Number("size", 0);
  event.success = fields.Bool("success", true);
  if (fields.Find("rf") != nullptr) event.reads_from = fields.Number("rf", kNone);
  event.co = fields.Number("co", 0);
  event.hb = fields.Numbers("hb");
  event.peer = fields.Number("peer", kNone);
  event.name = fields.Text("name");
  event.stack = fields.Stack("stack");
  return event;
}

RecordedFinding Finding(Fields& fields, std::string& problem) {
  RecordedFinding finding;
  finding.verdict = fields.Text("verdict");
  finding.message = fields.Text("message");
  finding.thread = fields.Number("thread", kNone);
  finding.event = fields.Number("event", kNone);
  finding.stack = fields.Stack("stack");
  finding.block = fields.Number("block", kNone);
  finding.left_out = fields.Number("left_out", 0);
  if (const Json* accesses = fields.Find("accesses"); accesses != nullptr) {
    if (!accesses->is_array()) problem = "bad value of \"accesses\"";
    for (const Json& one : *accesses) {
      Fields inner(one);
      finding.accesses.push_back(Access(inner));
      if (!inner.problem().empty()) problem = inner.problem();
    }
  }
  return finding;
}

RecordedEnd End(Fields& fields) {
  RecordedEnd end;
  end.verdict = fields.Text("verdict");
  end.mode = fields.Text("mode");
  end.reason = fields.Text("reason");
  end.complete = fields.Bool("complete", false);
  end.executions = fields.Number<std::uint64_t>("executions", 0);
  end.blocked = fields.Number<std::uint64_t>("blocked", 0);
  end.seconds = fields.Number<double>("seconds", 0);
  end.threads = fields.Number("threads", 0);
  if (fields.Find("seed") != nullptr) end.seed = fields.Number<std::uint64_t>("seed", 0);
  return end;
}

void AddBlock(Fields& fields, Record& record) {
  record.blocks.push_back({.id = fields.Number("id", 0),
                           .address = fields.Address("address"),
                           .size = fields.Number<std::uint64_t>("size", 0),
                           .thread = fields.Number("thread", kNone),
                           .stack = fields.Stack("stack"),
                           .freed_by = fields.Number("freed_by", kNone),
                           .free_stack = fields.Stack("free_stack")});
}

void AddThread(Fields& fields, Record& record) {
  record.threads.push_back({.id = fields.Number("id", 0),
                            .parent = fields.Number("parent", kNone),
                            .stack = fields.Stack("stack"),
                            .function = fields.Address("function"),
                            .state = fields.Text("state")});
}

void AddLocation(Fields& fields, Record& record) {
  record.locations.push_back({.id = fields.Number("id", 0),
                              .address = fields.Address("address"),
                              .size = fields.Number("size", 0),
                              .initial = fields.Value("initial").value_or(0),
                              .block = fields.Number("block", kNone),
                              .offset = fields.Number<std::uint64_t>("offset", 0)});
}

void AddWait(Fields& fields, Record& record) {
  record.waits.push_back({.thread = fields.Number("thread", 0),
                          .what = fields.Text("what"),
                          .address = fields.Address("address"),
                          .owner = fields.Number("owner", kNone),
                          .value = fields.Value("value"),
                          .stack = fields.Stack("stack")});
}

// What is wrong, or nothing.
std::string Add(const std::string& type, Fields& fields, Record& record) {
  std::string problem;
  if (type == "start") {
    const int version = fields.Number("version", 0);
    if (version != kVersion) return absl::StrCat("version ", version, " of the record");
    record.program = fields.Text("program");
    if (fields.Find("model") != nullptr) record.model = fields.Text("model");
    if (fields.Find("mode") != nullptr) record.mode = fields.Text("mode");
  } else if (type == "module") {
    RecordedModule module{.path = fields.Text("path"),
                          .bias = fields.Address("bias"),
                          .low = fields.Address("low"),
                          .high = fields.Address("high"),
                          .build_id = ""};
    module.build_id = absl::HexStringToBytes(fields.Text("build_id"));
    record.modules.push_back(module);
  } else if (type == "progress") {
    record.progress.complete = fields.Number<std::uint64_t>("complete", 0);
    record.progress.blocked = fields.Number<std::uint64_t>("blocked", 0);
    record.progress.seconds = fields.Number<double>("seconds", 0);
    record.progress.done.reset();
    if (fields.Find("done") != nullptr) record.progress.done = fields.Number<double>("done", 0);
  } else if (type == "thread") {
    AddThread(fields, record);
  } else if (type == "location") {
    AddLocation(fields, record);
  } else if (type == "in_frame") {
    record.in_frames.push_back({.address = fields.Address("address"),
                                .thread = fields.Number("thread", 0),
                                .pc = fields.Address("pc"),
                                .stack_pointer = fields.Address("stack_pointer"),
                                .frame = fields.Address("frame")});
  } else if (type == "block") {
    AddBlock(fields, record);
  } else if (type == "event") {
    record.events.push_back(Event(fields));
  } else if (type == "finding") {
    record.finding = Finding(fields, problem);
  } else if (type == "waits") {
    AddWait(fields, record);
  } else if (type == "held") {
    record.held.push_back({.thread = fields.Number("thread", 0),
                           .what = fields.Text("what"),
                           .address = fields.Address("address"),
                           .stack = fields.Stack("stack")});
  } else if (type == "replay") {
    record.replay = fields.Text("path");
  } else if (type == "error") {
    record.error = {.message = fields.Text("message"),
                    .thread = fields.Number("thread", kNone),
                    .stack = fields.Stack("stack")};
  } else if (type == "unseen") {
    record.unseen.push_back({.what = fields.Text("what"), .stack = fields.Stack("stack")});
  } else if (type == "cut") {
    record.cut_loop = fields.Stack("stack");
  } else if (type == "output") {
    record.outputs.push_back({.fd = fields.Number("fd", 1), .text = fields.Text("text")});
  } else if (type == "site") {
    record.sites.push_back({.pc = fields.Address("pc"),
                            .operation = fields.Text("operation"),
                            .order = fields.Text("order"),
                            .failure = fields.Text("failure"),
                            .count = fields.Number<std::uint64_t>("count", 0)});
  } else if (type == "end") {
    record.end = End(fields);
  }
  return problem.empty() ? fields.problem() : problem;
}

template <class T>
const T* ById(const std::vector<T>& all, int id) {
  for (const T& one : all) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

}  // namespace

const RecordedLocation* Record::Location(int id) const { return ById(locations, id); }
const RecordedBlock* Record::Block(int id) const { return ById(blocks, id); }
const RecordedEvent* Record::Event(int id) const { return ById(events, id); }

const RecordedBlock* Record::BlockAt(std::uint64_t address) const {
  for (const RecordedBlock& block : blocks) {
    if (address >= block.address && address - block.address < block.size) return &block;
  }
  return nullptr;
}

absl::Status AddLine(absl::string_view line, Record& record) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto type = json.is_object() ? json.find("type") : json.end();
  if (!json.is_object() || type == json.end() || !type->is_string()) {
    return absl::InvalidArgumentError("not a line of a record");
  }
  Fields fields(json);
  const std::string problem = Add(type->get<std::string>(), fields, record);
  return problem.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problem);
}

absl::StatusOr<Record> ParseRecord(absl::string_view text) {
  Record record;
  int number = 0;
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == absl::string_view::npos) return record;
    ++number;
    if (absl::Status status = AddLine(text.substr(0, end), record); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace heddle::explorer::report
