// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/static_variables.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstddef>
#include <optional>

namespace heddle::lock_order {
namespace {

// Debug information is input like any other.
constexpr int kDeepest = 100;

std::optional<Dwarf_Addr> AddressOf(Dwarf_Die& variable) {
  Dwarf_Attribute location;
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_attr(&variable, DW_AT_location, &location) == nullptr ||
      dwarf_getlocation(&location, &operations, &count) != 0 || count != 1) {
    return std::nullopt;
  }
  if (operations[0].atom == DW_OP_addr) return operations[0].number;
  Dwarf_Attribute indexed;
  Dwarf_Addr address = 0;
  if (operations[0].atom == DW_OP_addrx &&
      dwarf_getlocation_attr(&location, operations, &indexed) == 0 &&
      dwarf_formaddr(&indexed, &address) == 0) {
    return address;
  }
  return std::nullopt;
}

void AddChildren(Dwarf_Die& parent, Dwarf_Addr bias, int depth, StaticVariables& variables) {
  Dwarf_Die child;
  if (depth == kDeepest || dwarf_child(&parent, &child) != 0) return;
  do {
    switch (dwarf_tag(&child)) {
      case DW_TAG_variable:
        if (const std::optional<Dwarf_Addr> address = AddressOf(child)) {
          variables.emplace(*address + bias, child);
        }
        break;
      case DW_TAG_namespace:
      case DW_TAG_subprogram:
      case DW_TAG_lexical_block:
      case DW_TAG_inlined_subroutine:
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
        AddChildren(child, bias, depth + 1, variables);
        break;
      default:
        break;
    }
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace

void AddStaticVariables(Dwarf_Die& unit, Dwarf_Addr bias, StaticVariables& variables) {
  AddChildren(unit, bias, 0, variables);
}

}  // namespace heddle::lock_order
