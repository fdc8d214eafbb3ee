// SPDX-License-Identifier: Apache-2.0
//
// Program counters to functions, files and lines, inlined calls included, from the ELF and DWARF of
// the files that the graph names (elfutils). Sources are not needed. A file that is missing, or
// that is another build than the one that ran, is not guessed from: its frames keep module and
// offset, and notes() says why.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOLIZER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOLIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/report/frame_variables.h"

namespace heddle::lock_order {

struct ReportFrame {
  uint64_t pc = 0;
  std::string function;  // demangled; empty: not known
  std::string file;
  int line = 0;
  int column = 0;         // 0: not known
  std::string directory;  // that a relative `file` is relative to
  std::string module;     // path; empty: outside all modules
  uint64_t offset = 0;    // within the module's own addresses
  bool inlined = false;   // into the next frame

  bool operator==(const ReportFrame&) const = default;
};

class Symbolizer {
 public:
  Symbolizer();
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // The frames at the return address `pc`, innermost first; at least one.
  std::vector<ReportFrame> Frames(const Graph& graph, uint64_t pc);

  // The variable at `address`: "name" or "name+8"; empty if there is none.
  std::string Variable(const Graph& graph, uint64_t address);

  // The same with the part of it that the address is in, by the variable's type: "name.first[2]".
  std::string PartOfVariable(const Graph& graph, uint64_t address);

  // The variable in the frame of the function that is called back at `pc`; empty: not known.
  FrameVariable VariableInFrame(const Graph& graph, uint64_t pc, const FrameAddress& address);

  // The module that has `address` in its static storage; 0: none.
  uint32_t ModuleOfVariable(const Graph& graph, uint64_t address);

  // For the labels of classes; lives no longer than this.
  VariableNamer Namer();

  // What could not be read, a sentence each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  class File;

  File& FileOf(const Graph& graph, uint32_t module);

  absl::flat_hash_map<std::string, std::unique_ptr<File>> files_;  // by path and build id
  absl::flat_hash_map<std::pair<std::string, uint64_t>, std::vector<ReportFrame>> frames_;
  std::vector<std::string> notes_;
};

std::string Demangle(const std::string& name);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOLIZER_H_
