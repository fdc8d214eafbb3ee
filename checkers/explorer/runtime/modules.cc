// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/modules.h"

#include <string_view>

namespace heddle::explorer {

bool IsProgramModule(const char* path) {
  // The C and C++ libraries, and sanitizers', keep what they know across executions.
  static constexpr std::string_view kLibraries[] = {
      "linux-vdso.so", "ld-linux-x86-64.so", "libc.so",      "libm.so",      "libstdc++.so",
      "libgcc_s.so",   "libpthread.so",      "libdl.so",     "librt.so",     "libc++.so",
      "libc++abi.so",  "libunwind.so",       "libatomic.so", "libclang_rt.",
  };
  std::string_view name = path == nullptr ? "" : path;
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  for (const std::string_view library : kLibraries) {
    if (name.starts_with(library)) return false;
  }
  return true;
}

}  // namespace heddle::explorer
