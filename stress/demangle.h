// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_DEMANGLE_H_
#define HEDDLE_STRESS_DEMANGLE_H_

#include <cxxabi.h>

#include <cstdlib>
#include <string>

namespace heddle::stress {

// As the name was written; what is no mangled name stays. Not absl's, which gives up on names with
// many template arguments. Allocates.
inline std::string Demangled(const char* name) {
  int status = 0;
  char* plain = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = plain != nullptr ? plain : name;
  std::free(plain);
  return result;
}

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_DEMANGLE_H_
