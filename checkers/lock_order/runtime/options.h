// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_LOCKORDER_OPTIONS: "key=value:key=value", as the sanitizers have it; a key alone means 1.
// A value that contains ':' or spaces is quoted ('...' or "..."). Keys that the runtime does not
// know belong to the analyzer, which reads the same variable.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_OPTIONS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_OPTIONS_H_

#include <stddef.h>
#include <stdint.h>

namespace heddle::lock_order {

inline constexpr size_t kPathBytes = 400;

struct Options {
  bool enabled = true;
  char graph[kPathBytes] = "";    // %p: process id, %%: a percent sign; "": a default place
  char watcher[kPathBytes] = "";  // "none": somebody watches already; "": look beside the library
  uint32_t exitcode = 66;         // 0: leave the status alone
  uint32_t exit_wait_ms = 10000;  // for the watcher's final analysis
  bool halt_on_deadlock = false;  // let the watcher end the process with `exitcode`
  bool blocking_calls = false;    // report read, poll, sleep, ... while a lock is held
  bool file_locks = true;
  bool semaphores = true;
  bool signals = true;
  uint64_t limit_mb = 0;  // of the graph file; 0: none
};

// Later settings win. Unknown keys and malformed numbers are left alone; returns how many of the
// runtime's own keys had a value that could not be read.
int parse_options(const char* text, Options* options);

// Expands %p and %%. False: it does not fit.
bool expand_path(const char* pattern, uint64_t pid, char* out, size_t size);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_OPTIONS_H_
