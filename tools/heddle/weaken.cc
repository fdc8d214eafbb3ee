// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/record.h"
#include "checkers/explorer/report/text.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/weaken_orders.h"
#include "tools/heddle/weaken_sites.h"

namespace heddle::weaken {
namespace {

using explorer::report::Record;

Ending EndingOf(const Run& run) {
  if (IsFinding(run.verdict)) return Ending::kFails;
  return run.verdict == Verdict::kPass ? Ending::kPasses : Ending::kUndecided;
}

absl::string_view Name(Verdict verdict) {
  return {ToString(verdict).data(), ToString(verdict).size()};
}

}  // namespace

Weakening::Weakening(std::vector<Subject> subjects, Settings settings)
    : subjects_(std::move(subjects)),
      settings_(std::move(settings)),
      sites_(settings_.directory),
      baseline_(subjects_.size()) {}

Run Weakening::Read(std::size_t subject, const std::string& path, const ProcessResult& result,
                    Record& record) const {
  Run run;
  run.subject = subject;
  const absl::StatusOr<std::string> text = ReadFile(path);
  const absl::StatusOr<Record> parsed =
      text.ok() ? explorer::report::ParseRecord(*text) : absl::StatusOr<Record>(text.status());
  if (!parsed.ok() || !parsed->end) {
    run.reason = parsed.ok() && parsed->error
                     ? parsed->error->message
                     : absl::StrCat("ended with status ", result.status, " and no verdict");
    if (!result.errors.empty()) {
      absl::StrAppend(&run.reason, ": ", absl::StripAsciiWhitespace(result.errors));
    }
    return run;
  }
  record = *parsed;
  run.verdict = VerdictFromString(record.end->verdict).value_or(Verdict::kError);
  run.executions = record.end->executions;
  run.reason = record.error ? record.error->message : record.end->reason;
  // A pass of what was not all explored proves nothing.
  if (run.verdict == Verdict::kPass && !record.end->complete) run.verdict = Verdict::kIncomplete;
  return run;
}

bool Weakening::Explore() {
  std::size_t at = 0;
  std::size_t done = 0;
  const bool finished = RunTasks(
      [&](Task& task) {
        if (at == subjects_.size()) return false;
        const std::size_t subject = at++;
        const std::string path = absl::StrCat(settings_.scratch, "/", subject, ".jsonl");
        task = subjects_[subject].task("", path);
        task.on_exit = [this, &done, subject, path](const ProcessResult& result) {
          Record record;
          Run run = Read(subject, path, result, record);
          ++done;
          ++runs_;
          std::error_code ignored;
          std::filesystem::remove(path, ignored);
          const Subject& explored = subjects_[subject];
          baseline_[subject] = run;
          if (IsFinding(run.verdict) && explored.fails_on_purpose(result.status)) return;
          if (IsFinding(run.verdict) || run.verdict == Verdict::kError) {
            problems_.push_back(absl::StrCat(explored.name, ": ", Name(run.verdict),
                                             run.reason.empty() ? "" : ": ", run.reason));
            return;
          }
          sites_.Add(explored.binary, subject, record);
        };
        return true;
      },
      settings_.jobs,
      [&] {
        settings_.progress(
            absl::StrCat("explored ", done, " of ", subjects_.size(), " as they are"));
      });
  if (finished) MakeKnobs();
  return finished;
}

void Weakening::MakeKnobs() {
  for (Site* const site : sites_.All()) {
    const std::string& file = site->key.file;
    const bool out =
        std::any_of(settings_.leave_out.begin(), settings_.leave_out.end(),
                    [&](const std::string& prefix) { return absl::StartsWith(file, prefix); });
    if (out || (site->library && !settings_.library)) {
      ++left_out_;
      continue;
    }
    bool any = false;
    for (const Part part : {Part::kWhole, Part::kFailure}) {
      const bool failure = part == Part::kFailure;
      if (failure && site->key.operation != "compare_exchange") continue;
      Ladder ladder(site->key.operation, part, failure ? site->key.failure : site->key.order);
      if (ladder.rungs().empty()) continue;
      any = true;
      knobs_.emplace_back(site, part, std::move(ladder));
    }
    if (!any) ++relaxed_;
  }
}

std::vector<std::size_t> Weakening::SubjectsOf(const Site& site) const {
  std::vector<std::size_t> subjects(site.subjects.begin(), site.subjects.end());
  // What is over soon may find the same as what takes long. Not by seconds: the table is the same
  // each time.
  std::sort(subjects.begin(), subjects.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(baseline_[a].executions, a) < std::pair(baseline_[b].executions, b);
  });
  return subjects;
}

