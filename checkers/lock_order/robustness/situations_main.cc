// SPDX-License-Identifier: Apache-2.0
// situations NAME
#include <cstdio>
#include <initializer_list>

#include "checkers/lock_order/robustness/situations.h"

namespace heddle {

const char* g_program;

namespace {

int Run(const char* name) {
  for (const auto find : {find_in_loader, find_in_processes, find_in_threads, find_in_unwinding}) {
    if (const Situation* situation = find(name); situation != nullptr) return situation->run();
  }
  std::fprintf(stderr, "there is no situation '%s'\n", name);
  return 2;
}

}  // namespace
}  // namespace heddle

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  heddle::g_program = argv[0];
  return heddle::Run(argv[1]);
}
