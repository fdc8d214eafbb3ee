// SPDX-License-Identifier: Apache-2.0
//
// The order of locks as annotations for Clang's thread safety analysis.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_ANNOTATIONS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_ANNOTATIONS_H_

#include <string>
#include <vector>

#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

// A line for each lock that has a name in the source and an order among the others, outermost
// first: "name ACQUIRED_AFTER(...) ACQUIRED_BEFORE(...)". What follows from other lines is left
// out, and so is what is in a cycle; a comment says which locks could not be named.
std::string ClangAnnotations(const std::vector<const Graph*>& graphs,
                             const VariableNamer& variable = nullptr);

// The name in the source that a class's label stands for: "module:space::name" is space::name.
// Empty: it stands for a place in the code, or a part of a variable.
std::string NameInSource(const std::string& label);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_ANNOTATIONS_H_
