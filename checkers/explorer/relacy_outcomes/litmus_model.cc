// SPDX-License-Identifier: Apache-2.0
//
// The litmus tests as scenarios. What their executions end with is collected outside of what an
// engine models, and written to the file that HEDDLE_OUTCOMES names: a line for each outcome, the
// test's name and the digits of litmus_table.h.
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "checkers/explorer/relacy_outcomes/litmus_table.h"
#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

using litmus::kCodes;
using litmus::kTests;

// Shared with the processes that scenarios run in, and no variable of the program's: executions
// leave it alone.
class Outcomes {
 public:
  Outcomes() {
    void* const mapped = mmap(nullptr, kTests.size() * kCodes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped != MAP_FAILED) seen_ = static_cast<char*>(mapped);
  }
  ~Outcomes() {
    const char* const path = std::getenv("HEDDLE_OUTCOMES");
    if (path == nullptr || seen_ == nullptr) return;
    std::FILE* const file = std::fopen(path, "we");
    if (file == nullptr) return;
    for (std::size_t test = 0; test < kTests.size(); ++test) {
      for (std::size_t code = 0; code < kCodes; ++code) {
        if (seen_[test * kCodes + code] != 0) {
          std::fprintf(file, "%s %06zo\n", kTests[test].name, code);
        }
      }
    }
    std::fclose(file);
  }
  Outcomes(const Outcomes&) = delete;
  Outcomes& operator=(const Outcomes&) = delete;

  __attribute__((no_sanitize("thread"))) void Note(std::size_t test, std::size_t code) {
    if (seen_ != nullptr) seen_[test * kCodes + code] = 1;
  }

 private:
  char* seen_ = nullptr;
};
Outcomes outcomes;

template <std::size_t kTest>
struct Litmus {
  template <class P>
  class Scenario {
   public:
    static constexpr const litmus::Test& kIt = kTests[kTest];
    static constexpr int kThreads = kIt.Threads();

    void Thread(int index) { Run(kIt.threads[static_cast<std::size_t>(index)]); }

    void After() {
      std::size_t code = 0;
      for (const int read : registers_) code = code * litmus::kValues + Digit(read);
      constexpr auto kRelaxed = std::memory_order_relaxed;
      code = code * litmus::kValues + (kIt.memory ? Digit(x_.load(kRelaxed)) : 0);
      code = code * litmus::kValues + (kIt.memory ? Digit(y_.load(kRelaxed)) : 0);
      outcomes.Note(kTest, code);
    }

   private:
    using Word = typename P::template Atomic<int>;

    static std::size_t Digit(int value) {
      HEDDLE_ASSERT(value >= 0 && value < litmus::kValues);
      return static_cast<std::size_t>(value);
    }

    void Run(const litmus::Thread& thread) {
      using Kind = litmus::Step::Kind;
      for (const litmus::Step& step : thread) {
        Word& word = step.variable == 'x' ? x_ : step.variable == 'y' ? y_ : z_;
        int& read = registers_[static_cast<std::size_t>(step.reg)];
        switch (step.kind) {
          case Kind::kNone:
            return;
          case Kind::kStore:
            word.store(step.value, step.order);
            break;
          case Kind::kCopy:
            word.store(read, step.order);
            break;
          case Kind::kLoad:
            read = word.load(step.order);
            break;
          case Kind::kAdd:
            read = word.fetch_add(step.value, step.order);
            break;
          case Kind::kCas:
            read = step.expected;
            word.compare_exchange_strong(read, step.value, step.order, std::memory_order_relaxed);
            break;
          case Kind::kFence:
            P::fence(step.order);
            break;
        }
      }
    }

    Word x_{0};
    Word y_{0};
    Word z_{0};
    std::array<int, litmus::kRegisters> registers_{};
  };
};

// Names are views: they are kept here.
std::array<std::string, kTests.size()> names;

template <std::size_t... kTest>
bool RegisterAll(std::index_sequence<kTest...> /*tests*/) {
  const auto add = [](Scenario scenario, std::size_t test) {
    names[test] = std::string("litmus/outcomes.") + kTests[test].name;
    scenario.name = names[test];
    return RegisterScenario(scenario);
  };
  return (add(scenario_internal::Describe<EnginePlatform, Litmus<kTest>::template Scenario>(
                  "", Verdict::kPass, {}, std::source_location::current()),
              kTest) &&
          ...);
}
[[maybe_unused]] const bool registered = RegisterAll(std::make_index_sequence<kTests.size()>());

}  // namespace
}  // namespace heddle
