// SPDX-License-Identifier: Apache-2.0
//
// pthread_once, and the guards of function-local statics (Itanium C++ ABI, section 3.3.3: the first
// byte of a guard says that the object is there; the rest is the implementation's).
#include <pthread.h>

#include <cstdint>
#include <exception>

#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/own_code.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/thread_local_storage.h"

namespace heddle::explorer {
namespace {

// Of pthread_once_t; the first two are glibc's, as what has run before the exploration has left
// them. Somebody runs the function: kRunning more than his id.
constexpr int kNotRun = 0;
constexpr int kDone = 2;
constexpr int kRunning = 4;

unsigned char* DoneByte(std::uint64_t* guard) { return reinterpret_cast<unsigned char*>(guard); }
int* LockOf(std::uint64_t* guard) { return reinterpret_cast<int*>(guard) + 1; }

// The runtime has function-local statics, too.
bool IsProgramsGuard(Site caller) { return Exploring() && !IsOwnCode(caller); }

// Outside of the exploration, until it is destroyed.
class Outside {
 public:
  Outside() { state().mode = Mode::kRuntime; }
  ~Outside() { state().mode = Mode::kProgram; }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  OwnThreadPointer own_;
};

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

// Not noexcept: the function may throw, and then it has not run.
HEDDLE_INTERPOSE int pthread_once(pthread_once_t* once, void (*function)()) {
  if (!Exploring()) return HEDDLE_REAL(pthread_once)(once, function);
  // What a library does once for itself, it has done for all executions.
  if (state().globals->IsLibrarys(once)) {
    if (__atomic_load_n(once, __ATOMIC_ACQUIRE) == kDone) return 0;
    const Outside outside;
    return HEDDLE_REAL(pthread_once)(once, function);
  }
  Call call("pthread_once", HEDDLE_CALLER, "once");
  call.TakesToo(once, reinterpret_cast<const void*>(function));
  if (call.Load(once, Order::kAcquire) == kDone) return 0;
  AdmitsIf settled([](Value value) { return static_cast<int>(value) < kRunning; });
  int expected = kNotRun;
  if (!call.CompareExchange(once, expected, kRunning + call.thread(), Order::kAcquire,
                            Order::kAcquire, &settled)) {
    return 0;
  }
  try {
    function();
  } catch (...) {
    call.Store(once, kNotRun, Order::kRelease);
    throw;
  }
  call.Store(once, kDone, Order::kRelease);
  return 0;
}

extern "C" {

__attribute__((visibility("default"))) int __cxa_guard_acquire(std::uint64_t* guard) {
  if (!IsProgramsGuard(HEDDLE_CALLER)) {
    return reinterpret_cast<int (*)(std::uint64_t*)>(RealFunction("__cxa_guard_acquire"))(guard);
  }
  Call call("__cxa_guard_acquire", HEDDLE_CALLER, "once");
  LockWord(call, LockOf(guard));
  if (call.Load(DoneByte(guard), Order::kAcquire) == 0) return 1;
  UnlockWord(call, LockOf(guard));
  return 0;
}

__attribute__((visibility("default"))) void __cxa_guard_release(std::uint64_t* guard) noexcept {
  if (!IsProgramsGuard(HEDDLE_CALLER)) {
    reinterpret_cast<void (*)(std::uint64_t*)>(RealFunction("__cxa_guard_release"))(guard);
    return;
  }
  Call call("__cxa_guard_release", HEDDLE_CALLER);
  call.Store(DoneByte(guard), static_cast<unsigned char>(1), Order::kRelease);
  UnlockWord(call, LockOf(guard));
}

__attribute__((visibility("default"))) void __cxa_guard_abort(std::uint64_t* guard) noexcept {
  if (!IsProgramsGuard(HEDDLE_CALLER)) {
    reinterpret_cast<void (*)(std::uint64_t*)>(RealFunction("__cxa_guard_abort"))(guard);
    return;
  }
  Call call("__cxa_guard_abort", HEDDLE_CALLER);
  UnlockWord(call, LockOf(guard));
}

}  // extern "C"
