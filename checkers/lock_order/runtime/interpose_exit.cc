// SPDX-License-Identifier: Apache-2.0
// _exit() and its like end the process without exit handlers.
#include <stdlib.h>
#include <unistd.h>

#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/recorder.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

HEDDLE_EXPORT void _exit(int status) {
  g_recorder.exiting(status);
  for (;;) syscall(SYS_exit_group, status);
}
HEDDLE_EXPORT void _Exit(int status) {
  g_recorder.exiting(status);
  for (;;) syscall(SYS_exit_group, status);
}
