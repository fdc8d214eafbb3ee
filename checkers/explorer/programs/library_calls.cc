// SPDX-License-Identifier: Apache-2.0
//
// Loops whose turns call functions of the C and C++ libraries that nothing is seen of. A turn is
// run once however often it is looked ahead, and what it has changed makes it a turn.
#include <atomic>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <future>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "checkers/explorer/programs/chosen.h"

namespace {

std::atomic<int> g_flag{0};

// Runs turns until another thread says so, `most` at most; returns how many.
template <typename Turn>
int RunTurns(int most, Turn turn) {
  g_flag = 0;
  std::thread other([] {
    g_flag = 1;
    g_flag = 2;
  });
  int turns = 0;
  while (g_flag != 2 && turns < most) {
    turn();
    ++turns;
  }
  other.join();
  return turns;
}

// The same, and nothing else tells one turn from the next.
template <typename Turn>
void RunUntilTold(Turn turn) {
  g_flag = 0;
  std::thread other([] { g_flag = 2; });
  while (g_flag != 2) turn();
  other.join();
}

void File(int most) {
  std::FILE* const file = std::tmpfile();
  const int turns = RunTurns(most, [file] { std::fputc('x', file); });
  assert(std::ftell(file) == turns);
  std::fclose(file);
}

void Stream(int most) {
  std::stringstream stream;
  stream << "abcdefgh";
  const int turns = RunTurns(most, [&stream] { stream.get(); });
  assert(stream.tellg() == turns);
}

// Of an exception, and its references.
void Future(int times) {
  for (int i = 0; i < times; ++i) {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    promise.set_exception(std::make_exception_ptr(4));
    bool refused = false;
    try {
      promise.set_value(3);
    } catch (const std::future_error&) {
      refused = true;
    }
    assert(refused);
    assert(future.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready);
    try {
      future.get();
      assert(false);
    } catch (int thrown) {
      assert(thrown == 4);
    }
  }
}

// How far it comes is how often it has been round.
void Tokens(int most) {
  static char text[] = "a b c d e f g h";
  char* rest = nullptr;
  strtok_r(text, " ", &rest);
  RunUntilTold([&rest] { strtok_r(nullptr, " ", &rest); });
  assert(rest - text <= 2 * most);
}

void Reads(int most) {
  std::stringstream stream;
  stream << "abcdefgh";
  RunUntilTold([&stream] { stream.get(); });
  assert(stream.tellg() <= most);
}

// What is printed changes nothing.
void Prints(int) {
  RunUntilTold([] {
    std::printf("waits\n");
    std::cout << "waits " << 1 << std::endl;
  });
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr Program kPrograms[] = {
      {"file", File},     {"stream", Stream}, {"future", Future},
      {"tokens", Tokens}, {"reads", Reads},   {"prints", Prints},
  };
  return RunChosen(argc, argv, kPrograms, 2);
}
