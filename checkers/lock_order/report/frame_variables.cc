// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/frame_variables.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/function_scopes.h"

namespace heddle::lock_order {
namespace {

// Debug information is input like any other.
constexpr int kDeepest = 100;
constexpr int kFramePointer = 6;  // rbp in DWARF for x86-64
constexpr int kStackPointer = 7;

struct FreeOperations {
  void operator()(Dwarf_Op* operations) const { std::free(operations); }
};

// How far the frame pointer is below the canonical frame address, if that is told by it.
std::optional<int64_t> FramePointerDistance(Dwarf_CFI* cfi, Dwarf_Addr address) {
  Dwarf_Frame* raw = nullptr;
  if (cfi == nullptr || dwarf_cfi_addrframe(cfi, address, &raw) != 0) return std::nullopt;
  const std::unique_ptr<Dwarf_Frame, decltype(&std::free)> frame(raw, &std::free);
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame.get(), &operations, &count) != 0 || count != 1) return std::nullopt;
  if (operations[0].atom == DW_OP_breg0 + kFramePointer) {
    return static_cast<int64_t>(operations[0].number);
  }
  if (operations[0].atom == DW_OP_bregx && operations[0].number == kFramePointer) {
    return static_cast<int64_t>(operations[0].number2);
  }
  return std::nullopt;
}

std::optional<Dwarf_Die> TypeOf(Dwarf_Die die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_formref_die(dwarf_attr_integrate(&die, DW_AT_type, &attribute), &type) == nullptr ||
      dwarf_peel_type(&type, &type) != 0) {
    return std::nullopt;
  }
  return type;
}

uint64_t SizeOf(Dwarf_Die& type) {
  Dwarf_Word size = 0;
  return dwarf_aggregate_size(&type, &size) == 0 ? size : 0;
}

bool IsOfSystem(Dwarf_Die& type) {
  const char* const file = dwarf_decl_file(&type);
  return file != nullptr && absl::StartsWith(file, "/usr/");
}

uint64_t OffsetOf(Dwarf_Die& member) {
  Dwarf_Attribute attribute;
  Dwarf_Word offset = 0;
  dwarf_formudata(dwarf_attr(&member, DW_AT_data_member_location, &attribute), &offset);
  return offset;
}

// The member, or base class, of the structure `type` that `offset` is in, which becomes one in it.
std::optional<Dwarf_Die> MemberAt(Dwarf_Die& type, uint64_t& offset) {
  Dwarf_Die child;
  if (dwarf_child(&type, &child) != 0) return std::nullopt;
  do {
    const int tag = dwarf_tag(&child);
    Dwarf_Attribute attribute;
    if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
        dwarf_attr(&child, DW_AT_external, &attribute) != nullptr) {
      continue;
    }
    std::optional<Dwarf_Die> of = TypeOf(child);
    const uint64_t from = OffsetOf(child);
    if (!of || offset < from || offset - from >= SizeOf(*of)) continue;
    offset -= from;
    return child;
  } while (dwarf_siblingof(&child, &child) == 0);
  return std::nullopt;
}

// The numbers of elements of an array, outermost first.
std::vector<uint64_t> Dimensions(Dwarf_Die& array) {
  std::vector<uint64_t> counts;
  Dwarf_Die child;
  if (dwarf_child(&array, &child) != 0) return counts;
  do {
    if (dwarf_tag(&child) != DW_TAG_subrange_type) continue;
    Dwarf_Attribute attribute;
    Dwarf_Word count = 0;
    if (dwarf_formudata(dwarf_attr(&child, DW_AT_count, &attribute), &count) != 0) {
      if (dwarf_formudata(dwarf_attr(&child, DW_AT_upper_bound, &attribute), &count) != 0)
        return {};
      ++count;
    }
    counts.push_back(count);
  } while (dwarf_siblingof(&child, &child) == 0);
  return counts;
}

