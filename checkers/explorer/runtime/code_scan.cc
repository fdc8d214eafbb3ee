// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/code_scan.h"

#include <link.h>
#include <string.h>

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

void ScanFunction(const unsigned char* code, std::size_t size, const dl_phdr_info& module,
                  std::vector<UnseenInstruction>& found) {
  if (code >= __start_heddle_unscanned && code < __stop_heddle_unscanned) return;
  for (std::size_t at = 0; at < size;) {
    const Instruction instruction = Decode(code + at, size - at);
    // Not code: the rest of the function can be anything.
    if (instruction.length == 0) return;
    if (instruction.kind != InstructionKind::kOther) {
      found.push_back({.module = module.dlpi_name,
                       .offset = reinterpret_cast<std::uintptr_t>(code + at) - module.dlpi_addr,
                       .kind = instruction.kind});
    }
    at += instruction.length;
  }
}

int ScanModule(dl_phdr_info* module, std::size_t, void* data) {
  if (!IsProgramModule(module->dlpi_name)) return 0;
  auto& found = *static_cast<std::vector<UnseenInstruction>*>(data);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_GNU_EH_FRAME) continue;
    const auto* const table =
        reinterpret_cast<const unsigned char*>(module->dlpi_addr + header.p_vaddr);
    if (table[0] != 1 || table[2] != kCountEncoding || table[3] != kTableEncoding) continue;
    std::uint32_t count;
    memcpy(&count, table + 8, sizeof count);
    for (std::uint32_t k = 0; k < count; ++k) {
      TableEntry entry;
      memcpy(&entry, table + kHeaderSize + k * sizeof entry, sizeof entry);
      std::uint32_t size;
      memcpy(&size, table + entry.unwind + kRangeOffset, sizeof size);
      ScanFunction(table + entry.start, size, *module, found);
    }
  }
  return 0;
}

}  // namespace

std::vector<UnseenInstruction> FindUnseenInstructions() {
  std::vector<UnseenInstruction> found;
  dl_iterate_phdr(ScanModule, &found);
  return found;
}

}  // namespace heddle::explorer
