// SPDX-License-Identifier: Apache-2.0
//
// The symbol table of one ELF file, to be searched by address: elfutils looks through all of it
// each time, and a database server's has tens of thousands of entries.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOL_INDEX_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOL_INDEX_H_

#include <elfutils/libdwfl.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::lock_order {

struct Symbol {
  uint64_t low;
  uint64_t high;  // of one without a size: low
  const char* name;
  unsigned char type;  // STT_...
  unsigned char rank;  // the higher of two that mean the same bytes
  uint32_t section;
};

class SymbolIndex {
 public:
  explicit SymbolIndex(Dwfl_Module* module);

  // The innermost symbol that contains `address`. Where none does, the last one before it, if that
  // has no size and is in the same section. nullptr: none.
  const Symbol* At(uint64_t address) const;

 private:
  Dwfl_Module* module_;
  std::vector<Symbol> symbols_;    // by low, then by rank
  std::vector<uint64_t> highest_;  // of symbols_[0..i]: their highest end
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SYMBOL_INDEX_H_
