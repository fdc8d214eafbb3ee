// SPDX-License-Identifier: Apache-2.0
//
// Which of the mapped files are the program's own, and which the runtime knows and allows.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_MODULES_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_MODULES_H_

namespace heddle::explorer {

// `path` as dl_iterate_phdr() tells it; "" is the executable.
bool IsProgramModule(const char* path);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_MODULES_H_
