// SPDX-License-Identifier: Apache-2.0
//
// Faults: a write to a protected page of the globals goes on; one of the program's own is a
// verdict.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_SIGNALS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_SIGNALS_H_

#include <signal.h>

#include <cstddef>

namespace heddle::explorer {

// While it lives, the process's handlers are the runtime's.
class SignalHandlers {
 public:
  SignalHandlers();
  ~SignalHandlers();
  SignalHandlers(const SignalHandlers&) = delete;
  SignalHandlers& operator=(const SignalHandlers&) = delete;

  // Finds threads that run on without end. A new process starts it again.
  static void StartClock();

 private:
  static constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  static constexpr std::size_t kCount = sizeof kSignals / sizeof kSignals[0];

  struct sigaction old_[kCount];
  struct sigaction old_tick_;
  stack_t old_stack_;
  void* stack_;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_SIGNALS_H_
