// SPDX-License-Identifier: Apache-2.0
//
// A subject makes one object the subject of small programs: what can be called, and what that must
// look like from outside. It is a struct template over the platform:
//
//   template <class P>
//   struct MpmcRingSubject {
//     using Spec = linearizability::QueueSpec;
//     static constexpr auto kActions = std::to_array<generate::Action>({
//         {.name = "push", .function = kPush, .arguments = {generate::kItem}},
//         {.name = "pop", .function = kPop},
//     });
//     MpmcRing<int, P> ring{2};
//     std::optional<Value> Do(int thread, const Operation& call) { ... }
//   };
//
// Do() makes a call and returns its result, or nullopt: then the call does not count. That is so
// for results that promise nothing (a queue that may say "empty" too early), and for calls that
// would be wrong there (an unlock without a lock), which Do() does not make. `thread` is 0, 1, ...,
// or kAlone in the beginning and the end. Optional members:
//   static Spec MakeSpec()         where a default one will not do
//   std::optional<Operation> Left(int thread)
//       what the thread has yet to do after its calls (give back a lock), one by one, at most 6;
//       also asked at the end of the beginning and of the end
//   void After()                   asserts what must hold when all is over
// No call may wait for ever, whatever the program, unless Action::blocks says what for.
//
// Then a program is a scenario, which holds if every execution is linearizable (and free of races,
// deadlocks and whatever else an engine finds):
//
//   HEDDLE_LINEARIZABLE("queue/mpmc_ring.linearizable", MpmcRingSubject,
//                       "push(1), pop | push(2) | final: pop");
//   HEDDLE_LINEARIZABLE_MUTANT("queue/mpmc_ring.linearizable", MpmcRingSubject,
//                              "push(1), pop | pop", "claim_without_exchange", Verdict::kRace);
//
// A program that is wrong does not compile, and the error names the reason. Besides,
//
//   HEDDLE_SUBJECT("queue/mpmc_ring", MpmcRingSubject);
//   HEDDLE_SUBJECT_MUTANT("queue/mpmc_ring", MpmcRingSubject, "claim_without_exchange", ...);
//
// lets `heddle stress --generate` make random programs for it (and for mutants of it), which the
// binary takes as --program=TEXT.
#ifndef HEDDLE_CHECKERS_GENERATE_SUBJECT_H_
#define HEDDLE_CHECKERS_GENERATE_SUBJECT_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "checkers/generate/description.h"
#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/scenario_history.h"
#include "checkers/linearizability/spec.h"
#include "checkers/scenario/scenario.h"

namespace heddle::generate {

using linearizability::Operation;
using linearizability::Value;

// Who calls in the beginning and in the end; a number that no thread has.
inline constexpr int kAlone = static_cast<int>(kMostThreads);

template <class S>
concept Subject = std::default_initializable<S> && linearizability::Spec<typename S::Spec> &&
                  requires(S subject, int thread, const Operation& call) {
                    { std::span<const Action>(S::kActions) };
                    { subject.Do(thread, call) } -> std::same_as<std::optional<Value>>;
                  };

// One execution of a program, as a scenario.
template <class P, Subject S>
class ProgramRun {
 public:
  explicit ProgramRun(const Program& program) : program_(program), history_(MakeSpec()) {
    Run(kBeginning, kAlone, program_.beginning);
  }
  void Thread(int index) { Run(index, index, program_.threads[static_cast<std::size_t>(index)]); }
  void After() {
    Run(kEnd, kAlone, program_.end);
    history_.Check();
    if constexpr (requires { subject_.After(); }) subject_.After();
  }

 private:
  static constexpr int kBeginning = -2;  // as processes of the history
  static constexpr int kEnd = -1;

  static typename S::Spec MakeSpec() {
    if constexpr (requires { S::MakeSpec(); }) return S::MakeSpec();
    return typename S::Spec{};
  }

  void Run(int process, int thread, const Part& part) {
    for (const Call& call : part.all()) Do(process, thread, OperationOf(call, S::kActions));
    if constexpr (requires { subject_.Left(thread); }) {
      // A broken object may never take back what is left.
      for (std::size_t i = 0; i < kMostCalls; ++i) {
        const std::optional<Operation> call = subject_.Left(thread);
        if (!call) break;
        Do(process, thread, *call);
      }
    }
  }
  void Do(int process, int thread, const Operation& call) {
    history_.Do(process, call, [&] { return subject_.Do(thread, call); });
  }

  const Program& program_;
  S subject_;
  linearizability::ScenarioHistory<P, typename S::Spec, 2 * kMostCalls> history_;
};

// A program's text as a template argument.
template <std::size_t N>
struct Text {
  char text[N];
  consteval Text(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT
  constexpr std::string_view view() const { return {text, N - 1}; }
};

template <class P, template <class> class SubjectOf, Text kText>
class FixedRun : public ProgramRun<P, SubjectOf<P>> {
  static consteval Program Parsed() {
    Program program;
    const ParseResult result = ParseProgram(kText.view(), SubjectOf<P>::kActions, program);
    // NOLINTNEXTLINE(hicpp-exception-baseclass): the compiler shows it
    if (!result.ok()) throw result.problem;
    return program;
  }
  static constexpr Program kProgram = Parsed();

