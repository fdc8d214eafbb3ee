// SPDX-License-Identifier: Apache-2.0
//
// The threads of the litmus tests as plain functions over std::atomic, compiled in several ways:
// which outcomes a processor shows depends on the code that it is given.
#ifndef HEDDLE_MODELS_LITMUS_ACTORS_H_
#define HEDDLE_MODELS_LITMUS_ACTORS_H_

#include <array>
#include <atomic>
#include <cstddef>

#include "checkers/explorer/relacy_outcomes/litmus_table.h"

namespace heddle::litmus {

// A line of its own each: variables that share one move together, and hide reorderings.
struct alignas(64) Variable {
  std::atomic<int> value{0};
};
struct alignas(64) Register {
  int value = 0;
};

struct Cells {
  Variable x;
  Variable y;
  Variable z;
  std::array<Register, kRegisters> registers;
};

using Actor = void (*)(Cells&);
using Actors = std::array<std::array<Actor, kMostThreads>, kTests.size()>;

// One for each way of compiling actors.cc.
const Actors& ActorsClangO0();
const Actors& ActorsClangO2();
const Actors& ActorsClangO3();
const Actors& ActorsGccO0();
const Actors& ActorsGccO2();
const Actors& ActorsGccO3();

}  // namespace heddle::litmus

#endif  // HEDDLE_MODELS_LITMUS_ACTORS_H_
