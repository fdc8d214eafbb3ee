// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/initializers.h"

#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ios>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/own_code.h"
#include "checkers/explorer/runtime/state.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

using Initializer = void(int, char**, char**);

extern "C" {
// The linker's: the program's initializers.
extern Initializer* __init_array_start[] __attribute__((visibility("hidden")));
extern Initializer* __init_array_end[] __attribute__((visibility("hidden")));
}

constexpr char kVariable[] = "HEDDLE_EXPLORER_INITIALIZERS";

char** g_argv = nullptr;
bool g_deferred = false;

bool IsOwn(Initializer* initializer) { return IsOwnCode(reinterpret_cast<Site>(initializer)); }

// The C library (since 2.34) finds in the program's dynamic section how many there are.
bool HideFromCLibrary() {
  for (ElfW(Dyn)* entry = _DYNAMIC; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_INIT_ARRAYSZ) continue;
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(entry) % kPage;
    char* const page = reinterpret_cast<char*>(entry) - offset;
    if (mprotect(page, offset + sizeof *entry, PROT_READ | PROT_WRITE) != 0) return false;
    entry->d_un.d_val = 0;
    return true;
  }
  return false;
}

}  // namespace

void CheckNativeThread() {
  if (!BeforeMain()) return;
  // Libraries' initializers run earlier than the program's.
  const bool of_program = g_argv != nullptr && !g_deferred;
  if (of_program && setenv(kVariable, "1", 1) == 0) execv("/proc/self/exe", g_argv);
  Fatal("a thread is started before main() begins: what runs before that is not explored");
}

void DeferInitializers(char** argv) {
  g_argv = argv;
  g_deferred = getenv(kVariable) != nullptr;
  if (!g_deferred) return;
  unsetenv(kVariable);
  if (!HideFromCLibrary()) Fatal("cannot keep the C library from the static initializers");
  // What <iostream> initializes is the C++ library's, and stays.
  static const std::ios_base::Init streams;
  for (Initializer** at = __init_array_start; at < __init_array_end; ++at) {
    if (IsOwn(*at)) reinterpret_cast<void (*)()>(*at)();
  }
}

// Most of them declare no parameters.
[[clang::no_sanitize("function")]] void CallInitializers(int argc, char** argv,
                                                         char** environment) {
  if (!g_deferred) return;
  for (Initializer** at = __init_array_start; at < __init_array_end; ++at) {
    if (!IsOwn(*at)) (*at)(argc, argv, environment);
  }
}

}  // namespace heddle::explorer
