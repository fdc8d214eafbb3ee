// SPDX-License-Identifier: Apache-2.0
//
// Random programs, and smaller ones than a given one. No order of threads matters, and no number
// that only tells items apart: programs are made in a form in which those are settled.
#ifndef HEDDLE_CHECKERS_GENERATE_RANDOM_PROGRAMS_H_
#define HEDDLE_CHECKERS_GENERATE_RANDOM_PROGRAMS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "checkers/generate/program.h"

namespace heddle::generate {

struct Limits {
  int threads = 3;     // 2 .. kMostThreads
  int operations = 3;  // of a thread, of the beginning, of the end: 1 .. kMostCalls
  int values = 3;      // that are tried of each argument
};

// At most `count` different programs, those with fewest calls first; fewer where there are not
// enough of them. The same for the same arguments.
std::vector<Program> RandomPrograms(std::span<const Action> actions, const Limits& limits,
                                    int count, std::uint64_t seed);

// Programs next to a given one that are smaller: a thread less, a call or a meeting less, a call in
// the beginning rather than in a thread, one thread rather than two, a lower value (in one call, or
// wherever it is); the greatest steps first. There is no endless chain of them.
std::vector<Program> SmallerPrograms(const Program& program, std::span<const Action> actions);

// Threads in order, items numbered 1, 2, 3, ...
Program Canonical(Program program, std::span<const Action> actions);

}  // namespace heddle::generate

#endif  // HEDDLE_CHECKERS_GENERATE_RANDOM_PROGRAMS_H_
