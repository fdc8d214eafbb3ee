// SPDX-License-Identifier: Apache-2.0
//
// A scenario is a small concurrent program with a claim. It is a struct template over the platform:
//
//   template <class P>
//   struct TicketLockExcludes {
//     static constexpr int kThreads = 2;
//     TicketLock<P> lock;
//     typename P::template Var<int> balance{0};
//     void Thread(int) { Guard hold(lock); balance.set(balance.get() + 1); }
//     void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
//   };
//   HEDDLE_SCENARIO("mutex/ticket_lock.excludes", TicketLockExcludes);
//   HEDDLE_MUTANT("mutex/ticket_lock.excludes", TicketLockExcludes, "unlock_relaxed",
//   Verdict::kRace);
//
// The constructor runs first, alone; then Thread(0) .. Thread(kThreads - 1) concurrently; then
// After(), alone; then the destructor. Optional members:
//   void After()
//   static constexpr RelacyOptions kRelacy{...};   how Relacy searches it; the default is full
//   search static constexpr StressOptions kStress{...};   how the real-thread engines run it
//   static constexpr GradedOutcome kOutcomes[] = {...};        what After() may Observe()
// Engine headers define the platform; HEDDLE_ENGINE_HEADER comes from the engine's Bazel library.
#ifndef HEDDLE_CHECKERS_SCENARIO_SCENARIO_H_
#define HEDDLE_CHECKERS_SCENARIO_SCENARIO_H_

#include <memory>
#include <source_location>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/scenario/description.h"
#include "primitives/mutant.h"

namespace heddle {

#define HEDDLE_ASSERT(...) \
  ((__VA_ARGS__) ? (void)0 : ::heddle::Fail(::heddle::Verdict::kAssertion, #__VA_ARGS__))

// Scope guard for anything with lock() and unlock(). std::scoped_lock would report <mutex>'s lines
// for a Platform::Mutex.
template <class Lock>
class [[nodiscard]] Guard {
 public:
  explicit Guard(Lock& lock, std::source_location where = std::source_location::current())
      : lock_(lock) {
    if constexpr (requires { lock_.lock(where); }) {
      lock_.lock(where);
    } else {
      lock_.lock();
    }
  }
  ~Guard() { lock_.unlock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Lock& lock_;
};

namespace scenario_internal {

template <class S>
class Body final : public ScenarioBody {
 public:
  void Thread(int index) override { scenario_.Thread(index); }
  void After() override {
    if constexpr (requires { scenario_.After(); }) scenario_.After();
  }

 private:
  S scenario_;
};

template <class P, template <class> class S>
Scenario Describe(std::string_view name, VerdictSet expected, std::vector<Beyond> beyond,
                  std::source_location where) {
  using Instance = S<P>;
  Scenario scenario;
  scenario.name = name;
  scenario.threads = Instance::kThreads;
  scenario.expected = expected;
  scenario.beyond = std::move(beyond);
  scenario.where = where;
  if constexpr (requires { Instance::kRelacy; }) scenario.relacy = Instance::kRelacy;
  if constexpr (requires { Instance::kStress; }) scenario.stress = Instance::kStress;
  if constexpr (requires { Instance::kOutcomes; }) scenario.outcomes = Instance::kOutcomes;
  if constexpr (requires { P::kMutant; }) {
    scenario.mutant = P::kMutant;
    scenario.site_reached = [] { return P::reached.load(std::memory_order_relaxed); };
  }
  scenario.make = [] { return std::unique_ptr<ScenarioBody>(new Body<Instance>()); };
  return scenario;
}

}  // namespace scenario_internal
}  // namespace heddle

#define HEDDLE_INTERNAL_CONCAT2(a, b) a##b
#define HEDDLE_INTERNAL_CONCAT(a, b) HEDDLE_INTERNAL_CONCAT2(a, b)
#define HEDDLE_INTERNAL_REGISTER(platform, name, scenario, expected, ...)                      \
  [[maybe_unused]] static const bool HEDDLE_INTERNAL_CONCAT(heddle_registered_, __COUNTER__) = \
      ::heddle::RegisterScenario(::heddle::scenario_internal::Describe<platform, scenario>(    \
          name, expected, {__VA_ARGS__}, std::source_location::current()))

// The scenario must hold: every engine must end with `pass`.
#define HEDDLE_SCENARIO(name, scenario) \
  HEDDLE_INTERNAL_REGISTER(::heddle::EnginePlatform, name, scenario, ::heddle::Verdict::kPass)

// A scenario of deliberately broken code: every engine that can must end with one of `expected`.
#define HEDDLE_SCENARIO_FAILS(name, scenario, expected) \
  HEDDLE_INTERNAL_REGISTER(::heddle::EnginePlatform, name, scenario, expected)

// The scenario over the mutant called `mutant` must end with one of `expected`.
#define HEDDLE_MUTANT(name, scenario, mutant, expected)                                     \
  using HEDDLE_INTERNAL_CONCAT(HeddleMutated, __LINE__) =                                   \
      ::heddle::Mutated<::heddle::EnginePlatform, mutant>;                                  \
  HEDDLE_INTERNAL_REGISTER(HEDDLE_INTERNAL_CONCAT(HeddleMutated, __LINE__), name, scenario, \
                           expected)

// Likewise, but some engines cannot show it, each for the reason given: {"relacy", "why"}, ...
#define HEDDLE_MUTANT_BEYOND(name, scenario, mutant, expected, ...)                         \
  using HEDDLE_INTERNAL_CONCAT(HeddleMutated, __LINE__) =                                   \
      ::heddle::Mutated<::heddle::EnginePlatform, mutant>;                                  \
  HEDDLE_INTERNAL_REGISTER(HEDDLE_INTERNAL_CONCAT(HeddleMutated, __LINE__), name, scenario, \
                           expected, __VA_ARGS__)

#ifndef HEDDLE_ENGINE_HEADER
#error "compile scenarios through heddle_scenario_test: no engine was chosen"
#endif
#include HEDDLE_ENGINE_HEADER

#endif  // HEDDLE_CHECKERS_SCENARIO_SCENARIO_H_
