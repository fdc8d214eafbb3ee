// SPDX-License-Identifier: Apache-2.0
//
// Which functions of a compilation unit are around an address, inlined ones included. libdw's
// dwarf_getscopes() does not look into namespaces (they have no address range), so that it finds
// nothing in most C++ programs that are built with -g; it finds its way with -g1 only.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FUNCTION_SCOPES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FUNCTION_SCOPES_H_

#include <elfutils/libdw.h>

#include <cstddef>
#include <string>
#include <vector>

namespace heddle::lock_order {

class FunctionScopes {
 public:
  explicit FunctionScopes(const Dwarf_Die& unit) : unit_(unit) {}

  // The innermost inlined call first, the function that has a symbol last; empty: none is known.
  std::vector<Dwarf_Die> At(Dwarf_Addr address);

  // Where the inlined call `die` is made.
  struct Place {
    std::string file;
    int line = 0;
    int column = 0;
  };
  Place CallSite(Dwarf_Die& die);

  // What relative file names are relative to; empty: not known.
  std::string Directory();

 private:
  struct Range {
    Dwarf_Addr low;
    Dwarf_Addr high;
    std::size_t function;
  };

  void Index();
  void IndexChildren(Dwarf_Die& parent, int depth);

  Dwarf_Die unit_;
  bool indexed_ = false;
  std::vector<Dwarf_Die> functions_;
  std::vector<Range> ranges_;  // by address
};

// Demangled, or with the names of the namespaces and classes around it.
std::string FunctionName(Dwarf_Die& die);

// Only then does FunctionName() give the parameters too.
bool HasLinkageName(Dwarf_Die& die);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FUNCTION_SCOPES_H_
