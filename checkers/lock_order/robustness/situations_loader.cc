// SPDX-License-Identifier: Apache-2.0
// Before main, after it, and in the dynamic loader.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "checkers/lock_order/robustness/situations.h"

namespace heddle {
namespace {

TwoLocks early;
TwoLocks late;

// Run by the loader while it binds this program's symbols: nothing is set up yet.
int chosen() { return 4; }
extern "C" int (*choose())() {
  pthread_mutex_lock(&early.inner);
  pthread_mutex_unlock(&early.inner);
  return chosen;
}
extern "C" int indirect() __attribute__((ifunc("choose")));

__attribute__((constructor(101))) void constructor() { early.nest(); }
struct Static {
  Static() { early.nest(); }
  ~Static() { late.nest(); }
} object;
__attribute__((destructor)) void destructor() {
  late.nest();
  // Written without stdio, which is closed by now.
  const std::string text = "destroyed " + std::to_string(late.nested) + "\n";
  (void)!write(STDOUT_FILENO, text.data(), text.size());
}

int early_and_late() {
  std::printf("%d %d\n", early.nested, indirect());
  std::fflush(stdout);
  std::atexit([] { late.nest(); });
  return 6;
}

// Ends while another thread is nesting: it goes on into the destructors.
int exits_among_threads() {
  static TwoLocks fresh[10'000];
  static std::atomic<int> done{0};
  for (int i = 0; i < 2; ++i) {
    std::thread([] {
      for (TwoLocks& locks : fresh) {
        locks.nest();
        done.fetch_add(1);
      }
    }).detach();
  }
  while (done.load() < 1000) std::this_thread::yield();
  std::_Exit(0);
}

std::string beside(const char* library) {
  const std::string program = g_program;
  return program.substr(0, program.rfind('/') + 1) + library;
}

// The library's constructor and destructor lock, inside the loader; it comes and goes.
int loads_and_unloads() {
  int sum = 0;
  for (int i = 0; i < 10; ++i) {
    void* library = dlopen(beside("libsituations_plugin.so").c_str(), RTLD_NOW);
    if (library == nullptr) {
      std::printf("%s\n", dlerror());
      return 1;
    }
    const auto nest = reinterpret_cast<int (*)()>(dlsym(library, "plugin_nest"));
    sum += nest();
    dlclose(library);
  }
  std::printf("%d\n", sum);
  return 0;
}

// One thread loads a library whose constructor waits for a mutex; the other holds that mutex and
// allocates, frees, signals and locks as it likes. None of that may wait for the loader.
pthread_mutex_t wanted = PTHREAD_MUTEX_INITIALIZER;
std::atomic<int> in_constructor;
int loads_meanwhile() {
  pthread_mutex_lock(&wanted);
  std::thread loads([] {
    setenv("PLUGIN_WAITS", "1", 1);
    void* library = dlopen(beside("libsituations_plugin.so").c_str(), RTLD_NOW);
    if (library != nullptr) dlclose(library);
  });
  while (in_constructor.load() == 0) std::this_thread::yield();
  std::vector<TwoLocks> some(100);
  for (TwoLocks& locks : some) locks.nest();
  for (int i = 0; i < 100; ++i) std::free(std::malloc(static_cast<std::size_t>(i) * 100));
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  const timespec at_once{};
  pthread_mutex_lock(&some[0].outer);
  pthread_cond_timedwait(&condition, &some[0].outer, &at_once);
  pthread_mutex_unlock(&some[0].outer);
  pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
  pthread_rwlock_rdlock(&rwlock);
  pthread_rwlock_unlock(&rwlock);
  pthread_mutex_unlock(&wanted);
  loads.join();
  std::printf("%d\n", in_constructor.load());
  return 0;
}

constexpr Situation kAll[] = {
    {"early_and_late", early_and_late},
    {"exits_among_threads", exits_among_threads},
    {"loads_and_unloads", loads_and_unloads},
    {"loads_meanwhile", loads_meanwhile},
};

}  // namespace

const Situation* find_in_loader(const char* name) { return find_in(kAll, name); }

}  // namespace heddle

// For the plugin's constructor.
extern "C" __attribute__((visibility("default"))) void situations_wait_for_the_mutex() {
  heddle::in_constructor.store(1);
  pthread_mutex_lock(&heddle::wanted);
  pthread_mutex_unlock(&heddle::wanted);
  heddle::in_constructor.store(2);
}
