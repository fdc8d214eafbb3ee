// SPDX-License-Identifier: Apache-2.0
//
// A thread that runs before main() begins, until the program's end: what static initializers do is
// part of each execution then.
#include <atomic>
#include <cassert>
#include <map>
#include <string>

#include "checkers/explorer/programs/chosen.h"
#include "checkers/explorer/programs/worker.h"

namespace {

// Before the thread, so destroyed behind it.
std::map<int, std::string> g_table = {{0, "a text that is too long for the string's own memory"}};
std::atomic<int> g_begun{0};

Worker g_worker([] { g_begun = 1; });

// The thread may have begun, or not.
const int g_seen = g_begun;

void Work(int n) {
  for (int i = 0; i < n; ++i) {
    g_worker.Do([i] { g_table[i] += " and more"; });
  }
}

// main() looks while the thread works.
void Race(int) {
  g_worker.Do([] { g_table[1] = "one"; });
  g_table.erase(0);
}

void Seen(int expected) { assert(g_seen == expected); }

}  // namespace

int main(int argc, char** argv) {
  static constexpr Program kPrograms[] = {
      {"work", Work},
      {"race", Race},
      {"seen", Seen},
  };
  return RunChosen(argc, argv, kPrograms, 1);
}
