// SPDX-License-Identifier: Apache-2.0
//
// What the C++ programs here share; those in C have harness.h.
#ifndef HEDDLE_CHECKERS_EXPLORER_PROGRAMS_CHOSEN_H_
#define HEDDLE_CHECKERS_EXPLORER_PROGRAMS_CHOSEN_H_

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

// One of the programs of a file, chosen by its first argument; the second is a number.
struct Program {
  const char* name;
  void (*run)(int n);
};

// The exit status: 2 where there is no such program. Without a number it is `otherwise`.
inline int RunChosen(int argc, char** argv, std::span<const Program> programs, int otherwise) {
  const int n = argc > 2 ? static_cast<int>(std::strtol(argv[2], nullptr, 10)) : otherwise;
  for (const Program& program : programs) {
    if (argc < 2 || std::strcmp(argv[1], program.name) != 0) continue;
    program.run(n);
    return 0;
  }
  std::fprintf(stderr, "usage: %s NAME [N]\n", argv[0]);
  for (const Program& program : programs) std::fprintf(stderr, "  %s\n", program.name);
  return 2;
}

#endif  // HEDDLE_CHECKERS_EXPLORER_PROGRAMS_CHOSEN_H_