std::string Weakening::Orders(const std::vector<Change>& changes, std::size_t binary) const {
  struct Wanted {
    std::string order;
    std::string failure;
  };
  std::map<const Site*, Wanted> wanted;
  for (const auto& [number, order] : changes) {
    const Knob& knob = knobs_[number];
    Wanted& one = wanted.emplace(knob.site, Wanted{knob.site->key.order, knob.site->key.failure})
                      .first->second;
    (knob.part == Part::kFailure ? one.failure : one.order) = order;
  }
  std::string text;
  for (const auto& [site, one] : wanted) {
    const auto offsets = site->offsets.find(binary);
    if (offsets == site->offsets.end()) continue;
    for (const std::uint64_t offset : offsets->second) {
      absl::StrAppend(&text, text.empty() ? "" : ",", "0x", absl::Hex(offset), "=", one.order,
                      one.failure.empty() ? "" : "/", one.failure);
    }
  }
  return text;
}

// `again` tells that there are more addresses of the operation than those that were weakened.
Task Weakening::MakeTask(std::size_t subject, const std::vector<Change>& changes,
                         std::function<void(const Run&, bool again)> done) {
  const std::string path = absl::StrCat(settings_.scratch, "/", runs_++, "w.jsonl");
  const std::size_t binary = subjects_[subject].binary;
  Task task = subjects_[subject].task(Orders(changes, binary), path);
  task.on_exit = [this, subject, path, binary, changes,
                  done = std::move(done)](const ProcessResult& result) {
    Record record;
    Run run = Read(subject, path, result, record);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    const bool again = !IsFinding(run.verdict) && sites_.AddNew(binary, record);
    if (IsFinding(run.verdict)) Keep(changes, record, run);
    done(run, again);
  };
  return task;
}

// The counterexample's file.
void Weakening::Keep(const std::vector<Change>& changes, const Record& record, Run& run) {
  // That of weaker orders together has no line of the table to stand in.
  if (changes.size() != 1 || record.replay.empty()) return;
  const Knob& knob = knobs_[changes[0].first];
  const SiteKey& key = knob.site->key;
  std::error_code error;
  std::filesystem::create_directories(settings_.out, error);
  std::string name =
      absl::StrCat(key.file, "-", key.line, "-", key.column, "-", key.operation, "-",
                   knob.part == Part::kFailure ? "failure-" : "", changes[0].second, ".txt");
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_';
      },
      '-');
  run.counterexample =
      std::filesystem::path(absl::StrCat(settings_.out, "/", name)).lexically_normal().string();
  const std::string about =
      absl::StrCat("with ", changes[0].second, " instead of ", knob.order(), " at ", key.file, ":",
                   key.line, " (", key.operation, ")\n\n");
  const absl::Status status = WriteCounterexample(
      run.counterexample,
      {.scenario = subjects_[run.subject].name,
       .mutant = "",
       .engine = "explore",
       .mode = record.end->mode,
       .verdict = std::string(Name(run.verdict)),
       .state = record.replay,
       .text = absl::StrCat(
           about, explorer::report::FormatText(
                      explorer::report::Describe(record, settings_.directory),
                      {.width = 120, .replay_command = settings_.replay(run.counterexample)}))});
  if (!status.ok() && status_.ok()) status_ = status;
}

bool Weakening::NextAttempt(std::size_t number, Task& task) {
  Knob& knob = knobs_[number];
  Attempt& attempt = attempts_[number];
  if (!attempt.active) {
    const std::optional<std::string> order = knob.ladder.Next();
    if (!order) {
      ++decided_;
      return false;
    }
    attempt = Attempt();
    attempt.order = *order;
    attempt.active = true;
  }
  task = MakeTask(SubjectsOf(*knob.site)[attempt.at], {{number, attempt.order}},
                  [this, number](const Run& run, bool again) { Done(number, run, again); });
  return true;
}

