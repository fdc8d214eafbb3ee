// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/describe.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/classes.h"

namespace heddle::lock_order {
namespace {

bool IsReaderWriter(uint8_t kind) {
  return (kind >= kRwPreferReader && kind <= kRwPreferWriterNonrecursive) || kind >= kFlock;
}

}  // namespace

const char* Describer::KindName(uint8_t kind) {
  switch (kind) {
    case kMutexNormal:
      return "mutex";
    case kMutexRecursive:
      return "recursive mutex";
    case kMutexErrorcheck:
      return "error-checking mutex";
    case kMutexRobust:
      return "robust mutex";
    case kMutexC11:
      return "C11 mutex";
    case kSpin:
      return "spin lock";
    case kRwPreferReader:
      return "rwlock";
    case kRwPreferWriter:
      return "rwlock (prefers writers)";
    case kRwPreferWriterNonrecursive:
      return "rwlock (prefers writers, not recursive)";
    case kSemaphore:
      return "semaphore";
    case kFlock:
      return "file lock (flock)";
    case kPosixFileLock:
      return "file lock (POSIX)";
    case kOfdFileLock:
      return "file lock (open file description)";
    case kAnnotatedRw:
      return "annotated rwlock";
    default:
      return "annotated lock";
  }
}

std::string Describer::Label(uint32_t index) {
  const Node& node = graph_.nodes[index];
  if (node.name != 0) return graph_.String(node.name);
  if (node.address == 0) return absl::StrCat("file ", absl::Hex(node.identity));
  std::string variable = symbolizer_.Variable(graph_, node.address);
  if (!variable.empty()) return variable;
  return absl::StrCat("0x", absl::Hex(node.address));
}

std::string Describer::Mode(const Node& node, uint8_t flags) {
  if ((flags & kShared) != 0) return " to read";
  return IsReaderWriter(node.kind) && node.kind != kAnnotated && node.kind != kAnnotatedRecursive
             ? " to write"
             : "";
}

std::string Describer::How(uint8_t flags) {
  std::string how;
  if ((flags & kTry) != 0) absl::StrAppend(&how, ", by a try");
  if ((flags & kCondWait) != 0) absl::StrAppend(&how, ", on return from a condition wait");
  if ((flags & kTimed) != 0) {
    absl::StrAppend(&how, (flags & kCondWait) != 0 ? " with a time limit" : ", with a time limit");
  }
  if ((flags & kHandler) != 0) absl::StrAppend(&how, ", inside a signal handler");
  return how;
}

std::size_t Describer::LockIndex(uint32_t index, ReportFinding& report) {
  const auto [id, added] = ids_.try_emplace(index, next_id_);
  if (added) ++next_id_;
  const std::string name = absl::StrCat("M", id->second);
  for (std::size_t i = 0; i < report.locks.size(); ++i) {
    if (report.locks[i].id == name) return i;
  }
  const Node& node = graph_.nodes[index];
  ReportLock lock;
  lock.id = name;
  lock.label = Label(index);
  lock.kind = KindName(node.kind);
  lock.address = node.address;
  lock.lock_class = node.name != 0 ? graph_.String(node.name) : PlaceLabel(graph_, node.first_site);
  if (node.first_stack != 0) lock.created = StackFrames(node.first_stack, node.first_site);
  report.locks.push_back(std::move(lock));
  return report.locks.size() - 1;
}

std::string Describer::Id(uint32_t node, ReportFinding& report) {
  return report.locks[LockIndex(node, report)].id;
}

std::string Describer::ThreadText(uint32_t thread) const {
  const absl::string_view name = graph_.ThreadName(thread);
  return absl::StrCat("thread T", thread, " (", name.empty() ? "" : absl::StrCat("'", name, "', "),
                      "tid ", graph_.threads[thread].tid, ")");
}

std::vector<ReportFrame> Describer::Symbolized(const std::vector<uint64_t>& pcs) {
  std::vector<ReportFrame> frames;
  for (const uint64_t pc : pcs) {
    for (ReportFrame& frame : symbolizer_.Frames(graph_, pc)) frames.push_back(std::move(frame));
  }
  return frames;
}

std::vector<ReportFrame> Describer::StackFrames(uint32_t stack, uint64_t site) {
  std::vector<uint64_t> pcs;
  for (const Frame& frame : graph_.StackFrames(stack)) {
    if (frame.pc != 0) pcs.push_back(frame.pc);
  }
  if (pcs.empty() && site != 0) pcs.push_back(site);
  return Symbolized(pcs);
}

ReportStack Describer::Held(uint32_t chain, ReportFinding& report) {
  const Chain& record = graph_.chains[chain];
  return {.title = absl::StrCat("it holds ", Id(record.node, report),
                                Mode(graph_.nodes[record.node], record.flags), How(record.flags),
                                ", acquired here:"),
          .frames = StackFrames(record.stack, record.site)};
}

ReportStack Describer::Acquired(uint32_t chain, ReportFinding& report) {
  const Chain& record = graph_.chains[chain];
  return {.title = absl::StrCat("and acquires ", Id(record.node, report),
                                Mode(graph_.nodes[record.node], record.flags), How(record.flags),
                                " here:"),
          .frames = StackFrames(record.stack, record.site)};
}

// Says what else is held on the way to `chain`, in one line.
void Describer::AddOthersHeld(uint32_t chain, uint32_t but, ReportFinding& report,
                              ReportEdge& edge) {
  std::vector<std::string> others;
  for (uint32_t c = graph_.chains[chain].parent; c != 0 && others.size() < 8;
       c = graph_.chains[c].parent) {
    if (c != but) others.push_back(Label(graph_.chains[c].node));
  }
  if (others.empty()) return;
  report.remarks.push_back(
      absl::StrCat(edge.thread, " holds there also: ", absl::StrJoin(others, ", "), "."));
}

ReportFinding Describer::Describe(const Finding& finding) {
  ReportFinding report;
  report.program = graph_.info.program;
  report.pid = graph_.info.pid;
  std::visit([this, &report](const auto& kind) { Fill(kind, report); }, finding);
  return report;
}

}  // namespace heddle::lock_order
