// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/real.h"

#include <dlfcn.h>

extern "C" __attribute__((weak)) void __tsan_init();

#if defined(__x86_64__)
#define HEDDLE_BINDS 1
#define HEDDLE_DECLARE(result, name, parameters)    \
  extern "C" result heddle_bound_##name parameters; \
  __asm__(".symver heddle_bound_" #name ", __" #name "@GLIBC_2.2.5");
HEDDLE_BOUND_FUNCTIONS(HEDDLE_DECLARE)
#undef HEDDLE_DECLARE
#define HEDDLE_BOUND(result, name, parameters) heddle_bound_##name,
#else
#define HEDDLE_BOUND(result, name, parameters) nullptr,
#endif
#define HEDDLE_UNBOUND(result, name, parameters, version) nullptr,

namespace heddle::lock_order {

constinit Real g_real = {HEDDLE_BOUND_FUNCTIONS(HEDDLE_BOUND)
                             HEDDLE_LOOKED_UP_FUNCTIONS(HEDDLE_UNBOUND)};

bool program_has_tsan() { return &__tsan_init != nullptr; }

namespace {

void* look_up(const char* name, const char* version) {
#if defined(__x86_64__)
  if (version != nullptr) {
    void* found = dlvsym(RTLD_NEXT, name, version);
    if (found != nullptr) return found;
  }
#else
  (void)version;
#endif
  return dlsym(RTLD_NEXT, name);
}

}  // namespace

void resolve_real_functions() {
  const bool tsan = program_has_tsan();
#define HEDDLE_RESOLVE_BOUND(result, name, parameters)                             \
  if (tsan || g_real.name == nullptr) {                                            \
    g_real.name = reinterpret_cast<result(*) parameters>(look_up(#name, nullptr)); \
  }
#define HEDDLE_RESOLVE(result, name, parameters, version)                          \
  if (g_real.name == nullptr) {                                                    \
    g_real.name = reinterpret_cast<result(*) parameters>(look_up(#name, version)); \
  }
  HEDDLE_BOUND_FUNCTIONS(HEDDLE_RESOLVE_BOUND)
  HEDDLE_LOOKED_UP_FUNCTIONS(HEDDLE_RESOLVE)
}

}  // namespace heddle::lock_order
