// SPDX-License-Identifier: Apache-2.0
//
// The program's memory, as operations and logs of them see it: words of 1 to 16 bytes.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORDS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORDS_H_

#include <string.h>

#include <cstdint>

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

// The common sizes without the detour over memory that a copy of a variable size takes.
inline Value ReadMemory(std::uintptr_t address, std::uint8_t size) {
  const auto* const from = reinterpret_cast<const void*>(address);
  const auto read = [from](auto word) {
    memcpy(&word, from, sizeof word);
    return Value{word};
  };
  switch (size) {
    case 4:
      return read(std::uint32_t{});
    case 8:
      return read(std::uint64_t{});
    default:
      Value value = 0;
      memcpy(&value, from, size);
      return value;
  }
}

inline void WriteMemory(std::uintptr_t address, std::uint8_t size, Value value) {
  auto* const to = reinterpret_cast<void*>(address);
  const auto write = [to](auto word) { memcpy(to, &word, sizeof word); };
  switch (size) {
    case 4:
      write(static_cast<std::uint32_t>(value));
      break;
    case 8:
      write(static_cast<std::uint64_t>(value));
      break;
    default:
      memcpy(to, &value, size);
  }
}

inline Value Truncated(Value value, std::uint8_t size) {
  return size == sizeof(Value) ? value : value & ((Value{1} << (8 * size)) - 1);
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORDS_H_
