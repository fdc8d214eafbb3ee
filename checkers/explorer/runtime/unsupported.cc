// SPDX-License-Identifier: Apache-2.0
//
// What an explored program cannot do: it is told so by name, instead of going wrong later.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
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

HEDDLE_INTERPOSE int pthread_sigqueue(pthread_t thread, int signal, const sigval value) noexcept {
  Refuse("pthread_sigqueue", HEDDLE_CALLER);
  return HEDDLE_REAL(pthread_sigqueue)(thread, signal, value);
}

HEDDLE_INTERPOSE pid_t vfork() noexcept {
  Refuse("vfork", HEDDLE_CALLER);
  // The real one returns twice on one stack, which a function between does not survive.
  return HEDDLE_REAL(fork)();
}

HEDDLE_INTERPOSE int posix_spawn(pid_t* child, const char* path,
                                 const posix_spawn_file_actions_t* actions,
                                 const posix_spawnattr_t* attributes, char* const* argv,
                                 char* const* environment) {
  Refuse("posix_spawn", HEDDLE_CALLER);
  return HEDDLE_REAL(posix_spawn)(child, path, actions, attributes, argv, environment);
}

HEDDLE_INTERPOSE int posix_spawnp(pid_t* child, const char* path,
                                  const posix_spawn_file_actions_t* actions,
                                  const posix_spawnattr_t* attributes, char* const* argv,
                                  char* const* environment) {
  Refuse("posix_spawnp", HEDDLE_CALLER);
  return HEDDLE_REAL(posix_spawnp)(child, path, actions, attributes, argv, environment);
}

HEDDLE_INTERPOSE int system(const char* command) {
  Refuse("system", HEDDLE_CALLER);
  return HEDDLE_REAL(system)(command);
}

// What is mapped is not put back for the next execution.
HEDDLE_INTERPOSE void* mmap(void* address, std::size_t size, int protection, int flags, int file,
                            off_t offset) noexcept {
  Refuse("mmap", HEDDLE_CALLER);
  return HEDDLE_REAL(mmap)(address, size, protection, flags, file, offset);
}

// Its memory is shared with other processes.
HEDDLE_INTERPOSE sem_t* sem_open(const char* name, int flags, ...) noexcept {
  Refuse("sem_open", HEDDLE_CALLER);
  va_list list;
  va_start(list, flags);
  const bool creates = (flags & O_CREAT) != 0;
  const mode_t mode = creates ? va_arg(list, mode_t) : 0;
  const unsigned value = creates ? va_arg(list, unsigned) : 0;
  va_end(list);
  return HEDDLE_REAL(sem_open)(name, flags, mode, value);
}
