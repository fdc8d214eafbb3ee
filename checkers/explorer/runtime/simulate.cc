// SPDX-License-Identifier: Apache-2.0
//
// The entry point that LLVM proposes for its random simulation (llvm/llvm-project, pull request
// 183200): explores the callback, and returns 0 when nothing was found.
#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/native_main.h"
#include "checkers/explorer/runtime/outcome.h"

extern "C" __attribute__((visibility("default"))) int __tsan_simulate(void (*callback)(void*),
                                                                      void* argument) {
  using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)
  if (heddle_explorer_main_is_native == 0) return 2;
  const ExploreOptions options = OptionsFromEnvironment();
  return Print(options, Explore(options, callback, argument));
}
