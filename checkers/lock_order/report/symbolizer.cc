// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/symbolizer.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/report/frame_variables.h"
#include "checkers/lock_order/report/function_scopes.h"
#include "checkers/lock_order/report/static_variables.h"
#include "checkers/lock_order/report/symbol_index.h"

namespace heddle::lock_order {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

std::string Demangle(const std::string& name) {
  if (name.rfind("_Z", 0) != 0) return name;
  int status = 0;
  const std::unique_ptr<char, Free> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
  return text != nullptr && status == 0 ? text.get() : name;
}

// One ELF file, at its own addresses.
class Symbolizer::File {
 public:
  // `why` says what is wrong if it cannot be used.
  File(const std::string& path, const Module& recorded, std::string& why) {
    struct stat file{};
    if (path.empty() || path[0] != '/' || stat(path.c_str(), &file) != 0 ||
        !S_ISREG(file.st_mode)) {
      why = "the file is not there";
      return;
    }
    static char* debug_path = nullptr;
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &debug_path,
    };
    dwfl_.reset(dwfl_begin(&callbacks));
    if (dwfl_ == nullptr) {
      why = dwfl_errmsg(-1);
      return;
    }
    dwfl_report_begin(dwfl_.get());
    Dwfl_Module* module = dwfl_report_elf(dwfl_.get(), path.c_str(), path.c_str(), -1, 0, true);
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);
    if (module == nullptr) {
      why = dwfl_errmsg(-1);
      return;
    }
    GElf_Addr bias = 0;
    dwfl_module_getelf(module, &bias);
    const unsigned char* id = nullptr;
    GElf_Addr where = 0;
    const int bytes = dwfl_module_build_id(module, &id, &where);
    if (recorded.build_id_bytes != 0 &&
        (bytes < recorded.build_id_bytes ||
         std::memcmp(id, recorded.build_id, recorded.build_id_bytes) != 0)) {
      why = "the file there is another build than the one that ran";
      return;
    }
    module_ = module;
    dwfl_module_info(module, nullptr, &low_, &high_, nullptr, nullptr, nullptr, nullptr);
  }

  bool usable() const { return module_ != nullptr; }
  bool Contains(uint64_t offset) const { return usable() && offset >= low_ && offset < high_; }

  // Innermost first.
  std::vector<ReportFrame> Frames(uint64_t offset) {
    std::vector<ReportFrame> frames;
    if (!usable()) return frames;
    ReportFrame frame;
    std::string directory;
    const Symbol* symbol = SymbolAt(offset);
    if (Unit* unit = UnitAt(offset); unit != nullptr) {
      const Dwarf_Addr address = offset - unit->bias;
      if (Dwarf_Line* line = dwarf_getsrc_die(&unit->die, address); line != nullptr) {
        const char* file = dwarf_linesrc(line, nullptr, nullptr);
        if (file != nullptr) frame.file = file;
        dwarf_lineno(line, &frame.line);
        dwarf_linecol(line, &frame.column);
      }
      AddInlined(unit->functions, address, frame, frames);
      directory = unit->functions.Directory();
    }
    if (frame.function.empty() && symbol != nullptr) frame.function = Demangle(symbol->name);
    frames.push_back(frame);
    for (ReportFrame& one : frames) one.directory = directory;
    return frames;
  }

  std::string Variable(uint64_t offset) {
    const Symbol* symbol = SymbolAt(offset);
    if (symbol == nullptr || symbol->type != STT_OBJECT || offset >= symbol->high) return "";
    const std::string name = Demangle(symbol->name);
    return offset == symbol->low ? name : absl::StrCat(name, "+", offset - symbol->low);
  }

  std::string PartOfVariable(uint64_t offset) {
    const Symbol* symbol = SymbolAt(offset);
    if (symbol == nullptr || symbol->type != STT_OBJECT || offset >= symbol->high) return "";
    if (!indexed_) IndexUnits();
    if (statics_ == nullptr) {
      statics_ = std::make_unique<StaticVariables>();
      for (Unit& unit : units_) AddStaticVariables(unit.die, unit.bias, *statics_);
    }
    const auto known = statics_->find(symbol->low);
    if (known == statics_->end()) return Variable(offset);
    return absl::StrCat(Demangle(symbol->name),
                        lock_order::PartOfVariable(known->second, offset - symbol->low));
  }

  FrameVariable VariableInFrame(uint64_t offset, const FrameAddress& address) {
    Unit* const unit = usable() ? UnitAt(offset) : nullptr;
    if (unit == nullptr) return {};
    std::vector<Dwarf_Die> scopes = unit->functions.At(offset - unit->bias);
    if (scopes.empty()) return {};
    Dwarf_Addr bias = 0;
    Dwarf_CFI* const cfi = dwfl_module_eh_cfi(module_, &bias);
    // Such addresses are the file's own; its debug information may have others.
    return FindFrameVariable(scopes.back(), offset - unit->bias, cfi, unit->bias - bias, address);
  }

 private:
  struct Unit {
    Dwarf_Die die;
    Dwarf_Addr bias;
    FunctionScopes functions;
  };
  struct Range {
    Dwarf_Addr low;
    Dwarf_Addr high;
    std::size_t unit;
  };

  const Symbol* SymbolAt(uint64_t offset) {
    if (symbols_ == nullptr) symbols_ = std::make_unique<SymbolIndex>(module_);
    return symbols_->At(offset);
  }

  // An index of our own: not every compiler writes one, and without it elfutils finds no unit.
  Unit* UnitAt(uint64_t offset) {
    if (!indexed_) IndexUnits();
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), offset,
                                  [](uint64_t o, const Range& range) { return o < range.low; });
    if (after == ranges_.begin()) return nullptr;
    --after;
    return offset < after->high ? &units_[after->unit] : nullptr;
  }

  void IndexUnits() {
    indexed_ = true;
    Dwarf_Addr bias = 0;
    for (Dwarf_Die* die = nullptr; (die = dwfl_module_nextcu(module_, die, &bias)) != nullptr;) {
      Dwarf_Addr base = 0;
      Dwarf_Addr low = 0;
      Dwarf_Addr high = 0;
      for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &low, &high)) > 0;) {
        if (low < high)
          ranges_.push_back({.low = low + bias, .high = high + bias, .unit = units_.size()});
      }
      units_.push_back({.die = *die, .bias = bias, .functions = FunctionScopes(*die)});
    }
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.low < b.low; });
  }

  // Appends the functions inlined at `address`, and leaves the one they are inlined into in
  // `frame`.
  static void AddInlined(FunctionScopes& functions, Dwarf_Addr address, ReportFrame& frame,
                         std::vector<ReportFrame>& frames) {
    for (Dwarf_Die& die : functions.At(address)) {
      if (dwarf_tag(&die) != DW_TAG_inlined_subroutine) {
        // Without a linkage name the symbol table knows it better.
        if (HasLinkageName(die)) frame.function = FunctionName(die);
        return;
      }
      frame.function = FunctionName(die);
      frame.inlined = true;
      frames.push_back(frame);
      frame = ReportFrame{};
      FunctionScopes::Place place = functions.CallSite(die);
      frame.file = std::move(place.file);
      frame.line = place.line;
      frame.column = place.column;
    }
  }

  struct End {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };
  std::unique_ptr<Dwfl, End> dwfl_;
  Dwfl_Module* module_ = nullptr;
  Dwarf_Addr low_ = 0;
  Dwarf_Addr high_ = 0;
  std::unique_ptr<SymbolIndex> symbols_;
  bool indexed_ = false;
  std::vector<Unit> units_;
  std::unique_ptr<StaticVariables> statics_;
  std::vector<Range> ranges_;  // by address
};

