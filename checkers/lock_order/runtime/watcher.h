// SPDX-License-Identifier: Apache-2.0
//
// The analyzer as a helper process, for programs that were not started by the tool: spawned
// detached when recording starts, waited for (within bounds) when the program ends.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_WATCHER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_WATCHER_H_

#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/runtime/options.h"

namespace heddle::lock_order {

// Runs `WATCHER GRAPH` with this environment less LD_PRELOAD. False: none is wanted, or none found.
bool start_watcher(const Options& options, const char* graph, const char* from_environment);

// Waits for the final analysis; whether it found something that counts.
bool wait_for_watcher(const Options& options, const Header& header, const char* graph);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_WATCHER_H_
