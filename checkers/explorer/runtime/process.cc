// SPDX-License-Identifier: Apache-2.0
//
// The ways in which a program ends early: verdicts, not ends of the process.
#include <cxxabi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <exception>
#include <typeinfo>

#include "checkers/explorer/runtime/exits.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/threads.h"

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

namespace {

// Before anything is called that the program wants to be called at its end.
void CheckStatus(const char* name, int status, Site site) {
  Call call(name, site);
  if (status != 0) call.Found(verdict::kAssertion, "%s(%d)", name, status);
}

[[noreturn]] void Exit(const char* name, int status, Site site) {
  CheckStatus(name, status, site);
  ExitThreadAtOnce();
}

// The C library ends the process by functions of its own, err() for one.
[[gnu::destructor]] void CheckNotExploring() {
  if (state().scheduler != nullptr) {
    Fatal("the program ends by a function of the C library's, within the exploration");
  }
}

}  // namespace

HEDDLE_INTERPOSE void __assert_fail(const char* expression, const char* file, unsigned line,
                                    const char* function) noexcept {
  if (!Exploring()) {
    static auto* const real =
        reinterpret_cast<void (*)(const char*, const char*, unsigned, const char*)>(
            RealFunction("__assert_fail"));
    real(expression, file, line, function);
    __builtin_unreachable();
  }
  const char* const slash = strrchr(file, '/');
  Call("assert", HEDDLE_CALLER)
      .Found(verdict::kAssertion, "assertion `%s' fails (%s:%u)", expression,
             slash == nullptr ? file : slash + 1, line);
}

HEDDLE_INTERPOSE void abort() noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<void (*)()>(RealFunction("abort"));
    real();
    __builtin_unreachable();
  }
  Call("abort", HEDDLE_CALLER).Found(verdict::kAssertion, "abort()");
}

// What the C++ library's std::terminate() calls, unless the program says otherwise.
void __gnu_cxx::__verbose_terminate_handler() {
  if (!Exploring()) abort();
  Call call("std::terminate", HEDDLE_CALLER);
  const std::type_info* const thrown = abi::__cxa_current_exception_type();
  if (thrown == nullptr) call.Found(verdict::kAssertion, "std::terminate()");
  int status = 0;
  const char* const type = abi::__cxa_demangle(thrown->name(), nullptr, nullptr, &status);
  const char* const name = status == 0 ? type : thrown->name();
  try {
    throw;
  } catch (const std::exception& exception) {
    call.Found(verdict::kAssertion, "an exception is not caught: %s: %s", name, exception.what());
  } catch (...) {
    call.Found(verdict::kAssertion, "an exception is not caught: %s", name);
  }
}

HEDDLE_INTERPOSE void exit(int status) noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<void (*)(int)>(RealFunction("exit"));
    real(status);
    __builtin_unreachable();
  }
  CheckStatus("exit", status, HEDDLE_CALLER);
  CallAtExit("exit", status, HEDDLE_CALLER);
  ExitThreadAtOnce();
}

HEDDLE_INTERPOSE void _exit(int status) {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<void (*)(int)>(RealFunction("_exit"));
    real(status);
    __builtin_unreachable();
  }
  Exit("_exit", status, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void _Exit(int status) noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<void (*)(int)>(RealFunction("_Exit"));
    real(status);
    __builtin_unreachable();
  }
  Exit("_Exit", status, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE void quick_exit(int status) noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<void (*)(int)>(RealFunction("quick_exit"));
    real(status);
    __builtin_unreachable();
  }
  CheckStatus("quick_exit", status, HEDDLE_CALLER);
  CallAtQuickExit("quick_exit", HEDDLE_CALLER);
  ExitThreadAtOnce();
}
