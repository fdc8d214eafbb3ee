// SPDX-License-Identifier: Apache-2.0
//
// Random programs with loops (random_loops.h), each explored as a program is, by two processes, and
// with a bound on preemptions that bounds nothing, where no turn of a loop is taken for another
// (docs/explorer_details.md). All have to come to the same verdict and, where that is `pass`, to
// the same outcomes, one process and two by as many executions; what is found can be replayed. Any
// number of them:
//
//   bazel test //tools/heddle:random_loops_test --test_arg=--seed=1000 --test_arg=--count=2000
#include "checkers/explorer/oracle/random_loops.h"

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/explore_build.h"
#include "tools/heddle/explore_options.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/subprocess.h"

ABSL_FLAG(std::uint64_t, seed, 1, "the first program's seed; the next has the next");
ABSL_FLAG(std::uint64_t, count, 12, "how many programs");

namespace heddle::explore {
namespace {

// Of each exploration: what needs more says nothing.
constexpr absl::string_view kBounds = "unroll=8:max_executions=30000:time=10";
constexpr absl::string_view kByTwo = ":jobs=2";
constexpr absl::string_view kEveryTurn = ":preemptions=1000";

struct Explored {
  std::string verdict;
  std::string replay;  // empty: nothing was found
  std::uint64_t executions = 0;
  std::set<std::string> outcomes;
};

absl::StatusOr<Explored> Explore(const std::string& program, const std::string& record_path,
                                 absl::string_view options) {
  Explored explored;
  std::string errors;
  Task task;
  task.command = {program};
  task.environment = {absl::StrCat("HEDDLE_EXPLORE_OPTIONS=", options, ":record=", record_path)};
  task.on_line = [&](const std::string& line) { explored.outcomes.insert(line); };
  task.on_exit = [&](const ProcessResult& result) { errors = result.errors; };
  std::vector<Task> tasks;
  tasks.push_back(std::move(task));
  if (!RunTasks(std::move(tasks), 1, [] {})) return absl::CancelledError("interrupted");
  const absl::StatusOr<std::string> text = ReadFile(record_path);
  if (!text.ok()) return text.status();
  const absl::StatusOr<explorer::report::Record> record = explorer::report::ParseRecord(*text);
  if (!record.ok()) return record.status();
  if (!record->end) return absl::InternalError(absl::StrCat("it did not end: ", errors));
  explored.verdict = record->end->verdict;
  explored.replay = record->replay;
  explored.executions = record->end->executions;
  return explored;
}

// What is different; empty: nothing.
std::string Difference(const Explored& alone, const Explored& by_two) {
  const auto found = [](const Explored& explored) { return !explored.replay.empty(); };
  // They may come across different ones first.
  if (found(alone) && found(by_two)) return "";
  if (alone.verdict != by_two.verdict) {
    return absl::StrCat(alone.verdict, ", and by two processes ", by_two.verdict);
  }
  if (alone.verdict == "pass" && alone.executions != by_two.executions) {
    return absl::StrCat(alone.executions, " executions, and by two processes ", by_two.executions);
  }
  return "";
}

std::string DifferenceFromAll(const Explored& fewer, const Explored& all) {
  // A loop may be cut where each of its turns is run.
  if (all.verdict == "incomplete") return "";
  if (fewer.verdict != all.verdict) {
    return absl::StrCat(fewer.verdict, ", and with every turn ", all.verdict);
  }
  if (fewer.verdict != "pass") return "";
  for (const std::string& outcome : all.outcomes) {
    if (!fewer.outcomes.contains(outcome)) return absl::StrCat("not reached: ", outcome);
  }
  for (const std::string& outcome : fewer.outcomes) {
    if (!all.outcomes.contains(outcome)) return absl::StrCat("reached without need: ", outcome);
  }
  return "";
}

absl::StatusOr<std::string> Compare(const std::string& directory, const std::string& source) {
  const std::string file = absl::StrCat(directory, "/loops.c");
  const std::string program = absl::StrCat(directory, "/loops");
  const std::string record = absl::StrCat(directory, "/record");
  if (const absl::Status written = WriteFile(file, source); !written.ok()) return written;
  Options options;
  options.sources = {file};
  std::vector<std::string> unseen;
  if (Build(options, directory, program, unseen) != 0) {
    return absl::InternalError("it was not built");
  }
  const absl::StatusOr<Explored> alone = Explore(program, record, kBounds);
  if (!alone.ok()) return alone.status();
  const absl::StatusOr<Explored> by_two = Explore(program, record, absl::StrCat(kBounds, kByTwo));
  if (!by_two.ok()) return by_two.status();
  if (std::string difference = Difference(*alone, *by_two); !difference.empty()) return difference;
  if (!alone->replay.empty()) {
    const absl::StatusOr<Explored> again =
        Explore(program, record, absl::StrCat(kBounds, ":replay=", alone->replay));
    if (!again.ok()) return again.status();
    if (again->verdict != alone->verdict) {
      return absl::StrCat(alone->verdict, ", and replayed ", again->verdict);
    }
  }
  const absl::StatusOr<Explored> all = Explore(program, record, absl::StrCat(kBounds, kEveryTurn));
  if (!all.ok()) return all.status();
  // Of two processes: one alone learns of loops on its way, and shows what it has met before, too.
  if (by_two->verdict != "pass") return DifferenceFromAll(*alone, *all);
  return DifferenceFromAll(*by_two, *all);
}

int Main() {
  const Scratch scratch("random_loops");
  const std::uint64_t first = absl::GetFlag(FLAGS_seed);
  const std::uint64_t count = absl::GetFlag(FLAGS_count);
  std::uint64_t different = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string source = explorer::oracle::RandomLoops(seed);
    const absl::StatusOr<std::string> difference = Compare(scratch.path(), source);
    if (!difference.ok()) {
      std::fprintf(stderr, "seed %llu: %s\n%s\n", static_cast<unsigned long long>(seed),
                   difference.status().ToString().c_str(), source.c_str());
      return 2;
    }
    if (difference->empty()) continue;
    ++different;
    std::printf("seed %llu: %s\n%s\n", static_cast<unsigned long long>(seed), difference->c_str(),
                source.c_str());
  }
  std::printf("%llu programs, %llu different\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(different));
  return different == 0 && count != 0 ? 0 : 1;
}

}  // namespace
}  // namespace heddle::explore

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return heddle::explore::Main();
}
