// SPDX-License-Identifier: Apache-2.0
//
// Classes of locks: those with the same declared name; static variables by themselves; else those
// that were first seen (initialized or acquired) at the same place in the code. The label names the
// class in every run of the same program: "name", "file:variable", or "file[build id]+0x1234".
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CLASSES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CLASSES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

struct LockClass {
  std::string label;
  uint32_t example = 0;  // node
  uint32_t locks = 0;
};

struct Classes {
  std::vector<uint32_t> of_node;   // by node
  std::vector<LockClass> classes;  // the first is none
};

// "file:variable" for the address of a static variable, else nothing. May be left out.
using VariableNamer = std::function<std::string(const Graph& graph, uint64_t address)>;

Classes FindClasses(const Graph& graph, const VariableNamer& variable = nullptr);

std::string ClassLabel(const Graph& graph, uint32_t node, const VariableNamer& variable);

// The same, but only declared names make classes; other locks are alone in theirs.
std::vector<uint32_t> DeclaredClasses(const Graph& graph);

// The module that `pc` was in, 0 if in none. Of two modules at one address the later one counts.
uint32_t ModuleAt(const Graph& graph, uint64_t pc);

// "file[build id]+0x1234", or "0x..." outside all modules.
std::string PlaceLabel(const Graph& graph, uint64_t pc);

std::string BuildIdHex(const Module& module);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CLASSES_H_