// All variables of a function, those of what is inlined into it included.
class Search {
 public:
  Search(Dwarf_Die& function, Dwarf_Addr address, const FrameAddress& at,
         std::optional<int64_t> frame_pointer)
      : address_(address), at_(at), frame_pointer_(frame_pointer) {
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(&function, DW_AT_frame_base, &attribute) != nullptr) {
      Dwarf_Op* operations = nullptr;
      std::size_t count = 0;
      if (dwarf_getlocation(&attribute, &operations, &count) == 0 && count == 1) {
        base_ = operations[0].atom;
      }
    }
    Children(function, function, true, 0);
  }

  // One that is in scope at the address, if there is any: others may have had its place before.
  FrameVariable Result() const {
    if (in_scope_.size() == 1) return in_scope_[0];
    if (in_scope_.empty() && elsewhere_.size() == 1) return elsewhere_[0];
    return {};
  }

 private:
  void Children(Dwarf_Die& parent, Dwarf_Die& function, bool in_scope, int depth) {
    Dwarf_Die child;
    if (depth == kDeepest || dwarf_child(&parent, &child) != 0) return;
    do {
      const int tag = dwarf_tag(&child);
      if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) {
        Variable(child, function, in_scope);
      } else if (tag == DW_TAG_inlined_subroutine) {
        Children(child, child, in_scope && dwarf_haspc(&child, address_) == 1, depth + 1);
      } else if (tag == DW_TAG_lexical_block) {
        Children(child, function, in_scope && dwarf_haspc(&child, address_) == 1, depth + 1);
      }
    } while (dwarf_siblingof(&child, &child) == 0);
  }

  void Variable(Dwarf_Die& variable, Dwarf_Die& function, bool in_scope) {
    Dwarf_Attribute attribute;
    const char* const name = dwarf_diename(&variable);
    if (name == nullptr || dwarf_attr(&variable, DW_AT_location, &attribute) == nullptr) return;
    std::optional<Dwarf_Die> type = TypeOf(variable);
    if (!type) return;
    const uint64_t size = SizeOf(*type);
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    Dwarf_Op* operations = nullptr;
    std::size_t count = 0;
    // Wherever it is in the function: one that has a place keeps it.
    for (std::ptrdiff_t next = 0; (next = dwarf_getlocations(&attribute, next, &base, &low, &high,
                                                             &operations, &count)) > 0;) {
      const std::optional<int64_t> into = count == 1 ? Into(operations[0]) : std::nullopt;
      if (!into || *into < 0 || static_cast<uint64_t>(*into) >= size) continue;
      std::vector<FrameVariable>& found = in_scope ? in_scope_ : elsewhere_;
      found.push_back({absl::StrCat(name, PartOf(*type, static_cast<uint64_t>(*into))),
                       FunctionName(function)});
      return;
    }
  }

  // How far the address is behind the place.
  std::optional<int64_t> Into(const Dwarf_Op& place) const {
    const auto offset = static_cast<int64_t>(place.number);
    unsigned by = place.atom;
    if (by == DW_OP_fbreg) {
      if (base_ == DW_OP_call_frame_cfa) return at_.from_frame - offset;
      by = base_ == DW_OP_reg0 + kFramePointer   ? DW_OP_breg0 + kFramePointer
           : base_ == DW_OP_reg0 + kStackPointer ? DW_OP_breg0 + kStackPointer
                                                 : 0U;
    }
    if (by == DW_OP_breg0 + kStackPointer) return at_.from_stack_pointer - offset;
    if (by == DW_OP_breg0 + kFramePointer && frame_pointer_) {
      return at_.from_frame + *frame_pointer_ - offset;
    }
    return std::nullopt;
  }

  const Dwarf_Addr address_;
  const FrameAddress at_;
  const std::optional<int64_t> frame_pointer_;
  unsigned base_ = 0;
  std::vector<FrameVariable> in_scope_;
  std::vector<FrameVariable> elsewhere_;
};

}  // namespace

FrameVariable FindFrameVariable(Dwarf_Die& function, Dwarf_Addr address, Dwarf_CFI* cfi,
                                Dwarf_Addr cfi_bias, const FrameAddress& at) {
  return Search(function, address, at, FramePointerDistance(cfi, address + cfi_bias)).Result();
}

std::string PartOfVariable(Dwarf_Die& variable, uint64_t offset) {
  std::optional<Dwarf_Die> type = TypeOf(variable);
  if (type && offset < SizeOf(*type)) return PartOf(*type, offset);
  return offset == 0 ? "" : absl::StrCat("+", offset);
}

std::string PartOf(Dwarf_Die type, uint64_t offset) {
  std::string text;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const int tag = dwarf_tag(&type);
    std::optional<Dwarf_Die> inner;
    if (tag == DW_TAG_array_type) {
      inner = TypeOf(type);
      const uint64_t size = inner ? SizeOf(*inner) : 0;
      const std::vector<uint64_t> counts = Dimensions(type);
      if (size == 0 || counts.empty()) break;
      uint64_t index = offset / size;
      std::string indices;
      for (std::size_t i = counts.size(); i-- > 1;) {
        if (counts[i] == 0) break;
        indices = absl::StrCat("[", index % counts[i], "]", indices);
        index /= counts[i];
      }
      absl::StrAppend(&text, "[", index, "]", indices);
      offset %= size;
    } else if ((tag == DW_TAG_structure_type || tag == DW_TAG_class_type) && !IsOfSystem(type)) {
      std::optional<Dwarf_Die> member = MemberAt(type, offset);
      if (!member) break;
      const char* const name = dwarf_diename(&*member);
      if (dwarf_tag(&*member) == DW_TAG_member && name != nullptr) {
        absl::StrAppend(&text, ".", name);
      }
      inner = TypeOf(*member);
    } else {
      break;
    }
    if (!inner) break;
    type = *inner;
  }
  if (offset != 0) absl::StrAppend(&text, "+", offset);
  return text;
}

}  // namespace heddle::lock_order
