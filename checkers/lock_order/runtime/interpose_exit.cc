// SPDX-License-Identifier: Apache-2.0
// _exit() and its like end the process without exit handlers.
#include <stdlib.h>
#include <unistd.h>

#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/recorder.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

HEDDLE_EXPORT void _exit(int status) {
  if (g_recorder.exiting(status)) status = static_cast<int>(g_recorder.options().exitcode);
  for (;;) syscall(SYS_exit_group, status);
}
HEDDLE_EXPORT void _Exit(int status) {
  if (g_recorder.exiting(status)) status = static_cast<int>(g_recorder.options().exitcode);
  for (;;) syscall(SYS_exit_group, status);
}
