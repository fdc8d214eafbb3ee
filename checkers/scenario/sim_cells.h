// SPDX-License-Identifier: Apache-2.0
//
// What simulated processes share, as an engine sees it: words ("cells"), one for each object, so
// that an engine can tell which operations touch the same ones. Bit 0 is left to the engine. An
// operation on one cell is one function here. One on several holds all cells that it changes before
// it changes the first, and in one order for all operations, so that it is as indivisible as the
// others, and nobody waits in a circle; what it only looks at it may look at, once, while it holds
// the rest.
#ifndef HEDDLE_CHECKERS_SCENARIO_SIM_CELLS_H_
#define HEDDLE_CHECKERS_SCENARIO_SIM_CELLS_H_

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>

namespace heddle {

using SimWord = std::uint64_t;

// Of an engine that switches threads between operations only: nothing is ever seen to be held.
// Hooks: sim_files.h.
template <class Hooks>
struct PlainCells {
  // Slots for file names.
  static constexpr std::size_t kNames = 32;

  static SimWord read(const SimWord& cell) { return cell; }
  static SimWord add(SimWord& cell, SimWord delta) { return std::exchange(cell, cell + delta); }
  static void remove(SimWord& cell, SimWord bits) { cell &= ~bits; }
  // Where it is not `expected` the cell has only been read.
  static bool replace(SimWord& cell, SimWord expected, SimWord value) {
    if (cell != expected) return false;
    cell = value;
    return true;
  }

  static SimWord hold(SimWord& cell) { return cell; }
  static bool hold_if(SimWord& cell, SimWord expected) { return cell == expected; }
  // Of a cell that is held, or that nobody else writes to.
  static void put(SimWord& cell, SimWord value) { cell = value; }

  // Waits until `may` is true of it.
  template <class May>
  static void wait_until(const SimWord& cell, May may, std::source_location where) {
    while (!may(cell)) Hooks::wait(where);
  }
  // And then, in one step, adds the bits.
  template <class May>
  static void take(SimWord& cell, May may, SimWord bits, std::source_location where) {
    wait_until(cell, may, where);
    cell |= bits;
  }
};

template <class Hooks>
struct CellsOfHooks {
  using Type = PlainCells<Hooks>;
};
template <class Hooks>
  requires requires { typename Hooks::Cells; }
struct CellsOfHooks<Hooks> {
  using Type = typename Hooks::Cells;
};
template <class Hooks>
using CellsOf = typename CellsOfHooks<Hooks>::Type;

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_CELLS_H_
