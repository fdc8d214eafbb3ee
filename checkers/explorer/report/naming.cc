// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/naming.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::explorer::report {
namespace {

// The runtime's functions, and those that run scenarios, which stand around the program's.
constexpr std::array<absl::string_view, 3> kOwn = {
    "checkers/explorer/runtime/", "checkers/explorer/engine/", "checkers/scenario/scenario.h"};

// What primitives call in the place of operators: a step is at its caller's line.
constexpr absl::string_view kPlatform = "primitives/std_platform.h";

bool IsOwn(absl::string_view file) {
  return std::any_of(kOwn.begin(), kOwn.end(),
                     [&](absl::string_view own) { return absl::StrContains(file, own); });
}

// Smaller numbers are counts, larger ones more likely addresses or bits.
constexpr RecordedValue kLargestDecimal = 999'999;

std::uint32_t AddString(const std::string& text, lock_order::Graph& graph) {
  constexpr std::size_t kPart = sizeof(lock_order::StringPart::text);
  const auto first = static_cast<std::uint32_t>(graph.strings.size());
  std::size_t at = 0;
  do {
    lock_order::StringPart part{};
    const std::size_t left = text.size() - at;
    part.bytes = static_cast<std::uint32_t>(left);
    std::memcpy(part.text, text.data() + at, std::min(left, kPart));
    graph.strings.push_back(part);
    at += kPart;
  } while (at < text.size());
  return first;
}

void AddModule(const RecordedModule& recorded, lock_order::Graph& graph) {
  lock_order::Module module{};
  module.begin = recorded.low;
  module.end = recorded.high;
  module.bias = recorded.bias;
  module.path = AddString(recorded.path, graph);
  const std::size_t bytes = std::min(recorded.build_id.size(), sizeof module.build_id);
  module.build_id_bytes = static_cast<std::uint8_t>(bytes);
  std::memcpy(module.build_id, recorded.build_id.data(), bytes);
  graph.modules.push_back(module);
}

std::string HexOf(RecordedValue value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[static_cast<std::size_t>(value & 15U)]);
    value >>= 4U;
  } while (value != 0);
  return absl::StrCat("0x", digits);
}

absl::string_view BaseName(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// The compiler's copies of a name have numbers at its end.
std::string Readable(std::string name) {
  if (absl::StartsWith(name, "_Z")) {
    name = lock_order::Demangle(name.substr(0, name.find('.')));
  }
  return absl::StrReplaceAll(name, {{"(anonymous namespace)::", ""}});
}

// Without its parameters: they are long, and the line of source is shown beside it.
std::string ShortFunction(const std::string& full) {
  const std::string name = Readable(full);
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<' || name[i] == '{') ++depth;
    if (name[i] == '>' || name[i] == '}') --depth;
    const bool is_operator = i >= 8 && name.compare(i - 8, 8, "operator") == 0;
    if (name[i] == '(' && depth == 0 && i > 0 && !is_operator) {
      // A lambda's own name has parentheses too.
      const std::size_t after = name.find(")::", i);
      if (after != std::string::npos) continue;
      return name.substr(0, i);
    }
  }
  return name;
}

}  // namespace

Namer::Namer(const Record& record, const std::string& directory)
    : record_(record), directory_(directory), sources_(directory) {
  for (const RecordedModule& module : record.modules) AddModule(module, modules_);
}

Place Namer::ToPlace(const lock_order::ReportFrame& frame) {
  Place place;
  place.function = lock_order::Printable(ShortFunction(frame.function));
  if (!frame.file.empty() && frame.line > 0) {
    place.file = lock_order::Printable(lock_order::ShortPath(frame.file, directory_));
    place.line = frame.line;
    place.where = absl::StrCat(place.file, ":", frame.line);
    if (const std::optional<std::string> text = sources_.At(frame)) {
      place.source = lock_order::Printable(absl::StripAsciiWhitespace(*text));
    }
  } else if (!frame.module.empty()) {
    place.where =
        lock_order::Printable(absl::StrCat(BaseName(frame.module), "+0x", absl::Hex(frame.offset)));
  } else {
    place.where = absl::StrCat("0x", absl::Hex(frame.pc));
  }
  return place;
}

std::vector<Place> Namer::Stack(const RecordedStack& stack) {
  std::vector<lock_order::ReportFrame> frames;
  for (const std::uint64_t pc : stack) {
    if (pc == 0) continue;  // nowhere: a thread's end
    const std::vector<lock_order::ReportFrame> at = symbolizer_.Frames(modules_, pc);
    for (const lock_order::ReportFrame& frame : at) {
      if (!IsOwn(frame.file)) frames.push_back(frame);
    }
  }
  std::vector<Place> places;
  if (frames.empty()) return places;
  for (const std::size_t i : lock_order::FramesOfInterest(frames)) {
    places.push_back(ToPlace(frames[i]));
  }
  return places;
}

