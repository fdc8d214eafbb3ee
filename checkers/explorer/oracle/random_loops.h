// SPDX-License-Identifier: Apache-2.0
//
// Random programs in C whose threads try again: compare-exchange loops, loops that wait, locks that
// are tried for. What the explorer makes of loops it makes of compiled code, registers and stacks,
// so these are to be compiled and explored.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_LOOPS_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_LOOPS_H_

#include <cstdint>
#include <string>

namespace heddle::explorer::oracle {

// The source of one, the same for the same seed: two or three threads, at most four atomic words
// and a mutex. Each execution that ends prints a line: what the threads have found, and what memory
// holds. Some may hang or go round for ever in some executions, and some race.
std::string RandomLoops(std::uint64_t seed);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_LOOPS_H_
