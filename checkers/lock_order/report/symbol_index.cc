// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/symbol_index.h"

#include <elf.h>
#include <gelf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "absl/strings/string_view.h"

namespace heddle::lock_order {
namespace {

unsigned char Rank(const GElf_Sym& symbol) {
  switch (GELF_ST_BIND(symbol.st_info)) {
    case STB_GLOBAL:
      return 2;
    case STB_WEAK:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

SymbolIndex::SymbolIndex(Dwfl_Module* module) : module_(module) {
  const int count = dwfl_module_getsymtab(module);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = 0;
    const char* name =
        dwfl_module_getsym_info(module, i, &symbol, &address, &section, nullptr, nullptr);
    const unsigned char type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || *name == '\0' || section == SHN_UNDEF || section == SHN_ABS ||
        type == STT_SECTION || type == STT_FILE || type == STT_TLS) {
      continue;
    }
    symbols_.push_back({.low = address,
                        .high = address + symbol.st_size,
                        .name = name,
                        .type = type,
                        .rank = Rank(symbol),
                        .section = section});
  }
  // Of several names the last one counts: rather "lock" than "__lock".
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    return std::make_tuple(a.low, b.high, a.rank, absl::string_view(a.name)) <
           std::make_tuple(b.low, a.high, b.rank, absl::string_view(b.name));
  });
  highest_.reserve(symbols_.size());
  uint64_t highest = 0;
  for (const Symbol& symbol : symbols_) {
    highest = std::max(highest, symbol.high);
    highest_.push_back(highest);
  }
}

const Symbol* SymbolIndex::At(uint64_t address) const {
  const auto after =
      std::upper_bound(symbols_.begin(), symbols_.end(), address,
                       [](uint64_t a, const Symbol& symbol) { return a < symbol.low; });
  auto i = static_cast<std::size_t>(after - symbols_.begin());
  const Symbol* before = i == 0 ? nullptr : &symbols_[i - 1];
  for (; i > 0 && highest_[i - 1] > address; --i) {
    if (address < symbols_[i - 1].high) return &symbols_[i - 1];
  }
  if (before == nullptr || before->high != before->low) return nullptr;
  GElf_Addr within = address;
  GElf_Addr bias = 0;
  Elf_Scn* section = dwfl_module_address_section(module_, &within, &bias);
  return section != nullptr && elf_ndxscn(section) == before->section ? before : nullptr;
}

}  // namespace heddle::lock_order
