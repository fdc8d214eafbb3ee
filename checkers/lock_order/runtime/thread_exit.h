// SPDX-License-Identifier: Apache-2.0
//
// Hooks at the ends of things: a thread's (a thread-specific key's destructor, which also runs
// after pthread_exit and cancellation), the process's (on_exit, which tells the status and,
// registered first, runs last) and fork.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_EXIT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_EXIT_H_

namespace heddle::lock_order {

void install_thread_exit();
void watch_thread_exit();  // of the calling thread

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_THREAD_EXIT_H_
