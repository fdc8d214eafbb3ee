// SPDX-License-Identifier: Apache-2.0
//
// What an explored program cannot do: it is told so by name, instead of going wrong later.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <vector>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

namespace {

void Refuse(const char* name, Site site) {
  if (Exploring()) Call(name, site).Unsupported("%s() is not supported", name);
}

// Any arguments that are passed in registers, and the result of all these functions.
using Word = long;
using Function = Word(Word, Word, Word, Word, Word, Word);

}  // namespace

// However the C library's headers declare it.
#define REFUSE(name)                                                                          \
  HEDDLE_INTERPOSE Function heddle_explorer_refuse_##name __asm__(#name);                     \
  HEDDLE_INTERPOSE Word heddle_explorer_refuse_##name(Word a, Word b, Word c, Word d, Word e, \
                                                      Word f) {                               \
    Refuse(#name, HEDDLE_CALLER);                                                             \
    return reinterpret_cast<Function*>(RealFunction(#name))(a, b, c, d, e, f);                \
  }

// Processes.
REFUSE(fork)
REFUSE(_Fork)
REFUSE(forkpty)
REFUSE(daemon)
REFUSE(posix_spawn)
REFUSE(posix_spawnp)
REFUSE(system)
REFUSE(popen)
REFUSE(execv)
REFUSE(execve)
REFUSE(execvp)
REFUSE(execvpe)
REFUSE(fexecve)

// Signals, and what sends them.
REFUSE(raise)
REFUSE(killpg)
REFUSE(sigqueue)
REFUSE(pthread_kill)
REFUSE(pthread_cancel)
REFUSE(pthread_sigqueue)
REFUSE(alarm)
REFUSE(ualarm)
REFUSE(setitimer)
REFUSE(timer_create)
REFUSE(pause)
REFUSE(sigsuspend)
REFUSE(sigwait)
REFUSE(sigwaitinfo)
REFUSE(sigtimedwait)

// What a thread waits by for another one, where nothing would let that run; and what other
// processes have a part in.
REFUSE(pipe)
REFUSE(pipe2)
REFUSE(socket)
REFUSE(socketpair)
REFUSE(eventfd)
REFUSE(signalfd)
REFUSE(timerfd_create)
REFUSE(epoll_create)
REFUSE(epoll_create1)
REFUSE(inotify_init)
REFUSE(inotify_init1)
REFUSE(poll)
REFUSE(ppoll)
REFUSE(select)
REFUSE(pselect)
REFUSE(mq_open)
REFUSE(msgget)
REFUSE(semget)
REFUSE(shmget)
REFUSE(shm_open)

// The C library has all its threads do that, and sends them signals.
REFUSE(setuid)
REFUSE(setgid)
REFUSE(seteuid)
REFUSE(setegid)
REFUSE(setreuid)
REFUSE(setregid)
REFUSE(setresuid)
REFUSE(setresgid)
REFUSE(setgroups)

// Other stacks than the threads' own.
REFUSE(makecontext)
REFUSE(swapcontext)
REFUSE(setcontext)

// Of memory that is mapped (mapping.cc).
REFUSE(mremap)

// Nobody has looked through a library that comes later, nor are its variables put back.
REFUSE(dlopen)
REFUSE(dlmopen)

// The end of the process is seen by who explores.
HEDDLE_INTERPOSE int kill(pid_t process, int signal) noexcept {
  if (signal != SIGKILL || process != getpid()) Refuse("kill", HEDDLE_CALLER);
  return HEDDLE_REAL(kill)(process, signal);
}

HEDDLE_INTERPOSE pid_t vfork() noexcept {
  Refuse("vfork", HEDDLE_CALLER);
  // The real one returns twice on one stack, which a function between does not survive.
  return fork();
}

// Its arguments, and those of its like, need not be in registers.
#define REFUSE_EXEC(name, real, ...)                                                \
  HEDDLE_INTERPOSE int name(const char* path, const char* argument, ...) noexcept { \
    Refuse(#name, HEDDLE_CALLER);                                                   \
    std::vector<char*> arguments = {const_cast<char*>(argument)};                   \
    va_list list;                                                                   \
    va_start(list, argument);                                                       \
    while (arguments.back() != nullptr) arguments.push_back(va_arg(list, char*));   \
    const int result = real(path, arguments.data() __VA_OPT__(, ) __VA_ARGS__);     \
    va_end(list);                                                                   \
    return result;                                                                  \
  }

REFUSE_EXEC(execl, execv)
REFUSE_EXEC(execlp, execvp)
REFUSE_EXEC(execle, execve, va_arg(list, char**))

// That a signal is to be ignored changes nothing where none comes.
HEDDLE_INTERPOSE int sigaction(int signal, const struct sigaction* action,
                               struct sigaction* before) noexcept {
  const bool handles =
      action != nullptr && ((action->sa_flags & SA_SIGINFO) != 0 ||
                            (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN));
  if (handles) Refuse("sigaction", HEDDLE_CALLER);
  if (Exploring() && action != nullptr) return 0;
  return HEDDLE_REAL(sigaction)(signal, action, before);
}

HEDDLE_INTERPOSE sighandler_t signal(int signal, sighandler_t handler) noexcept {
  if (handler != SIG_DFL && handler != SIG_IGN) Refuse("signal", HEDDLE_CALLER);
  if (Exploring()) return SIG_DFL;
  return HEDDLE_REAL(signal)(signal, handler);
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
