// SPDX-License-Identifier: Apache-2.0
//
// Which memory orders of a program its explorations need: each atomic operation is tried with each
// weaker order, one at a time, and at the end with all the weaker orders that hold together.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/weaken_orders.h"
#include "tools/heddle/weaken_sites.h"

namespace heddle::weaken {

// Something that can be explored: a program, or one scenario of a binary.
struct Subject {
  std::string name;
  std::size_t binary = 0;  // subjects with the same number have the same addresses
  // The command that explores it with `orders` (a runtime's option; empty: the program's own), and
  // writes `record`.
  std::function<Task(const std::string& orders, const std::string& record)> task;
  // Whether the explorer's finding is what is expected, from its exit status; such a subject says
  // nothing about orders and is left out.
  std::function<bool(int status)> fails_on_purpose;
};

struct Settings {
  std::size_t jobs = 1;
  bool library = false;                // operations within system headers, too
  std::vector<std::string> leave_out;  // files whose path begins so
  std::string directory;               // where sources are, and what their names are relative to
  std::string scratch;                 // an existing directory
  std::string out;                     // directory of counterexamples
  // What replays a counterexample's file.
  std::function<std::string(const std::string& path)> replay;
  std::function<void(const std::string& line)> progress;  // now and then
};

// How one exploration ended.
struct Run {
  std::size_t subject = 0;
  Verdict verdict = Verdict::kError;
  std::uint64_t executions = 0;
  std::string reason;          // why it is undecided
  std::string counterexample;  // path; empty: none
};

// One order of one operation.
struct Knob {
  Knob(Site* at, Part of, Ladder orders) : site(at), part(of), ladder(std::move(orders)) {}

  Site* site = nullptr;
  Part part = Part::kWhole;
  Ladder ladder;
  std::map<std::string, Run> runs;                  // by order: what decided it
  std::map<std::string, std::uint64_t> executions;  // by order: of all explorations
  std::string together;  // the order in the weakest program that passes; empty: its own

  const std::string& order() const {
    return part == Part::kFailure ? site->key.failure : site->key.order;
  }
  bool needed() const { return ladder.Weakest().empty() && !ladder.Has(Ending::kUndecided); }
};

// What the explorations with weaker orders together have shown.
struct Together {
  std::size_t reduced = 0;  // orders that could be weaker alone
  std::size_t kept = 0;     // of these, weaker in the program that passes
  std::uint64_t executions = 0;
  bool undecided = false;  // some exploration was cut
};

class Weakening {
 public:
  Weakening(std::vector<Subject> subjects, Settings settings);

  // Explores everything as it is. False: interrupted.
  bool Explore();
  // What went wrong there, a line each; nothing can be said then.
  const std::vector<std::string>& problems() const { return problems_; }

  // Tries all weaker orders. False: interrupted.
  bool Try();

  const std::vector<Subject>& subjects() const { return subjects_; }
  const std::vector<Run>& baseline() const { return baseline_; }
  const std::vector<Knob>& knobs() const { return knobs_; }
  const Together& together() const { return together_; }
  // Operations with no order to give up.
  std::size_t relaxed() const { return relaxed_; }
  std::size_t left_out() const { return left_out_; }
  std::uint64_t runs() const { return runs_; }
  // A counterexample that could not be written.
  const absl::Status& status() const { return status_; }

 private:
  // An operation's order, and another one instead.
  using Change = std::pair<std::size_t, std::string>;  // the knob's number

  // The exploration of one order over all subjects that meet it.
  struct Attempt {
    std::string order;
    std::size_t at = 0;  // in subjects
    std::optional<Run> undecided;
    bool active = false;
  };

  void MakeKnobs();
  std::vector<std::size_t> SubjectsOf(const Site& site) const;
  std::string Orders(const std::vector<Change>& changes, std::size_t binary) const;
  Task MakeTask(std::size_t subject, const std::vector<Change>& changes,
                std::function<void(const Run&, bool again)> done);
  Run Read(std::size_t subject, const std::string& path, const ProcessResult& result,
           explorer::report::Record& record) const;
  void Keep(const std::vector<Change>& changes, const explorer::report::Record& record, Run& run);
  bool NextAttempt(std::size_t knob, Task& task);
  void Done(std::size_t knob, const Run& run, bool again);
  bool TryTogether();
  // The endings of `subjects` with the changes; false: interrupted.
  bool Evaluate(const std::vector<Change>& changes, const std::vector<std::size_t>& subjects,
                std::vector<Run>& runs);

  std::vector<Subject> subjects_;
  Settings settings_;
  Sites sites_;
  std::vector<Run> baseline_;
  std::vector<std::string> problems_;
  std::vector<Knob> knobs_;
  std::vector<Attempt> attempts_;
  std::vector<std::size_t> ready_;  // knobs with something to try
  std::size_t decided_ = 0;
  std::size_t relaxed_ = 0;
  std::size_t left_out_ = 0;
  std::uint64_t runs_ = 0;
  Together together_;
  absl::Status status_;
};

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_H_