 public:
  static constexpr int kThreads = kProgram.thread_count;
  FixedRun() : ProgramRun<P, SubjectOf<P>>(kProgram) {}
};

// The program that the command line gives.
template <class P, template <class> class SubjectOf>
class GivenRun final : public ScenarioBody {
 public:
  GivenRun() : run_(program_) {}
  void Thread(int index) override { run_.Thread(index); }
  void After() override { run_.After(); }

  static std::string Prepare(std::string_view text, Scenario& scenario) {
    if (std::string problem = ReadProgram(text, SubjectOf<P>::kActions, program_);
        !problem.empty()) {
      return problem;
    }
    scenario.threads = program_.thread_count;
    scenario.make = []() -> std::unique_ptr<ScenarioBody> {
      return std::make_unique<GivenRun<P, SubjectOf>>();
    };
    return "";
  }

 private:
  static inline Program program_;
  ProgramRun<P, SubjectOf<P>> run_;
};

template <class P, template <class> class SubjectOf>
ProgramSubject Describe(std::string_view name, std::string_view type, std::source_location where) {
  std::string_view mutant;
  if constexpr (requires { P::kMutant; }) mutant = P::kMutant;
  return {.name = std::string(name) + ".generated",
          .mutant = mutant,
          .description =
              DescriptionToJson(name, mutant, type, where.file_name(), SubjectOf<P>::kActions),
          .prepare = &GivenRun<P, SubjectOf>::Prepare,
          .where = where};
}

template <class P, template <class> class SubjectOf, MutantName... kNames>
bool RegisterMutants(std::string_view name, std::string_view type, std::source_location where) {
  return (RegisterSubject(Describe<Mutated<P, kNames>, SubjectOf>(name, type, where)) && ...);
}

}  // namespace heddle::generate

#define HEDDLE_INTERNAL_LINEARIZABLE(subject, program, line) \
  template <class P>                                         \
  class HEDDLE_INTERNAL_CONCAT(HeddleProgram, line)          \
      : public ::heddle::generate::FixedRun<P, subject, program> {};

// Every execution of `program` must be linearizable.
#define HEDDLE_LINEARIZABLE(name, subject, program)        \
  HEDDLE_INTERNAL_LINEARIZABLE(subject, program, __LINE__) \
  HEDDLE_SCENARIO(name, HEDDLE_INTERNAL_CONCAT(HeddleProgram, __LINE__))

// The mutant must end with one of `expected`.
#define HEDDLE_LINEARIZABLE_MUTANT(name, subject, program, mutant, expected) \
  HEDDLE_INTERNAL_LINEARIZABLE(subject, program, __LINE__)                   \
  HEDDLE_MUTANT(name, HEDDLE_INTERNAL_CONCAT(HeddleProgram, __LINE__), mutant, expected)

// Likewise, but some engines cannot show it, as in HEDDLE_MUTANT_BEYOND.
#define HEDDLE_LINEARIZABLE_MUTANT_BEYOND(name, subject, program, mutant, expected, ...)        \
  HEDDLE_INTERNAL_LINEARIZABLE(subject, program, __LINE__)                                      \
  HEDDLE_MUTANT_BEYOND(name, HEDDLE_INTERNAL_CONCAT(HeddleProgram, __LINE__), mutant, expected, \
                       __VA_ARGS__)

// The object is deliberately broken.
#define HEDDLE_LINEARIZABLE_FAILS(name, subject, program, expected) \
  HEDDLE_INTERNAL_LINEARIZABLE(subject, program, __LINE__)          \
  HEDDLE_SCENARIO_FAILS(name, HEDDLE_INTERNAL_CONCAT(HeddleProgram, __LINE__), expected)

#define HEDDLE_INTERNAL_SUBJECT(platform, name, subject)                                    \
  [[maybe_unused]] static const bool HEDDLE_INTERNAL_CONCAT(heddle_subject_, __COUNTER__) = \
      ::heddle::RegisterSubject(::heddle::generate::Describe<platform, subject>(            \
          name, #subject, std::source_location::current()))

// Random programs can be made for the subject.
#define HEDDLE_SUBJECT(name, subject) \
  HEDDLE_INTERNAL_SUBJECT(::heddle::EnginePlatform, name, subject)

// And for its mutants of these names.
#define HEDDLE_SUBJECT_MUTANT(name, subject, ...)                                           \
  [[maybe_unused]] static const bool HEDDLE_INTERNAL_CONCAT(heddle_subject_, __COUNTER__) = \
      ::heddle::generate::RegisterMutants<::heddle::EnginePlatform, subject, __VA_ARGS__>(  \
          name, #subject, std::source_location::current())

#endif  // HEDDLE_CHECKERS_GENERATE_SUBJECT_H_
