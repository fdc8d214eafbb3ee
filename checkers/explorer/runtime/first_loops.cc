// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/first_loops.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <sstream>
#include <vector>

#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/silence.h"

namespace heddle::explorer {
namespace {

// Processes that share a space must agree on these.
constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kExecutions = 300;
constexpr std::uint64_t kInVain = 64;  // executions in a row that tell nothing new
constexpr std::uint64_t kEvents = 1'000'000;

std::vector<std::string> SortedWords(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace

std::string FirstLoops(const ExploreOptions& options, void* (*function)(void*), void* argument) {
  ExploreOptions first = options;
  first.strategy = Strategy::kRandom;
  first.seed = kSeed;
  first.max_executions = kExecutions;
  const Silence silence;
  Scheduler scheduler(first, function, argument);
  scheduler.Start();
  Scheduler::Step step;
  std::uint64_t in_vain = 0;
  do {
    step = scheduler.RunOne();
    ++in_vain;
    if (step == Scheduler::Step::kLearned) {
      in_vain = 0;
      scheduler.search().Reset();
    }
  } while (step != Scheduler::Step::kEnd && step != Scheduler::Step::kFound && in_vain < kInVain &&
           scheduler.search().counts().events < kEvents);
  std::string loops = scheduler.loops().Save();
  scheduler.Stop();
  return loops;
}

bool KnowsAll(const std::string& known, const std::string& loops) {
  const std::vector<std::string> all = SortedWords(known);
  const std::vector<std::string> some = SortedWords(loops);
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace heddle::explorer
