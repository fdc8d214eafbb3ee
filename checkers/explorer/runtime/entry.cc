// SPDX-License-Identifier: Apache-2.0
//
// The start of a program that is linked with the runtime: main() itself is explored, unless the
// program says what else is (native_main.h).
#include <sys/personality.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "checkers/explorer/runtime/exits.h"
#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/initializers.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/outcome.h"
#include "checkers/explorer/runtime/threads.h"

// native_main.h: null where that object is not linked in.
extern "C" __attribute__((weak)) const char heddle_explorer_main_is_native;

namespace heddle::explorer {
namespace {

using Main = int (*)(int, char**, char**);

struct Program {
  Main main;
  int argc;
  char** argv;
  char** environment;
};

Program g_program;
bool g_main_begins = false;

void CallMain(void*) {
  CallInitializers(g_program.argc, g_program.argv, g_program.environment);
  const int status = g_program.main(g_program.argc, g_program.argv, g_program.environment);
  // A site is behind a call.
  const Site site = reinterpret_cast<Site>(g_program.main) + 1;
  if (status != 0) Call("main", site).Found(verdict::kAssertion, "main() returns %d", status);
  CallAtExit("main", status, site);
  state().current->keeps_specific = true;
}

int ExploreMain(int argc, char** argv, char** environment) {
  g_main_begins = true;
  g_program.argc = argc;
  g_program.argv = argv;
  g_program.environment = environment;
  if (&heddle_explorer_main_is_native != nullptr) {
    return g_program.main(argc, argv, environment);
  }
  const ExploreOptions options = OptionsFromEnvironment();
  return Print(options, Explore(options, CallMain, nullptr));
}

// Starts the program again without address space randomization: the path of an execution has
// addresses in it. Where that is not allowed, what is found can be replayed by luck only.
void FixAddresses(char** argv) {
  const int now = personality(0xffffffff);
  if (now == -1 || (now & ADDR_NO_RANDOMIZE) != 0) return;
  if (personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) == -1) return;
  if ((personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0) execv("/proc/self/exe", argv);
}

}  // namespace

bool BeforeMain() { return !g_main_begins && &heddle_explorer_main_is_native == nullptr; }

namespace {

// For a shell.
std::string Quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./=+,:@%") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The counterexample's file among a Bazel test's outputs; empty: it is no such test.
std::string WriteOutput(const ExploreResult& result, const std::string& program) {
  const char* const directory = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (directory == nullptr) return "";
  const std::string name = program.substr(program.find_last_of('/') + 1);
  const std::string path = std::string(directory) + "/" + name + ".explore.txt";
  FILE* const file = fopen(path.c_str(), "we");
  if (file == nullptr) return "";
  // As checkers/scenario/counterexample.h has it.
  fprintf(file,
          "heddle counterexample 1\nscenario: %s\nmutant: \nengine: explore\nmode: %s\n"
          "verdict: %s\nstate: %s\n\n%s: %s\n%s",
          name.c_str(), result.mode.c_str(), result.verdict.c_str(), result.path.c_str(),
          result.verdict.c_str(), result.message.c_str(), result.text.c_str());
  const bool written = fclose(file) == 0;
  return written ? path : "";
}

void PrintReplay(const ExploreResult& result) {
  const std::string program = g_program.argv[0];
  const std::string file = WriteOutput(result, program);
  std::string command = "HEDDLE_EXPLORE_OPTIONS=";
  std::string options;
  if (const char* const given = getenv("HEDDLE_EXPLORE_OPTIONS"); given != nullptr) {
    options = std::string(given) + ":";
  }
  command += Quoted(options + "replay=" + (file.empty() ? result.path : file));
  for (char** word = g_program.argv; *word != nullptr; ++word) command += " " + Quoted(*word);
  fprintf(stderr, "replay it:  %s\n", command.c_str());
}

void PrintResult(const ExploreResult& result) {
  const bool repeats = result.verdict != verdict::kError || result.mode != "replay";
  if (repeats && !result.text.empty()) fprintf(stderr, "%s", result.text.c_str());
  const bool plain = result.mode == "full" || result.mode == "replay";
  fprintf(stderr, "heddle explorer: %s%s%s: %llu executions, %llu blocked, %.3f s%s%s%s%s\n",
          result.verdict.c_str(), plain ? "" : " ", plain ? "" : result.mode.c_str(),
          static_cast<unsigned long long>(result.executions),
          static_cast<unsigned long long>(result.blocked), result.seconds,
          result.complete ? ", complete" : "", result.cut.why.empty() ? "" : ", ",
          result.cut.why.c_str(), result.message.empty() ? "" : (": " + result.message).c_str());
  if (!result.path.empty() && result.mode != "replay") PrintReplay(result);
}

}  // namespace

int Print(const ExploreOptions& options, const ExploreResult& result) {
  fflush(stdout);
  // Who asked for the record tells it.
  if (options.record.empty()) PrintResult(result);
  if (result.verdict == verdict::kPass) return 0;
  if (result.verdict == verdict::kError) return 2;
  return result.verdict == verdict::kIncomplete ? 3 : 1;
}

}  // namespace heddle::explorer

HEDDLE_INTERPOSE int __libc_start_main(heddle::explorer::Main main, int argc, char** argv,
                                       void (*init)(), void (*fini)(), void (*rtld_fini)(),
                                       void* stack_end) {
  using heddle::explorer::ExploreMain;
  using heddle::explorer::RealFunction;
  heddle::explorer::FixAddresses(argv);
  // An older C library is given a function that calls the initializers.
  if (init == nullptr) heddle::explorer::DeferInitializers(argv);
  auto* const real =
      reinterpret_cast<decltype(&__libc_start_main)>(RealFunction("__libc_start_main"));
  heddle::explorer::g_program.main = main;
  return real(ExploreMain, argc, argv, init, fini, rtld_fini, stack_end);
}
