// SPDX-License-Identifier: Apache-2.0
//
// What an explored program cannot do: it is told so by name, instead of going wrong later.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

namespace {

void Refuse(const char* name, Site site) {
  if (Exploring()) Call(name, site).Unsupported("%s() is not supported", name);
}

}  // namespace

HEDDLE_INTERPOSE pid_t fork() noexcept {
  Refuse("fork", HEDDLE_CALLER);
  return HEDDLE_REAL(fork)();
}

HEDDLE_INTERPOSE int execve(const char* path, char* const* argv,
                            char* const* environment) noexcept {
  Refuse("execve", HEDDLE_CALLER);
  return HEDDLE_REAL(execve)(path, argv, environment);
}

HEDDLE_INTERPOSE int raise(int signal) noexcept {
  Refuse("raise", HEDDLE_CALLER);
  return HEDDLE_REAL(raise)(signal);
}

HEDDLE_INTERPOSE int pthread_kill(pthread_t thread, int signal) noexcept {
  Refuse("pthread_kill", HEDDLE_CALLER);
  return HEDDLE_REAL(pthread_kill)(thread, signal);
}

HEDDLE_INTERPOSE int pthread_cancel(pthread_t thread) {
  Refuse("pthread_cancel", HEDDLE_CALLER);
  return HEDDLE_REAL(pthread_cancel)(thread);
}
