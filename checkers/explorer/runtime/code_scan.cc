// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/code_scan.h"

#include <link.h>
#include <string.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "checkers/explorer/runtime/instruction.h"
#include "checkers/explorer/runtime/modules.h"

extern "C" {
extern const unsigned char __start_heddle_unscanned[] __attribute__((visibility("hidden")));
extern const unsigned char __stop_heddle_unscanned[] __attribute__((visibility("hidden")));
}

namespace heddle::explorer {
namespace {

// DWARF's ways to encode a pointer, as the compilers and linkers of this system use them for unwind
// tables (Linux Standard Base, "Exception Frames").
constexpr unsigned char kTableEncoding = 0x3b;  // 4 bytes, signed, from the start of the table
constexpr unsigned char kCountEncoding = 0x03;  // 4 bytes, unsigned
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kRangeOffset = 12;  // of a function's size in its unwind entry

struct TableEntry {
  std::int32_t start;
  std::int32_t unwind;
};

struct Code {
  const unsigned char* start;
  const unsigned char* end;
};

// The functions that have an entry in the table of unwind information, in the order of addresses.
std::vector<Code> Functions(const dl_phdr_info& module) {
  std::vector<Code> functions;
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module.dlpi_phdr[i];
    if (header.p_type != PT_GNU_EH_FRAME) continue;
    const auto* const table =
        reinterpret_cast<const unsigned char*>(module.dlpi_addr + header.p_vaddr);
    if (table[0] != 1 || table[2] != kCountEncoding || table[3] != kTableEncoding) continue;
    std::uint32_t count;
    memcpy(&count, table + 8, sizeof count);
    for (std::uint32_t k = 0; k < count; ++k) {
      TableEntry entry;
      memcpy(&entry, table + kHeaderSize + k * sizeof entry, sizeof entry);
      std::uint32_t size;
      memcpy(&size, table + entry.unwind + kRangeOffset, sizeof size);
      functions.push_back({table + entry.start, table + entry.start + size});
    }
  }
  std::sort(functions.begin(), functions.end(),
            [](const Code& a, const Code& b) { return a.start < b.start; });
  return functions;
}

class ModuleScan {
 public:
  ModuleScan(const dl_phdr_info& module, std::vector<UnseenCode>& found)
      : module_(module), found_(found) {}

  // Each function from its start, and what lies between them, which may be functions without unwind
  // information, from there.
  void Run() {
    const std::vector<Code> functions = Functions(module_);
    for (int i = 0; i < module_.dlpi_phnum; ++i) {
      const ElfW(Phdr) & header = module_.dlpi_phdr[i];
      if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
      const auto* at = reinterpret_cast<const unsigned char*>(module_.dlpi_addr + header.p_vaddr);
      const unsigned char* const end = at + header.p_filesz;
      for (const Code& function : functions) {
        if (function.start < at || function.end > end) continue;
        Between({at, function.start});
        Scan(function);
        at = function.end;
      }
      Between({at, end});
    }
  }

 private:
  void Between(const Code& code) {
    const unsigned char* const skipped =
        std::clamp<const unsigned char*>(__start_heddle_unscanned, code.start, code.end);
    Scan({code.start, skipped});
    Scan({std::clamp<const unsigned char*>(__stop_heddle_unscanned, code.start, code.end),
          code.end});
  }

  void Scan(const Code& code) {
    if (code.start >= __start_heddle_unscanned && code.start < __stop_heddle_unscanned) return;
    for (const unsigned char* at = code.start; at < code.end;) {
      const Instruction instruction = Decode(at, static_cast<std::size_t>(code.end - at));
      // Not code: the rest can be anything.
      if (instruction.length == 0) return;
      if (instruction.kind != InstructionKind::kOther) Found(at, instruction);
      at += instruction.length;
    }
  }

  void Found(const unsigned char* at, const Instruction& instruction) {
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    const std::string_view path = module_.dlpi_name;
    char offset[24];
    snprintf(offset, sizeof offset, "+%#" PRIxPTR, address - module_.dlpi_addr);
    found_.push_back({.what = std::string(NameOf(instruction.kind)) + " at " +
                              std::string(path.empty() ? "the program" : path) + offset,
                      .behind = address + instruction.length});
  }

  static const char* NameOf(InstructionKind kind) {
    switch (kind) {
      case InstructionKind::kLocked:
        return "a locked instruction";
      case InstructionKind::kExchange:
        return "an exchange with memory";
      case InstructionKind::kFence:
        return "a fence";
      default:
        return "a system call";
    }
  }

  const dl_phdr_info& module_;
  std::vector<UnseenCode>& found_;
};

// Whether a library refers to a function that the instrumentation calls: each object that is
// compiled with it calls one when the library is loaded.
bool IsInstrumented(const dl_phdr_info& module) {
  const ElfW(Dyn)* entry = nullptr;
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    if (module.dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    entry = reinterpret_cast<const ElfW(Dyn)*>(module.dlpi_addr + module.dlpi_phdr[i].p_vaddr);
  }
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  struct {
    const ElfW(Rela) * table = nullptr;
    std::size_t size = 0;
  } relocations[2];  // of data, of calls
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    // The loader makes addresses of those that are.
    const std::uintptr_t value = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(value);
    if (entry->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(value);
    if (entry->d_tag == DT_RELA) relocations[0].table = reinterpret_cast<const ElfW(Rela)*>(value);
    if (entry->d_tag == DT_JMPREL) {
      relocations[1].table = reinterpret_cast<const ElfW(Rela)*>(value);
    }
    if (entry->d_tag == DT_RELASZ) relocations[0].size = value;
    if (entry->d_tag == DT_PLTRELSZ) relocations[1].size = value;
  }
  if (symbols == nullptr || names == nullptr) return false;
  for (const auto& [table, size] : relocations) {
    for (std::size_t i = 0; table != nullptr && i < size / sizeof *table; ++i) {
      const ElfW(Sym) & symbol = symbols[ELF64_R_SYM(table[i].r_info)];
      if (strncmp(names + symbol.st_name, "__tsan_", 7) == 0) return true;
    }
  }
  return false;
}

int ScanModule(dl_phdr_info* module, std::size_t, void* data) {
  if (!IsProgramModule(module->dlpi_name)) return 0;
  auto& found = *static_cast<std::vector<UnseenCode>*>(data);
  if (module->dlpi_name[0] != 0 && !IsInstrumented(*module)) {
    found.push_back({.what = std::string("the library ") + module->dlpi_name, .behind = 0});
    return 0;
  }
  ModuleScan(*module, found).Run();
  return 0;
}

}  // namespace

std::vector<UnseenCode> FindUnseenCode() {
  std::vector<UnseenCode> found;
  dl_iterate_phdr(ScanModule, &found);
  return found;
}

}  // namespace heddle::explorer