void Weakening::Done(std::size_t number, const Run& run, bool again) {
  Knob& knob = knobs_[number];
  Attempt& attempt = attempts_[number];
  ready_.push_back(number);
  if (again) return;
  const Ending ending = EndingOf(run);
  knob.executions[attempt.order] += run.executions;
  if (ending == Ending::kUndecided && !attempt.undecided) attempt.undecided = run;
  if (ending != Ending::kFails && ++attempt.at < knob.site->subjects.size()) return;
  attempt.active = false;
  const bool undecided = ending != Ending::kFails && attempt.undecided;
  const Run& decisive = undecided ? *attempt.undecided : run;
  knob.runs[attempt.order] = decisive;
  knob.ladder.Set(attempt.order, EndingOf(decisive));
}

bool Weakening::Try() {
  attempts_.assign(knobs_.size(), Attempt());
  ready_.clear();
  for (std::size_t i = knobs_.size(); i > 0; --i) ready_.push_back(i - 1);
  const bool finished = RunTasks(
      [&](Task& task) {
        while (!ready_.empty()) {
          const std::size_t knob = ready_.back();
          ready_.pop_back();
          if (NextAttempt(knob, task)) return true;
        }
        return false;
      },
      settings_.jobs,
      [&] {
        settings_.progress(absl::StrCat("decided ", decided_, " of ", knobs_.size(), " orders, ",
                                        runs_, " explorations"));
      });
  return finished && TryTogether();
}

bool Weakening::Evaluate(const std::vector<Change>& changes,
                         const std::vector<std::size_t>& subjects, std::vector<Run>& runs) {
  runs.assign(subjects.size(), Run());
  std::vector<std::size_t> left;
  for (std::size_t i = subjects.size(); i > 0; --i) left.push_back(i - 1);
  return RunTasks(
      [&](Task& task) {
        if (left.empty()) return false;
        const std::size_t at = left.back();
        left.pop_back();
        task = MakeTask(subjects[at], changes, [&runs, &left, at](const Run& run, bool again) {
          runs[at] = run;
          if (again) left.push_back(at);
        });
        return true;
      },
      settings_.jobs,
      [&] { settings_.progress(absl::StrCat("together: ", left.size(), " explorations left")); });
}

// Everything that could be weaker alone at once; where that fails, one after the other.
bool Weakening::TryTogether() {
  std::vector<Change> all;
  std::set<std::size_t> met;
  for (std::size_t i = 0; i < knobs_.size(); ++i) {
    const std::vector<std::string> weakest = knobs_[i].ladder.Weakest();
    if (weakest.empty()) continue;
    all.emplace_back(i, weakest.front());
    met.insert(knobs_[i].site->subjects.begin(), knobs_[i].site->subjects.end());
  }
  together_.reduced = all.size();
  if (all.empty()) return true;
  std::vector<std::size_t> subjects(met.begin(), met.end());
  std::vector<Run> runs;
  if (!Evaluate(all, subjects, runs)) return false;
  // What passes with all of them passes with some of them.
  std::set<std::size_t> failing;
  for (const Run& run : runs) {
    if (EndingOf(run) != Ending::kPasses) failing.insert(run.subject);
    if (EndingOf(run) == Ending::kUndecided) together_.undecided = true;
    together_.executions += run.executions;
  }
  std::vector<Change> kept;
  for (const Change& change : all) {
    Knob& knob = knobs_[change.first];
    subjects.clear();
    std::set_intersection(failing.begin(), failing.end(), knob.site->subjects.begin(),
                          knob.site->subjects.end(), std::back_inserter(subjects));
    kept.push_back(change);
    if (!Evaluate(kept, subjects, runs)) return false;
    if (std::all_of(runs.begin(), runs.end(),
                    [](const Run& run) { return EndingOf(run) == Ending::kPasses; })) {
      knob.together = change.second;
      ++together_.kept;
    } else {
      kept.pop_back();
    }
  }
  return true;
}

}  // namespace heddle::weaken