std::vector<lock_order::ReportFrame> Namer::Frames(std::uint64_t pc) {
  return symbolizer_.Frames(modules_, pc);
}

Place Namer::Innermost(const RecordedStack& stack) {
  const std::vector<Place> places = Stack(stack);
  for (const Place& place : places) {
    if (place.line > 0 && !absl::EndsWith(place.file, kPlatform)) return place;
  }
  return places.empty() ? Place{} : places.front();
}

Place Namer::PlaceOf(std::uint64_t pc) {
  if (pc == 0) return {};
  const std::vector<Place> places = Stack({pc});
  return places.empty() ? Place{} : places.front();
}

std::string Namer::Function(std::uint64_t entry) {
  if (entry == 0) return "";
  // A return address lies behind its call; an entry is looked up by itself.
  const lock_order::ReportFrame frame = symbolizer_.Frames(modules_, entry + 1)[0];
  // The runtime starts the first thread, an engine a scenario's, the C++ library those of
  // std::thread.
  if (frame.file.empty() || IsOwn(frame.file)) return "";
  return lock_order::Printable(ShortFunction(frame.function));
}

bool Namer::IsRuntimes(std::uint64_t address) {
  return absl::StartsWith(symbolizer_.Variable(modules_, address), "heddle::explorer::");
}

std::string Namer::Address(std::uint64_t address) {
  if (IsRuntimes(address)) return absl::StrCat("a wait queue (", HexOf(address & 0xfff), ")");
  if (const RecordedBlock* block = record_.BlockAt(address); block != nullptr) {
    const std::uint64_t offset = address - block->address;
    return offset == 0 ? absl::StrCat("block ", block->id)
                       : absl::StrCat("block ", block->id, "+", offset);
  }
  for (const Local& local : Locals()) {
    if (local.address == address) return local.name;
  }
  const std::string name =
      lock_order::Printable(Readable(symbolizer_.PartOfVariable(modules_, address)));
  return name.empty() ? HexOf(address) : name;
}

// Frames come and go: an address that was in several names nothing but itself.
const std::vector<Namer::Local>& Namer::Locals() {
  if (locals_) return *locals_;
  std::vector<Local> locals;
  for (const RecordedInFrame& in : record_.in_frames) {
    const auto from = [&](std::uint64_t base) {
      return static_cast<std::int64_t>(in.address - base);
    };
    const lock_order::FrameVariable found = symbolizer_.VariableInFrame(
        modules_, in.pc,
        {.from_frame = from(in.frame), .from_stack_pointer = from(in.stack_pointer)});
    Local local{.address = in.address,
                .thread = in.thread,
                .name = found.name.empty() ? HexOf(in.address) : lock_order::Printable(found.name),
                .function = lock_order::Printable(ShortFunction(found.function))};
    if (local.function.empty()) local.function = PlaceOf(in.pc).function;
    const auto same = std::find_if(locals.begin(), locals.end(), [&](const Local& other) {
      return other.address == local.address;
    });
    if (same == locals.end()) {
      locals.push_back(local);
    } else if (same->name != local.name || same->function != local.function) {
      same->name = HexOf(in.address);
      if (same->function != local.function) same->function.clear();
    }
  }
  // What has the same name as something else says whose it is.
  std::vector<Local> told = locals;
  for (Local& local : told) {
    const auto shares = [&](const Local& other) {
      return other.address != local.address && other.name == local.name;
    };
    if (std::any_of(locals.begin(), locals.end(), shares)) {
      absl::StrAppend(&local.name, " of ", local.function.empty() ? "a function" : local.function,
                      ", thread ", local.thread);
    }
  }
  locals_ = told;
  return *locals_;
}

std::string Namer::Location(int location) {
  const RecordedLocation* found = record_.Location(location);
  return found == nullptr ? "" : Address(found->address);
}

std::string Namer::Value(RecordedValue value, int size) {
  if (value <= kLargestDecimal) return absl::StrCat(static_cast<std::uint64_t>(value));
  if (size >= 1 && size < 16) {
    const RecordedValue range = RecordedValue{1} << (8U * static_cast<unsigned>(size));
    if (value < range && range - value <= kLargestDecimal) {
      return absl::StrCat("-", static_cast<std::uint64_t>(range - value));
    }
  }
  if (size == 8) {
    const std::string name = Address(static_cast<std::uint64_t>(value));
    if (!absl::StartsWith(name, "0x")) return absl::StrCat("&", name);
  }
  return HexOf(value);
}

}  // namespace heddle::explorer::report
