// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_sites.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/naming.h"
#include "checkers/explorer/report/record.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::weaken {
namespace {

using explorer::report::Record;
using explorer::report::RecordedModule;
using explorer::report::RecordedSite;
using lock_order::ReportFrame;

// Headers that the explorer puts before the compiler's own.
constexpr absl::string_view kReplaced = "checkers/explorer/runtime/include/";

// Between a primitive and its operation: nobody chooses an order there.
constexpr absl::string_view kSeams[] = {"primitives/std_platform.h",
                                        "checkers/explorer/engine/explorer_platform.h",
                                        "checkers/scenario/stepped_atomic.h"};

bool IsSeam(absl::string_view file) {
  for (const absl::string_view seam : kSeams) {
    if (absl::EndsWith(file, seam)) return true;
  }
  return false;
}

// The C++ libraries' classes around the compiler's operations.
bool IsAtomicHeader(absl::string_view include) {
  return include == "atomic" || include == "bits/atomic_base.h" || include == "stdatomic.h" ||
         include == "cstdatomic" || absl::StartsWith(include, "__atomic/");
}

// The frame in which the order is written, among those of one operation.
const ReportFrame& WrittenAt(const std::vector<ReportFrame>& frames, bool& library) {
  library = false;
  bool waits = false;
  for (const ReportFrame& frame : frames) {
    const std::string include = absl::StrContains(frame.file, kReplaced)
                                    ? "bits/atomic_wait.h"
                                    : lock_order::SystemInclude(frame.file);
    if (!include.empty()) {
      // The load of atomic::wait() has the order that wait() was called with.
      waits = waits || (IsAtomicHeader(include) && absl::StrContains(frame.function, "::wait("));
      library = library || (!waits && !IsAtomicHeader(include));
      continue;
    }
    if (!IsSeam(frame.file)) return frame;
  }
  library = true;
  return frames.front();
}

}  // namespace

std::string ShortName(const std::string& function) {
  std::string name;
  int depth = 0;
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (absl::string_view(function).substr(i, 10) == "(anonymous") {
      i = function.find(')', i);
      if (i == std::string::npos) break;
      name += "(anonymous)";
      continue;
    }
    if (c == '(' && depth == 0) {
      // What follows parameters matters for a lambda only.
      const std::size_t lambda = function.find("::{lambda", i);
      if (lambda == std::string::npos) break;
      i = lambda - 1;
      continue;
    }
    if (c == '{' || c == '$') {
      name += "lambda";
      break;
    }
    if (c == '<') ++depth;
    if (depth == 0) name += c;
    if (c == '>') --depth;
  }
  // A template's name begins with its result.
  if (const std::size_t space = name.rfind(' '); space != std::string::npos) {
    name.erase(0, space + 1);
  }
  for (const absl::string_view outer : {"heddle::", "(anonymous)::"}) {
    while (absl::StartsWith(name, outer)) name.erase(0, outer.size());
  }
  return name;
}

Sites::Binary& Sites::Of(std::size_t binary, const Record& record) {
  Binary& known = binaries_[binary];
  if (known.namer == nullptr) {
    known.record.modules = record.modules;
    known.namer = std::make_unique<explorer::report::Namer>(known.record, directory_);
  }
  return known;
}

Site Sites::Locate(Binary& binary, std::uint64_t offset, const RecordedSite& met) {
  if (const auto known = binary.known.find(offset); known != binary.known.end()) {
    Site site = known->second;
    site.key.order = met.order;
    site.key.failure = met.failure;
    return site;
  }
  const std::vector<ReportFrame> frames =
      binary.namer->Frames(binary.record.modules.front().bias + offset);
  Site site;
  const ReportFrame& frame = WrittenAt(frames, site.library);
  const explorer::report::Place place = binary.namer->ToPlace(frame);
  site.key = {.file = place.file.empty() ? place.where : place.file,
              .line = place.line,
              .column = frame.column,
              .operation = met.operation,
              .order = met.order,
              .failure = met.failure};
  site.function = ShortName(frame.function);
  site.source = place.source;
  binary.known.emplace(offset, site);
  return site;
}

void Sites::Add(std::size_t binary, std::size_t subject, const Record& record) {
  if (record.modules.empty()) return;
  const RecordedModule& program = record.modules.front();
  Binary& names = Of(binary, record);
  for (const RecordedSite& met : record.sites) {
    // Another module's operations cannot be told to be weaker.
    if (met.pc < program.low || met.pc > program.high) continue;
    const std::uint64_t offset = met.pc - program.bias;
    const Site located = Locate(names, offset, met);
    Site& site = sites_.emplace(located.key, located).first->second;
    site.offsets[binary].insert(offset);
    site.subjects.insert(subject);
    site.count += met.count;
  }
}

bool Sites::AddNew(std::size_t binary, const Record& record) {
  if (record.modules.empty()) return false;
  const RecordedModule& program = record.modules.front();
  Binary& names = Of(binary, record);
  bool added = false;
  for (const RecordedSite& met : record.sites) {
    if (met.pc < program.low || met.pc > program.high) continue;
    const std::uint64_t offset = met.pc - program.bias;
    const auto site = sites_.find(Locate(names, offset, met).key);
    if (site != sites_.end()) added |= site->second.offsets[binary].insert(offset).second;
  }
  return added;
}

std::vector<Site*> Sites::All() {
  std::vector<Site*> all;
  for (auto& [key, site] : sites_) all.push_back(&site);
  return all;
}

}  // namespace heddle::weaken
