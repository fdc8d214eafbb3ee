// SPDX-License-Identifier: Apache-2.0
//
// How programs end: destructors of objects of static storage duration, atexit() and its like.
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "checkers/explorer/programs/chosen.h"
#include "checkers/explorer/programs/worker.h"

namespace {

// Constructed before main(); its destructor is the last to be called.
struct Last {
  std::atomic<int> done{0};
  int expected = 0;
  int* const owned = new int(7);

  Last() = default;
  ~Last() {
    assert(*owned == 7 && done == expected);
    delete owned;
  }
  Last(const Last&) = delete;
  Last& operator=(const Last&) = delete;
} g_last;

std::string g_name = "a name that is too long for the string's own memory";
std::map<int, std::string> g_table;

// Stopped and joined at the end of the program.
Worker& Pool() {
  static Worker worker([] {});
  return worker;
}

void UsePool(int n) {
  g_last.expected = n;
  for (int i = 0; i < n; ++i) Pool().Do([] { ++g_last.done; });
}

void Globals(int n) {
  for (int i = 0; i < n; ++i) g_table[i] = g_name;
  g_name += ", and longer";
}

// The order in which they are constructed is the threads'.
void LocalStatics(int) {
  std::thread a([] {
    static const std::string text("a text that is too long for the string's own memory");
    assert(!text.empty());
  });
  std::thread b([] {
    static std::vector<int> numbers(3);
    numbers.push_back(4);
  });
  a.join();
  b.join();
}

// 0: exit() ends the program; 1: it does, and more is expected than is done; 2: _exit() does, and
// calls nothing; 3: nor does quick_exit() call what is atexit()'s.
void Ends(int how) {
  g_last.expected = how == 0 ? 1 : 5;
  std::atexit([] { ++g_last.done; });
  std::at_quick_exit([] { assert(g_last.done == 0); });
  if (how <= 1) std::exit(0);
  if (how == 2) _exit(0);
  std::quick_exit(0);
}

void WithStatus(int) {
  g_last.expected = 1;
  const auto called = [](int status, void* argument) {
    assert(status == 0 && argument == &g_last);
    ++g_last.done;
  };
  on_exit(called, &g_last);
}

// It is called in its turn.
void Next(int before) {
  const int done = g_last.done++;
  assert(done == before);
}

// What is given last is called first, and at once where that happens at the end.
void Order(int) {
  g_last.expected = 3;
  std::atexit([] { Next(2); });
  std::atexit([] {
    Next(0);
    std::atexit([] { Next(1); });
  });
}

// Another thread's exit() joins the pool's thread; main() goes no further.
void ByThread(int) {
  g_last.expected = 1;
  std::thread([] {
    Pool().Do([] { ++g_last.done; });
    std::exit(0);
  }).join();
  std::abort();
}

// Nobody waits for a thread that uses what the end of the program destroys.
void Detached(int) {
  std::thread([] { g_table[1] = "one"; }).detach();
}

void ThreadLocals(int) {
  g_last.expected = 1;
  struct Mine {
    ~Mine() { ++g_last.done; }
  };
  thread_local Mine mine;
  static_cast<void>(&mine);
  std::atexit([] { assert(g_last.done == 1); });
}

void Joinable(int) {
  std::cout << "hello\n";
  static std::thread forgotten([] {});
}

void FailsLate(int) {
  std::atexit([] { _exit(3); });
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr Program kPrograms[] = {
      {"pool", UsePool},       {"globals", Globals},        {"local_statics", LocalStatics},
      {"ends", Ends},          {"with_status", WithStatus}, {"order", Order},
      {"by_thread", ByThread}, {"detached", Detached},      {"thread_locals", ThreadLocals},
      {"joinable", Joinable},  {"fails_late", FailsLate},
  };
  return RunChosen(argc, argv, kPrograms, 1);
}
