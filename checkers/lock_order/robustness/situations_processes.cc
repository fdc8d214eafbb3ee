// SPDX-License-Identifier: Apache-2.0
// Processes that make others.
#include <pthread.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "checkers/lock_order/robustness/situations.h"

extern char** environ;

namespace heddle {
namespace {

TwoLocks locks;
TwoLocks others;

int status_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// What an executed child does.
int nests() {
  locks.nest();
  return 5;
}

// Other threads hold locks, and are in the middle of taking new ones, when this one forks.
int fork_among_threads() {
  std::atomic<bool> stop{false};
  std::atomic<int> begun{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      begun.fetch_add(1);
      while (!stop.load()) {
        TwoLocks fresh;
        fresh.nest();
        pthread_mutex_lock(&others.outer);
        fresh.nest();
        pthread_mutex_unlock(&others.outer);
      }
    });
  }
  while (begun.load() != 3) std::this_thread::yield();
  int sum = 0;
  for (int i = 0; i < 30; ++i) {
    pthread_mutex_lock(&locks.outer);
    const pid_t child = fork();
    if (child == 0) {
      // What this thread held, it holds here as well.
      pthread_mutex_lock(&locks.inner);
      pthread_mutex_unlock(&locks.inner);
      pthread_mutex_unlock(&locks.outer);
      TwoLocks own;
      own.nest();
      std::thread([&] { own.nest(); }).join();
      _exit(own.nested);
    }
    pthread_mutex_unlock(&locks.outer);
    sum += status_of(child);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  std::printf("%d\n", sum);
  return 0;
}

// The child has the open file's lock too, and not that of fcntl().
int fork_with_file_locks() {
  char name[] = "/tmp/heddle_situation_XXXXXX";
  const int fd = mkstemp(name);
  unlink(name);
  lockf(fd, F_LOCK, 0);
  flock(fd, LOCK_EX);
  const pid_t child = fork();
  if (child == 0) {
    locks.nest();
    flock(fd, LOCK_UN);
    others.nest();
    close(fd);
    _exit(4);
  }
  const int status = status_of(child);
  lockf(fd, F_ULOCK, 0);
  locks.nest();
  close(fd);
  std::printf("%d\n", status);
  return 0;
}

void take_all() {
  pthread_mutex_lock(&locks.outer);
  pthread_mutex_lock(&locks.inner);
}
void give_all() {
  pthread_mutex_unlock(&locks.inner);
  pthread_mutex_unlock(&locks.outer);
}
// The idiom of libraries: every lock is taken around the fork, and given back on both sides.
int fork_handlers() {
  pthread_atfork(take_all, give_all, give_all);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop.load()) locks.nest();
  });
  int sum = 0;
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      locks.nest();
      _exit(2);
    }
    sum += status_of(child);
  }
  stop = true;
  busy.join();
  std::printf("%d\n", sum);
  return 0;
}

// Every thread forks, and so do the children.
int fork_storm() {
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        const pid_t child = fork();
        if (child == 0) {
          TwoLocks own;
          own.nest();
          const pid_t grandchild = fork();
          if (grandchild == 0) {
            own.nest();
            _exit(own.nested);
          }
          _exit(own.nested + status_of(grandchild));
        }
        sum.fetch_add(status_of(child));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%d\n", sum.load());
  return 0;
}

int spawn() {
  pid_t child = 0;
  char* arguments[] = {const_cast<char*>(g_program), const_cast<char*>("nests"), nullptr};
  if (posix_spawn(&child, g_program, nullptr, nullptr, arguments, environ) != 0) return -1;
  return status_of(child);
}
int spawned() {
  pthread_mutex_lock(&locks.outer);
  const int one = spawn();
  pthread_mutex_unlock(&locks.outer);
  std::printf("%d %d\n", one, spawn());
  return 0;
}

// The child of a vfork shares this memory until it is another program.
int vforked() {
  int sum = 0;
  for (int i = 0; i < 5; ++i) {
    pthread_mutex_lock(&locks.outer);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    const pid_t child = vfork();
#pragma clang diagnostic pop
    if (child == 0) {
      pthread_mutex_lock(&locks.inner);
      pthread_mutex_unlock(&locks.inner);
      execl(g_program, g_program, "nests", nullptr);
      _exit(9);
    }
    pthread_mutex_unlock(&locks.outer);
    sum += status_of(child);
    locks.nest();
  }
  std::printf("%d %d\n", sum, locks.nested);
  return 0;
}

int executed() {
  pthread_mutex_lock(&locks.outer);
  std::printf("before\n");
  std::fflush(stdout);
  execl(g_program, g_program, "nests", nullptr);
  return 9;
}

// A shell and its pipeline.
int shelled() {
  const std::string command = std::string(g_program) + " nests; echo $? | cat";
  std::fflush(stdout);
  const int status = std::system(command.c_str());  // NOLINT
  std::printf("%d\n", WEXITSTATUS(status));
  return 0;
}

// A daemon: the first process is gone while the last one works on.
int daemonized() {
  int ends[2];
  if (pipe(ends) != 0) return 9;
  locks.nest();
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    for (int fd = 3; fd < 1024; ++fd) {
      if (fd != ends[1]) close(fd);  // whatever it is
    }
    locks.nest();
    others.nest();
    const char done = 'd';
    _exit(write(ends[1], &done, 1) == 1 ? 0 : 1);
  }
  close(ends[1]);
  char told = 0;
  const ssize_t size = read(ends[0], &told, 1);
  std::printf("%d %d %c\n", status_of(child), static_cast<int>(size), told);
  return 0;
}

constexpr Situation kAll[] = {
    {"nests", nests},
    {"fork_among_threads", fork_among_threads},
    {"fork_handlers", fork_handlers},
    {"fork_with_file_locks", fork_with_file_locks},
    {"fork_storm", fork_storm},
    {"spawned", spawned},
    {"vforked", vforked},
    {"executed", executed},
    {"shelled", shelled},
    {"daemonized", daemonized},
};

}  // namespace

const Situation* find_in_processes(const char* name) { return find_in(kAll, name); }

}  // namespace heddle