Symbolizer::Symbolizer() = default;
Symbolizer::~Symbolizer() = default;

Symbolizer::File& Symbolizer::FileOf(const Graph& graph, uint32_t module) {
  const Module& recorded = graph.modules[module];
  const std::string path = graph.String(recorded.path);
  std::unique_ptr<File>& file = files_[absl::StrCat(path, "\n", BuildIdHex(recorded))];
  if (file == nullptr) {
    std::string why;
    file = std::make_unique<File>(path, recorded, why);
    if (!why.empty() && path.find("vdso") == std::string::npos) {
      notes_.push_back(absl::StrCat("no symbols of ", path, ": ", why));
    }
  }
  return *file;
}

std::vector<ReportFrame> Symbolizer::Frames(const Graph& graph, uint64_t pc) {
  const uint32_t module = pc == 0 ? 0 : ModuleAt(graph, pc - 1);
  if (module == 0) {
    ReportFrame frame;
    frame.pc = pc;
    return {frame};
  }
  const Module& recorded = graph.modules[module];
  const std::string path = graph.String(recorded.path);
  const uint64_t offset = pc - recorded.bias;
  std::vector<ReportFrame>& frames =
      frames_[{absl::StrCat(path, "\n", BuildIdHex(recorded)), offset}];
  if (frames.empty()) {
    // The call lies before its return address.
    frames = FileOf(graph, module).Frames(offset - 1);
    if (frames.empty()) frames.emplace_back();
    for (ReportFrame& frame : frames) {
      frame.module = path;
      frame.offset = offset;
    }
  }
  std::vector<ReportFrame> result = frames;
  for (ReportFrame& frame : result) frame.pc = pc;
  return result;
}

FrameVariable Symbolizer::VariableInFrame(const Graph& graph, uint64_t pc,
                                          const FrameAddress& address) {
  const uint32_t module = pc == 0 ? 0 : ModuleAt(graph, pc - 1);
  if (module == 0) return {};
  const uint64_t offset = pc - graph.modules[module].bias;
  return FileOf(graph, module).VariableInFrame(offset - 1, address);
}

// Data lies close behind the code of its module.
uint32_t Symbolizer::ModuleOfVariable(const Graph& graph, uint64_t address) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 32;
  for (std::size_t i = graph.modules.size(); i-- > 1;) {
    const uint64_t bias = graph.modules[i].bias;
    if (address < bias || address - bias >= kMostBytes) continue;
    const auto module = static_cast<uint32_t>(i);
    if (FileOf(graph, module).Contains(address - bias)) return module;
  }
  return 0;
}

std::string Symbolizer::Variable(const Graph& graph, uint64_t address) {
  const uint32_t module = ModuleOfVariable(graph, address);
  return module == 0 ? "" : FileOf(graph, module).Variable(address - graph.modules[module].bias);
}

std::string Symbolizer::PartOfVariable(const Graph& graph, uint64_t address) {
  const uint32_t module = ModuleOfVariable(graph, address);
  if (module == 0) return "";
  return FileOf(graph, module).PartOfVariable(address - graph.modules[module].bias);
}

VariableNamer Symbolizer::Namer() {
  return [this](const Graph& graph, uint64_t address) -> std::string {
    const uint32_t module = ModuleOfVariable(graph, address);
    if (module == 0) return "";
    const std::string name = FileOf(graph, module).Variable(address - graph.modules[module].bias);
    const std::string path = graph.String(graph.modules[module].path);
    return name.empty() ? "" : absl::StrCat(path.substr(path.rfind('/') + 1), ":", name);
  };
}

}  // namespace heddle::lock_order
