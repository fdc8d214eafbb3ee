// SPDX-License-Identifier: Apache-2.0
//
// A report in words, before it has a format: what every format shows.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_MODEL_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

struct ReportLock {
  std::string id;     // "M1", unique in the report
  std::string label;  // declared name, variable or address
  std::string kind;   // "mutex", "rwlock", ...
  std::string lock_class;
  uint64_t address = 0;
  std::vector<ReportFrame> created;  // where it was first seen, if known
};

// A stack with what happened there: "acquired M2 (to write) here".
struct ReportStack {
  std::string title;
  std::vector<ReportFrame> frames;
};

// The frame to point at: the innermost one that is of interest and has a source file, else any that
// has one, else the innermost one. nullptr: there are no frames.
const ReportFrame* PlaceOf(const std::vector<ReportFrame>& frames);
const ReportFrame* PlaceOf(const ReportStack& stack);

// One arrow of a drawn finding: a thread that holds `from` and acquires, or waits for, `to`.
struct ReportEdge {
  std::string thread;
  std::size_t from = 0;  // index into ReportFinding::locks
  std::size_t to = 0;
  std::vector<ReportStack> stacks;
};

struct ReportFinding {
  std::string kind;  // "cycle", "deadlock", ...: part of the formats' contract
  std::string headline;
  std::string path;  // "M1 -> M2 -> M1", for cycles and deadlocks
  std::vector<ReportLock> locks;
  std::vector<ReportEdge> edges;
  std::vector<ReportStack> stacks;  // that belong to no edge
  std::vector<std::string> remarks;
  std::string advice;
  uint64_t similar = 0;
  std::string program;
  uint32_t pid = 0;
};

struct SuppressionCount {
  std::string pattern;
  uint64_t matches = 0;
};

struct Report {
  std::vector<ReportFinding> findings;
  uint64_t suppressed = 0;
  std::vector<SuppressionCount> suppressions;
  std::vector<std::string>
      notes;  // what limits the report: files without symbols, a search cut short
};

// A short name for each kind of finding, and what it means, for the formats that list them.
struct FindingKind {
  const char* kind;
  const char* name;
  const char* description;
};
const std::vector<FindingKind>& FindingKinds();

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_MODEL_H_
