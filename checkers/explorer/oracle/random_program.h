// SPDX-License-Identifier: Apache-2.0
//
// Random small programs: the same ones for the same seed, wherever they are made.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_PROGRAM_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_PROGRAM_H_

#include <cstdint>

#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

struct RandomOptions {
  int min_threads = 2;
  int max_threads = 4;
  int max_operations = 9;
  int max_locations = 3;

  // What may occur besides reads, writes and fences.
  bool updates = true;
  bool compare_exchange = true;
  bool weak = false;  // compare-exchanges that fail spuriously
  bool branches = true;
  bool assumes = true;
  bool awaits = true;
  bool turns = false;  // of loops that read more than once
  bool mutexes = true;
  bool choices = false;
  bool main = true;        // a thread that does something before it creates the others, and after
  bool plain = false;      // accesses that are not atomic, under a mutex
  bool identical = false;  // two or three threads do the same, and no more than one another thing
};

Program RandomProgram(std::uint64_t seed, const RandomOptions& options);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_PROGRAM_H_
