// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/function_scopes.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {
namespace {

// Debug information is input like any other: one that nests deeper than this is not followed.
constexpr int kDeepest = 200;

// What a function with code of its own can be inside of.
bool MayHoldFunctions(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
      return true;
    default:
      return false;
  }
}

bool IsBlock(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block ||
         tag == DW_TAG_with_stmt;
}

// Calls `visit` for each child until it returns false.
template <typename Visit>
void ForEachChild(Dwarf_Die& parent, const Visit& visit) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  do {
    if (!visit(child)) return;
  } while (dwarf_siblingof(&child, &child) == 0);
}

// Appends the inlined calls around `address` that are below `parent`, outermost first.
void Descend(Dwarf_Die parent, Dwarf_Addr address, std::vector<Dwarf_Die>& scopes) {
  for (int depth = 0; depth < kDeepest; ++depth) {
    bool deeper = false;
    ForEachChild(parent, [&](Dwarf_Die& child) {
      const int tag = dwarf_tag(&child);
      const bool inlined = tag == DW_TAG_inlined_subroutine;
      if ((!inlined && !IsBlock(tag)) || dwarf_haspc(&child, address) != 1) return true;
      if (inlined) scopes.push_back(child);
      parent = child;
      deeper = true;
      return false;
    });
    if (!deeper) return;
  }
}

}  // namespace

std::vector<Dwarf_Die> FunctionScopes::At(Dwarf_Addr address) {
  if (!indexed_) Index();
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](Dwarf_Addr a, const Range& range) { return a < range.low; });
  if (after == ranges_.begin()) return {};
  --after;
  if (address >= after->high) return {};
  std::vector<Dwarf_Die> scopes = {functions_[after->function]};
  Descend(scopes[0], address, scopes);
  std::reverse(scopes.begin(), scopes.end());
  return scopes;
}

FunctionScopes::Place FunctionScopes::CallSite(Dwarf_Die& die) {
  Place place;
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_formudata(dwarf_attr(&die, DW_AT_call_file, &attribute), &value) == 0 &&
      dwarf_getsrcfiles(&unit_, &files, &count) == 0) {
    const char* name = dwarf_filesrc(files, value, nullptr, nullptr);
    if (name != nullptr) place.file = name;
  }
  if (dwarf_formudata(dwarf_attr(&die, DW_AT_call_line, &attribute), &value) == 0) {
    place.line = static_cast<int>(value);
  }
  if (dwarf_formudata(dwarf_attr(&die, DW_AT_call_column, &attribute), &value) == 0) {
    place.column = static_cast<int>(value);
  }
  return place;
}

std::string FunctionScopes::Directory() {
  Dwarf_Attribute attribute;
  const char* directory = dwarf_formstring(dwarf_attr(&unit_, DW_AT_comp_dir, &attribute));
  return directory != nullptr ? directory : "";
}

void FunctionScopes::Index() {
  indexed_ = true;
  IndexChildren(unit_, 0);
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.low < b.low; });
}

void FunctionScopes::IndexChildren(Dwarf_Die& parent, int depth) {
  if (depth == kDeepest) return;
  ForEachChild(parent, [&](Dwarf_Die& child) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram || tag == DW_TAG_entry_point) {
      Dwarf_Addr base = 0;
      Dwarf_Addr low = 0;
      Dwarf_Addr high = 0;
      bool has_code = false;
      for (std::ptrdiff_t at = 0; (at = dwarf_ranges(&child, at, &base, &low, &high)) > 0;) {
        if (low >= high) continue;
        ranges_.push_back({.low = low, .high = high, .function = functions_.size()});
        has_code = true;
      }
      if (has_code) functions_.push_back(child);
    }
    if (MayHoldFunctions(tag)) IndexChildren(child, depth + 1);
    return true;
  });
}

bool HasLinkageName(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  return dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute) != nullptr ||
         dwarf_attr_integrate(&die, DW_AT_MIPS_linkage_name, &attribute) != nullptr;
}

std::string FunctionName(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    const char* text = dwarf_formstring(dwarf_attr_integrate(&die, name, &attribute));
    if (text != nullptr) return Demangle(text);
  }
  const char* text = dwarf_diename(&die);
  if (text == nullptr) return "";
  std::string name = text;
  // The declaration's place, not the code's, is the one that has the names around it.
  Dwarf_Die declaration = die;
  for (int steps = 0; steps < kDeepest; ++steps) {
    Dwarf_Die next;
    if (dwarf_formref_die(dwarf_attr(&declaration, DW_AT_abstract_origin, &attribute), &next) ==
            nullptr &&
        dwarf_formref_die(dwarf_attr(&declaration, DW_AT_specification, &attribute), &next) ==
            nullptr) {
      break;
    }
    declaration = next;
  }
  Dwarf_Die* raw = nullptr;
  const int count = dwarf_getscopes_die(&declaration, &raw);
  const std::unique_ptr<Dwarf_Die[], decltype(&std::free)> around(raw, &std::free);
  for (int i = 1; i < count; ++i) {
    if (dwarf_tag(&around[i]) == DW_TAG_compile_unit || !MayHoldFunctions(dwarf_tag(&around[i]))) {
      continue;
    }
    const char* outer = dwarf_diename(&around[i]);
    if (outer != nullptr) name = absl::StrCat(outer, "::", name);
  }
  return name;
}

}  // namespace heddle::lock_order
