// SPDX-License-Identifier: Apache-2.0
//
// The functions of the Competition on Software Verification (SV-COMP), as its rules describe them.
#include <cstddef>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/scheduler.h"

// Programs may define some of them themselves, reach_error() above all.
#define HEDDLE_VERIFIER HEDDLE_INTERPOSE __attribute__((weak))

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

namespace {

// One of a few values. The type's whole range is not for enumeration, and what is found is not all
// that there is then.
constexpr int kFew = 4;

int Nondet(const char* name, Site site, int choices) {
  if (!Exploring()) return 0;
  Call call(name, site);
  if (choices == kFew) {
    state().scheduler->Narrow("of __VERIFIER_nondet_*() only 0 to 3 were explored");
  }
  return call.Choose(choices);
}

int g_atomic_lock;  // __VERIFIER_atomic_begin: 0 free, 1 held

}  // namespace

HEDDLE_VERIFIER void __VERIFIER_assume(int condition) {
  if (Exploring() && condition == 0) Call("__VERIFIER_assume", HEDDLE_CALLER).Block();
}

HEDDLE_VERIFIER void reach_error() {
  if (!Exploring()) __builtin_trap();
  Call("reach_error", HEDDLE_CALLER).Found(verdict::kAssertion, "reach_error() is reached");
}

HEDDLE_VERIFIER void __VERIFIER_error() {
  if (!Exploring()) __builtin_trap();
  Call("__VERIFIER_error", HEDDLE_CALLER)
      .Found(verdict::kAssertion, "__VERIFIER_error() is reached");
}

HEDDLE_VERIFIER void __VERIFIER_atomic_begin() {
  if (!Exploring()) return;
  Call call("__VERIFIER_atomic_begin", HEDDLE_CALLER, "mutex");
  AdmitsIf free([](Value value) { return value == 0; });
  int expected = 0;
  call.CompareExchange(&g_atomic_lock, expected, 1, Order::kSeqCst, Order::kRelaxed, &free);
}

HEDDLE_VERIFIER void __VERIFIER_atomic_end() {
  if (!Exploring()) return;
  Call("__VERIFIER_atomic_end", HEDDLE_CALLER).Store(&g_atomic_lock, 0, Order::kSeqCst);
}

#define NONDET(name, type, choices)                                                       \
  HEDDLE_VERIFIER type __VERIFIER_nondet_##name() {                                       \
    return static_cast<type>(Nondet("__VERIFIER_nondet_" #name, HEDDLE_CALLER, choices)); \
  }

NONDET(bool, bool, 2)
NONDET(_Bool, bool, 2)
NONDET(int, int, kFew)
NONDET(uint, unsigned, kFew)
NONDET(char, char, kFew)
NONDET(uchar, unsigned char, kFew)
NONDET(short, short, kFew)
NONDET(ushort, unsigned short, kFew)
NONDET(long, long, kFew)
NONDET(ulong, unsigned long, kFew)
NONDET(longlong, long long, kFew)
NONDET(ulonglong, unsigned long long, kFew)
NONDET(unsigned, unsigned, kFew)
NONDET(size_t, std::size_t, kFew)
