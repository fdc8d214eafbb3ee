// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_SYNCHRONOUS_SIGNALS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_SYNCHRONOUS_SIGNALS_H_

#include <signal.h>
#include <stdint.h>

namespace heddle::lock_order {

// A signal, 1 to 64, as the kernel's masks have it.
constexpr uint64_t signal_bit(int signal) { return uint64_t{1} << (signal - 1); }

// The signals of an instruction that goes wrong: they arrive where it is, not at any moment, and
// cannot wait.
inline constexpr uint64_t kSynchronousSignals = signal_bit(SIGSEGV) | signal_bit(SIGBUS) |
                                                signal_bit(SIGFPE) | signal_bit(SIGILL) |
                                                signal_bit(SIGTRAP) | signal_bit(SIGSYS);

// False of numbers that are no signals: 0 stands for none in the graph.
constexpr bool is_synchronous(int signal) {
  return signal > 0 && signal <= 64 && (signal_bit(signal) & kSynchronousSignals) != 0;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_SYNCHRONOUS_SIGNALS_H_
