// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/watcher.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "checkers/lock_order/runtime/base.h"
#include "checkers/lock_order/runtime/text.h"

extern char** environ;

namespace heddle::lock_order {
namespace {

constexpr const char* kName = "heddle_lockorder_watch";

long g_watcher;  // its process, which may be reaped by anyone

bool beside(const char* file, char* out, size_t size) {
  const char* slash = strrchr(file, '/');
  if (slash == nullptr) return false;
  Text<kPathBytes> path;
  for (const char* at = file; at <= slash; ++at) path << *at;
  path << kName;
  if (path.full() || path.size() >= size) return false;
  memcpy(out, path.c_str(), path.size() + 1);
  return access(out, X_OK) == 0;
}

bool in_runfiles(const char* directory, const char* separator, char* out, size_t size) {
  Text<kPathBytes + 100> path;
  path << directory << separator << "heddle/checkers/lock_order/report/" << kName;
  if (path.full() || path.size() >= size) return false;
  memcpy(out, path.c_str(), path.size() + 1);
  return access(out, X_OK) == 0;
}

bool find_watcher(const Options& options, const char* from_environment, char* out, size_t size) {
  const char* given = options.watcher[0] != 0 ? options.watcher : from_environment;
  if (given != nullptr && *given != 0) {
    const size_t length = strlen(given);
    if (length >= size) return false;
    memcpy(out, given, length + 1);
    return access(out, X_OK) == 0;
  }
  // The file that this code is in, which the loader tells without taking a lock, or the program.
  dl_find_object found{};
  if (_dl_find_object(reinterpret_cast<void*>(&find_watcher), &found) == 0) {
    const char* name = found.dlfo_link_map->l_name;
    if (name != nullptr && *name != 0 && beside(name, out, size)) return true;
  }
  char program[kPathBytes];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (length <= 0) return false;
  program[length] = 0;
  if (beside(program, out, size)) return true;
  // A program that Bazel built has it among its runfiles.
  for (const char* variable : {"RUNFILES_DIR", "TEST_SRCDIR"}) {
    const char* directory = getenv(variable);
    if (directory != nullptr && in_runfiles(directory, "/", out, size)) return true;
  }
  return in_runfiles(program, ".runfiles/", out, size);
}

// Raw clone: no atfork handlers, and with no exit signal the child is not one that wait() sees.
long raw_fork() { return syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0); }

[[noreturn]] void become_watcher(const char* watcher, const char* graph, long* pid) {
  // Out of the program's way: its terminal's signals, its standard input. Forked twice: no child
  // that the program could wait for.
  syscall(SYS_setsid);
  const long child = raw_fork();
  if (child != 0) {
    *pid = child;
    syscall(SYS_exit_group, 0);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  if (null > 0) dup2(null, 0);
  size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  auto** environment = static_cast<char**>(map_pages((count + 1) * sizeof(char*)));
  if (environment != nullptr) {
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0) environment[kept++] = environ[i];
    }
    char* arguments[] = {const_cast<char*>(watcher), const_cast<char*>(graph), nullptr};
    execve(watcher, arguments, environment);
  }
  syscall(SYS_exit_group, 127);
  __builtin_unreachable();
}

void sleep_ms(long milliseconds) {
  timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  syscall(SYS_nanosleep, &time, nullptr);
}

}  // namespace

bool start_watcher(const Options& options, const char* graph, const char* from_environment) {
  if (strcmp(options.watcher, "none") == 0) return false;
  static char path[kPathBytes];
  if (!find_watcher(options, from_environment, path, sizeof(path))) {
    (Text<1000>() << "heddle: lock orders are recorded in " << graph
                  << "; look at them with: heddle lockorder report " << graph << '\n')
        .write_to(2);
    return false;
  }
  void* shared =
      mmap(nullptr, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return false;
  auto* pid = static_cast<long*>(shared);
  const long child = raw_fork();
  if (child == 0) become_watcher(path, graph, pid);
  if (child < 0) return false;
  int status = 0;
  while (syscall(SYS_wait4, child, &status, __WALL, nullptr) < 0 && errno == EINTR) {
  }
  // The watcher may look into this process although it is no ancestor of it.
  const long watcher = *pid;
  g_watcher = watcher;
  unmap_pages(shared, sizeof(long));
  if (watcher <= 0) return false;
  prctl(PR_SET_PTRACER, watcher, 0, 0, 0);
  return true;
}

bool wait_for_watcher(const Options& options, const Header& header, const char* graph) {
  constexpr long kStep = 2;
  for (uint64_t waited = 0; waited < options.exit_wait_ms; waited += kStep) {
    if (__atomic_load_n(&header.watcher, __ATOMIC_ACQUIRE) >= kWatcherDone) {
      return __atomic_load_n(&header.found, __ATOMIC_ACQUIRE) != 0;
    }
    if (syscall(SYS_kill, g_watcher, 0) != 0 && errno == ESRCH) {
      (Text<1000>() << "heddle: the analysis of " << graph << " ended early\n").write_to(2);
      return false;
    }
    sleep_ms(kStep);
  }
  (Text<1000>() << "heddle: the analysis of " << graph << " was not finished in time\n")
      .write_to(2);
  return false;
}

}  // namespace heddle::lock_order
