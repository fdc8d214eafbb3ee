// SPDX-License-Identifier: Apache-2.0
//
// steady_program SHAPE THREADS OPERATIONS: takes locks in one way over and over. After a while, and
// again after so many operations in each thread, it says so by a byte on standard output and stands
// still until it reads one.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {

constexpr int kWarmUp = 2000;

struct Locks {
  std::mutex one;
  std::mutex two;
  std::shared_mutex read;
  std::recursive_mutex again;
  pthread_spinlock_t spin{};
  Locks() { pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE); }
};
Locks shared;
std::deque<std::mutex> many(2000);

void own(Locks& locks, int) { const std::lock_guard hold(locks.one); }
void own_nested(Locks& locks, int) {
  const std::lock_guard outer(locks.one);
  const std::lock_guard inner(locks.two);
}
void shared_nested(Locks& locks, int) {
  const std::lock_guard mine(locks.one);
  const std::lock_guard outer(shared.one);
  const std::lock_guard inner(shared.two);
}
void shared_alone(Locks&, int) { const std::lock_guard hold(shared.one); }
void mixed(Locks& locks, int) {
  const std::shared_lock reads(shared.read);
  const std::lock_guard first(locks.again);
  const std::lock_guard second(locks.again);
  pthread_spin_lock(&locks.spin);
  pthread_spin_unlock(&locks.spin);
}
void tried(Locks& locks, int) {
  const std::scoped_lock both(locks.one, locks.two);
  const std::unique_lock perhaps(shared.one, std::try_to_lock);
}
// Out of order: hand over hand along a row.
void in_turn(Locks&, int step) {
  const std::size_t at = static_cast<std::size_t>(step) % (many.size() - 1);
  many[at].lock();
  many[at + 1].lock();
  many[at].unlock();
  many[at + 1].unlock();
}

// Not steady: pairs that nobody has seen.
void fresh(Locks&, int step) {
  thread_local std::deque<std::mutex> row(700);
  const auto size = static_cast<int>(row.size());
  std::mutex& outer = row[static_cast<std::size_t>(step % size)];
  std::mutex& inner = row[static_cast<std::size_t>((step + 1 + step / size) % size)];
  if (&outer == &inner) return;
  const std::lock_guard first(outer);
  const std::lock_guard second(inner);
}

const struct {
  const char* name;
  void (*run)(Locks&, int);
} kShapes[] = {
    {"own", own},
    {"own_nested", own_nested},
    {"shared_nested", shared_nested},
    {"shared_alone", shared_alone},
    {"mixed", mixed},
    {"tried", tried},
    {"in_turn", in_turn},
    {"fresh", fresh},
};

std::atomic<int> arrived;
std::atomic<int> phase;

void stand_still(int next) {
  arrived.fetch_add(1);
  arrived.notify_all();
  for (int now = phase.load(); now < next; now = phase.load()) phase.wait(now);
}

// Alone: a thread that only tries a lock gets it once, however others came in its way before.
std::atomic<int> turn;
template <class Step>
void in_turn_of(int thread, Step step) {
  for (int now = turn.load(); now != thread; now = turn.load()) turn.wait(now);
  step();
  turn.fetch_add(1);
  turn.notify_all();
}

// The threads stand still; nothing here takes a lock.
void tell_and_wait(int threads) {
  for (int now = arrived.load(); now < threads; now = arrived.load()) arrived.wait(now);
  arrived = 0;
  char byte = 'x';
  if (write(STDOUT_FILENO, &byte, 1) != 1 || read(STDIN_FILENO, &byte, 1) != 1) _exit(1);
  phase.fetch_add(1);
  phase.notify_all();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int count = static_cast<int>(std::strtol(argv[2], nullptr, 10));
  const int operations = static_cast<int>(std::strtol(argv[3], nullptr, 10));
  for (const auto& shape : kShapes) {
    if (std::strcmp(shape.name, argv[1]) != 0) continue;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        Locks locks;
        for (int step = 0; step < 2 * kWarmUp; ++step) shape.run(locks, step);
        in_turn_of(i, [&] { shape.run(locks, 0); });
        stand_still(1);
        for (int step = 0; step < operations; ++step) shape.run(locks, step);
        stand_still(2);
      });
    }
    tell_and_wait(count);
    tell_and_wait(count);
    for (std::thread& thread : threads) thread.join();
    return 0;
  }
  return 2;
}
