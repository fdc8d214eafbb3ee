// SPDX-License-Identifier: Apache-2.0
//
// What a signal handler must leave as it found it in the interrupted thread's state: the entry that
// is about to be counted, and the lock that is being waited for.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SIGNAL_FRAME_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SIGNAL_FRAME_H_

#include <signal.h>

#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {

// Signals that have a handler, as the kernel's mask has them (bit signal - 1).
extern std::atomic<uint64_t> g_handled_signals __attribute__((visibility("hidden")));

// The calling thread's blocked signals.
uint64_t blocked_signals();

// By this signal, which nobody minds otherwise, the watcher asks the process to end.
inline constexpr int kEndSignal = SIGURG;
void install_end_signal();

class SignalFrame {
 public:
  SignalFrame(ThreadState& t, int signal);
  ~SignalFrame();
  SignalFrame(const SignalFrame&) = delete;
  SignalFrame& operator=(const SignalFrame&) = delete;

 private:
  ThreadState& t_;
  const uint8_t flags_;
  const uint8_t signal_;
  const uint64_t stack_pointer_;
  Thread* const record_;
  bool entry_;
  Held held_;
  ChainWord word_;
  uint32_t wanted_;
  uint8_t wanted_flags_;
  uint64_t wanted_site_;
  const uint32_t pending_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_SIGNAL_FRAME_H_
