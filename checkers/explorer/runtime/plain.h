// SPDX-License-Identifier: Apache-2.0
//
// Plain accesses of the program: checked before they are made.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_PLAIN_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_PLAIN_H_

#include <cstddef>
#include <cstdint>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

// On a program thread.
void PlainAccess(std::uintptr_t address, std::size_t size, bool write, Site site);
// The same for any size, without a look at whether what is read has been written.
void PlainRange(std::uintptr_t address, std::size_t size, bool write, Site site);
// A write that is no access of the program's, as far as loops go.
void LogWrite(std::uintptr_t address, std::size_t size);
// What is about to be written to, of the runtime's own: a thread that puts it back has changed
// nothing (loops.h).
template <typename T>
T& Changes(T& object) {
  LogWrite(reinterpret_cast<std::uintptr_t>(&object), sizeof object);
  return object;
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_PLAIN_H_
