// SPDX-License-Identifier: Apache-2.0
//
// The variables of a compilation unit that have an address of their own, from DWARF.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_STATIC_VARIABLES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_STATIC_VARIABLES_H_

#include <elfutils/libdw.h>

#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace heddle::lock_order {

// By address; `bias` is added to those of the debug information.
using StaticVariables = absl::flat_hash_map<uint64_t, Dwarf_Die>;
void AddStaticVariables(Dwarf_Die& unit, Dwarf_Addr bias, StaticVariables& variables);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_STATIC_VARIABLES_H_
