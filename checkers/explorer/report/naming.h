// SPDX-License-Identifier: Apache-2.0
//
// Program counters, addresses and values of a record, as a person would name them.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_NAMING_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_NAMING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/record.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/report/source_lines.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::explorer::report {

class Namer {
 public:
  // `record` outlives it.
  Namer(const Record& record, const std::string& directory);

  // The innermost place of a stack that has a line of source; else its innermost.
  Place Innermost(const RecordedStack& stack);
  // The call that returns to `pc`: its innermost place in the program's own sources.
  Place PlaceOf(std::uint64_t pc);
  // Without frames of system headers and of the runtime; inlined calls are frames of their own.
  std::vector<Place> Stack(const RecordedStack& stack);
  std::string Function(std::uint64_t entry);
  // All frames at the return address `pc`, innermost first.
  std::vector<lock_order::ReportFrame> Frames(std::uint64_t pc);
  Place ToPlace(const lock_order::ReportFrame& frame);

  std::string Address(std::uint64_t address);
  // A variable of the explorer's runtime, which is in the program's file.
  bool IsRuntimes(std::uint64_t address);
  std::string Location(int location);

  // A variable of a function, or what of its frame no variable is known to be at.
  struct Local {
    std::uint64_t address = 0;
    int thread = 0;
    std::string name;  // as Address() says it
    std::string function;
  };
  const std::vector<Local>& Locals();
  // An access's `size` bytes.
  std::string Value(RecordedValue value, int size);

  const std::vector<std::string>& notes() const { return symbolizer_.notes(); }

 private:
  const Record& record_;
  std::string directory_;
  lock_order::Graph modules_;
  lock_order::Symbolizer symbolizer_;
  lock_order::SourceLines sources_;
  std::optional<std::vector<Local>> locals_;
};

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_NAMING_H_
