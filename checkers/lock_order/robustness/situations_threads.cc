// SPDX-License-Identifier: Apache-2.0
// Many threads, many locks, threads that end in every way, signals.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "checkers/lock_order/robustness/situations.h"

namespace heddle {
namespace {

// All are there at once.
int thousand_threads() {
  constexpr int kThreads = 1000;
  TwoLocks shared;
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      TwoLocks own;
      own.nest();
      ready.fetch_add(1);
      ready.notify_all();
      for (int seen = ready.load(); seen < kThreads; seen = ready.load()) ready.wait(seen);
      for (int k = 0; k < 10; ++k) shared.nest();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%d\n", shared.nested);
  return 0;
}

// Threads that come and go, one after the other.
int ten_thousand_threads() {
  TwoLocks shared;
  for (int i = 0; i < 10'000; ++i) std::thread([&] { shared.nest(); }).join();
  std::printf("%d\n", shared.nested);
  return 0;
}

int hold(int count, bool last_first) {
  std::deque<std::mutex> mutexes(static_cast<std::size_t>(count));
  for (int pass = 0; pass < 2; ++pass) {
    for (std::mutex& mutex : mutexes) mutex.lock();
    if (last_first) {
      for (auto mutex = mutexes.rbegin(); mutex != mutexes.rend(); ++mutex) mutex->unlock();
    } else {
      for (std::mutex& mutex : mutexes) mutex.unlock();
    }
  }
  std::printf("%zu\n", mutexes.size());
  return 0;
}
int hundred_thousand_held() { return hold(100'000, true); }
int hundred_thousand_held_first_first() { return hold(100'000, false); }

// Hundreds, given back and taken in no order at all.
int held_at_random() {
  std::deque<std::mutex> mutexes(300);
  std::vector<bool> held(mutexes.size());
  std::mt19937 random(1);
  for (int step = 0; step < 6'000; ++step) {
    const std::size_t at = random() % mutexes.size();
    // More and more of them, then fewer and fewer.
    if (held[at]) {
      if (random() % 6'000 < static_cast<unsigned>(step)) {
        mutexes[at].unlock();
        held[at] = false;
      }
    } else if (random() % 6'000 > static_cast<unsigned>(step)) {
      mutexes[at].lock();
      held[at] = true;
    }
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < mutexes.size(); ++i) {
    if (!held[i]) continue;
    mutexes[i].unlock();
    ++left;
  }
  TwoLocks locks;
  locks.nest();
  std::printf("%zu\n", left);
  return 0;
}

int recursion_of(int depth, std::recursive_mutex& mutex, TwoLocks& locks) {
  const std::lock_guard hold(mutex);
  if (depth == 0) {
    locks.nest();
    return 0;
  }
  return 1 + recursion_of(depth - 1, mutex, locks);
}
int deep_recursion() {
  std::recursive_mutex mutex;
  TwoLocks locks;
  std::printf("%d\n", recursion_of(10'000, mutex, locks));
  return 0;
}

int frames_with_locks(std::size_t depth, std::deque<std::mutex>& mutexes) {
  if (depth == mutexes.size()) return 0;
  const std::lock_guard hold(mutexes[depth]);
  return 1 + frames_with_locks(depth + 1, mutexes);
}
int deep_stack() {
  std::deque<std::mutex> mutexes(10'000);
  std::printf("%d\n", frames_with_locks(0, mutexes));
  return 0;
}

int exit_holding() {
  static std::mutex mutex;
  std::thread([] {
    mutex.lock();
    pthread_exit(nullptr);
  }).join();
  std::printf("%d\n", mutex.try_lock() ? 1 : 0);
  return 3;
}

// thread_local objects and thread-specific data, whose destructors lock, more than once.
TwoLocks at_thread_exit;
struct LocksAtExit {
  int uses = 0;
  ~LocksAtExit() { at_thread_exit.nest(); }
};
thread_local LocksAtExit locks_at_exit;
pthread_key_t key;
void again(void* rounds) {
  at_thread_exit.nest();
  const auto left = reinterpret_cast<std::size_t>(rounds) - 1;
  if (left != 0) pthread_setspecific(key, reinterpret_cast<void*>(left));
}
int thread_exit_locks() {
  pthread_key_create(&key, again);
  for (int i = 0; i < 20; ++i) {
    std::thread([] {
      ++locks_at_exit.uses;
      pthread_setspecific(key, reinterpret_cast<void*>(3));
    }).join();
  }
  std::printf("%d\n", at_thread_exit.nested);
  return 0;
}

// A signal every 200 microseconds, whose handler takes locks of its own, and threads that lock.
TwoLocks in_handler;
std::atomic<int> handled;
void on_alarm(int) {
  const int error = errno;
  in_handler.nest();
  handled.fetch_add(1);
  errno = error;
}
int signal_storm() {
  struct sigaction action{};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often{{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &often, nullptr);
  constexpr int kThreads = 3;
  constexpr int kRounds = 20'000;
  TwoLocks shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      TwoLocks own;
      std::shared_mutex other;
      int round = 0;
      while (round < kRounds || handled.load() < 20) {
        own.nest();
        const std::shared_lock hold(other);
        if (round++ < kRounds) shared.nest();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  std::printf("%d %d\n", shared.nested, handled.load() >= 20 ? 1 : 0);
  return 0;
}

// A handler waits for a lock whose holder, meanwhile, makes more to record; so does the thread that
// is interrupted.
std::mutex wanted_by_handler;
std::atomic<int> got;
void on_user_signal(int) {
  const int error = errno;
  const std::lock_guard hold(wanted_by_handler);
  got.fetch_add(1);
  errno = error;
}
// Each call nests two of them that have not been nested before, as long as there are some.
class NestsNew {
 public:
  explicit NestsNew(std::size_t count) : mutexes_(count) {}
  void nest() {
    const std::lock_guard outer(mutexes_[outer_]);
    const std::lock_guard inner(mutexes_[inner_]);
    if (++inner_ < mutexes_.size()) return;
    outer_ = outer_ + 2 < mutexes_.size() ? outer_ + 1 : 0;
    inner_ = outer_ + 1;
  }

 private:
  std::deque<std::mutex> mutexes_;
  std::size_t outer_ = 0;
  std::size_t inner_ = 1;
};
int handler_waits() {
  struct sigaction action{};
  action.sa_handler = on_user_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  std::atomic<bool> done = false;
  std::thread interrupted([&] {
    NestsNew locks(1000);
    while (!done.load()) locks.nest();
  });
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  NestsNew locks(100);
  for (int round = 0; round < 300; ++round) {
    const int before = got.load();
    {
      const std::lock_guard hold(wanted_by_handler);
      pthread_kill(interrupted.native_handle(), SIGUSR1);
      locks.nest();
    }
    while (got.load() == before) std::this_thread::yield();
  }
  done.store(true);
  interrupted.join();
  std::printf("%d\n", got.load());
  return 0;
}

// What comes with a signal is what was sent with it, also where it has to wait: its value, its
// alternate stack, and that the handler is there for one signal only.
std::atomic<int> values;
std::atomic<int> elsewhere;
char* other_stack;
constexpr std::size_t kOtherStack = std::size_t{64} << 10;
void on_value(int signal, siginfo_t* info, void*) {
  const char here = 0;
  if (info->si_signo == signal && info->si_code == SI_QUEUE) values += info->si_value.sival_int;
  if (&here < other_stack || &here >= other_stack + kOtherStack) elsewhere.fetch_add(1);
}
std::atomic<int> once_only;
void on_first(int) { once_only.fetch_add(1); }
int signals_with_values() {
  struct sigaction action{};
  action.sa_sigaction = on_value;
  action.sa_flags = SA_RESTART | SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGUSR1, &action, nullptr);
  std::atomic<bool> ready = false;
  std::atomic<bool> done = false;
  std::thread interrupted([&] {
    const auto stack = std::make_unique<char[]>(kOtherStack);
    other_stack = stack.get();
    const stack_t alternate{.ss_sp = stack.get(), .ss_flags = 0, .ss_size = kOtherStack};
    sigaltstack(&alternate, nullptr);
    ready.store(true);
    NestsNew locks(1000);
    while (!done.load()) locks.nest();
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    sigaltstack(&none, nullptr);
  });
  while (!ready.load()) std::this_thread::yield();
  int sum = 0;
  int installed = 0;
  for (int round = 1; round <= 300; ++round) {
    sigval value{};
    value.sival_int = round;
    pthread_sigqueue(interrupted.native_handle(), SIGUSR1, value);
    sum += round;
    while (values.load() != sum) std::this_thread::yield();
    struct sigaction once{};
    once.sa_handler = on_first;
    once.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
    sigaction(SIGUSR2, &once, nullptr);
    pthread_kill(interrupted.native_handle(), SIGUSR2);
    ++installed;
    while (once_only.load() != installed) std::this_thread::yield();
  }
  done.store(true);
  interrupted.join();
  std::printf("%d %d %d\n", values.load(), elsewhere.load(), once_only.load());
  return 0;
}

// One handler takes two arguments more than the other, and threads are interrupted meanwhile.
std::atomic<int> wrong_info;
void with_info(int signal, siginfo_t* info, void*) {
  if (info->si_signo != signal) wrong_info.fetch_add(1);
}
void without_info(int) {}
// Whether what was installed before is told as it was given.
bool install(bool info, bool info_before) {
  struct sigaction action{};
  action.sa_flags = SA_RESTART;
  if (info) {
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = with_info;
  } else {
    action.sa_handler = without_info;
  }
  struct sigaction before{};
  sigaction(SIGUSR1, &action, &before);
  return info_before ? (before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction == with_info
                     : (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == without_info;
}
int handlers_change() {
  install(false, false);
  std::atomic<bool> stop{false};
  std::thread interrupted([&] {
    while (!stop.load()) std::this_thread::yield();
  });
  int untold = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (!install(i % 2 == 0, i % 2 != 0)) ++untold;
    pthread_kill(interrupted.native_handle(), SIGUSR1);
  }
  stop = true;
  interrupted.join();
  std::printf("%d %d\n", untold, wrong_info.load());
  return 0;
}

constexpr Situation kAll[] = {
    {"thousand_threads", thousand_threads},
    {"ten_thousand_threads", ten_thousand_threads},
    {"hundred_thousand_held", hundred_thousand_held},
    {"hundred_thousand_held_first_first", hundred_thousand_held_first_first},
    {"held_at_random", held_at_random},
    {"deep_recursion", deep_recursion},
    {"deep_stack", deep_stack},
    {"exit_holding", exit_holding},
    {"thread_exit_locks", thread_exit_locks},
    {"signal_storm", signal_storm},
    {"handler_waits", handler_waits},
    {"signals_with_values", signals_with_values},
    {"handlers_change", handlers_change},
};

}  // namespace

const Situation* find_in_threads(const char* name) { return find_in(kAll, name); }

}  // namespace heddle
