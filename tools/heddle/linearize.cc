// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/linearize.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/history_reader.h"
#include "checkers/linearizability/named_spec.h"
#include "checkers/linearizability/report.h"
#include "checkers/lock_order/report/printable.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/common_flags.h"

ABSL_FLAG(std::string, spec, "", "what the history is of");
ABSL_FLAG(std::string, criterion, "linearizability",
          "linearizability, sequential-consistency, quiescent-consistency; of a queue also "
          "per-producer-fifo and relaxed-fifo=K (a pop gives one of the K+1 oldest)");
ABSL_FLAG(absl::Duration, time, absl::Minutes(10), "give up after this long; 0: never");
ABSL_FLAG(std::uint64_t, steps, 0,
          "give up after so many attempts to place an operation; 0: never");
ABSL_FLAG(int, memory_mb, 4096, "give up when a search needs more; 0: never");
ABSL_FLAG(absl::Duration, shrink, absl::Seconds(10),
          "how long to look for a smaller counterexample");
ABSL_FLAG(bool, divide, true, "judge independent parts of the object apart");
ABSL_FLAG(std::string, initial, "",
          "first value of a register (of each, for transactions), a counter or a semaphore");
ABSL_FLAG(std::int64_t, capacity, 0, "of a queue, stack or deque; 0: no bound");
ABSL_FLAG(std::int64_t, most, 0, "permits that a semaphore can have; 0: no bound");

namespace heddle {
namespace {

namespace lin = linearizability;

constexpr absl::string_view kFlags[] = {"spec",   "criterion", "time",    "steps",    "memory_mb",
                                        "shrink", "divide",    "initial", "capacity", "most",
                                        "json",   "html",      "help"};

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle linearize: %s\n", lock_order::Printable(problem).c_str());
  return kExitUsage;
}

std::string SpecNames() {
  std::string names;
  for (const lin::NamedSpec& spec : lin::NamedSpecs()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", spec.name);
  }
  return names;
}

void Help() {
  std::printf(
      "usage: heddle linearize --spec=NAME [options] HISTORY\n\n"
      "Judges a recorded history: whether its operations can have taken effect one after the "
      "other,\neach at some time between its call and its return. HISTORY is a file, or - for "
      "standard input:\nJSON lines, or EDN as Jepsen writes it (docs/linearizability.md).\n\n"
      "Specifications and their operations:\n");
  for (const lin::NamedSpec& spec : lin::NamedSpecs()) {
    std::string functions;
    for (const lin::FunctionForm& form : spec.functions) {
      absl::StrAppend(&functions, " ", form.names.substr(0, form.names.find(' ')));
    }
    std::printf("  %-15s%s\n", std::string(spec.name).c_str(), functions.c_str());
  }
  std::printf("\n%s\nExit status: 0 ok, 1 violated or not known, 2 wrong usage or no history.\n",
              FlagHelp(kFlags).c_str());
}

absl::Status SetCriterion(const lin::NamedSpec& spec, absl::string_view name, lin::Options& options,
                          lin::SpecOptions& of_spec, std::string& adjective) {
  adjective = absl::StrCat("linearizable as a ", spec.name);
  if (name == "linearizability") return absl::OkStatus();
  if (name == "sequential-consistency") {
    options.criterion = lin::Criterion::kSequentialConsistency;
    adjective = absl::StrCat("sequentially consistent as a ", spec.name);
    return absl::OkStatus();
  }
  if (name == "quiescent-consistency") {
    options.criterion = lin::Criterion::kQuiescentConsistency;
    adjective = absl::StrCat("quiescently consistent as a ", spec.name);
    return absl::OkStatus();
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('=', 1));
  of_spec.per_producer = name == "per-producer-fifo";
  of_spec.relaxed = parts[0] == "relaxed-fifo";
  if (!of_spec.per_producer && !of_spec.relaxed) {
    return absl::InvalidArgumentError(absl::StrCat("unknown criterion '", name, "'"));
  }
  if (spec.name != "queue") {
    return absl::InvalidArgumentError(absl::StrCat("criterion ", name, " is of a queue"));
  }
  if (of_spec.relaxed && (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &of_spec.k))) {
    return absl::InvalidArgumentError("want relaxed-fifo=K, with a number K");
  }
  adjective = of_spec.per_producer ? "linearizable as a queue in each producer's order"
                                   : absl::StrCat("linearizable as a queue relaxed by ", of_spec.k);
  return absl::OkStatus();
}

absl::Status SetSpecOptions(const lin::NamedSpec& spec, lin::History& history,
                            lin::SpecOptions& options) {
  const std::vector<absl::string_view> known = absl::StrSplit(spec.options, ' ');
  const auto takes = [&](absl::string_view name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  const std::string initial = absl::GetFlag(FLAGS_initial);
  const std::int64_t capacity = absl::GetFlag(FLAGS_capacity);
  const std::int64_t most = absl::GetFlag(FLAGS_most);
  for (const auto& [name, given] :
       {std::pair("initial", !initial.empty()), std::pair("capacity", capacity != 0),
        std::pair("most", most != 0)}) {
    if (given && !takes(name)) {
      return absl::InvalidArgumentError(absl::StrCat("a ", spec.name, " has no --", name));
    }
  }
  if (capacity < 0 || most < 0) return absl::InvalidArgumentError("a bound is negative");
  if (capacity != 0 && (options.relaxed || options.per_producer)) {
    return absl::InvalidArgumentError("this criterion knows no --capacity");
  }
  options.capacity = static_cast<std::size_t>(capacity);
  options.most = most;
  if (initial.empty() || initial == "nil") return absl::OkStatus();
  std::int64_t number = 0;
  if (absl::SimpleAtoi(initial, &number)) {
    options.initial = number;
  } else if (spec.name == "counter" || spec.name == "semaphore") {
    return absl::InvalidArgumentError("option --initial is not a number");
  } else {
    options.initial = history.texts.Add(initial);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  const bool standard = path == "-";
  std::FILE* file = standard ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::string text;
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof(block), file)) {
    text.append(block, count);
  }
  const bool failed = std::ferror(file) != 0;  // of a directory, for instance
  if (!standard) std::fclose(file);
  if (failed) return absl::DataLossError(absl::StrCat("cannot read ", path));
  return text;
}

}  // namespace

int RunLinearize(const std::vector<std::string>& arguments) {
  const absl::StatusOr<std::vector<std::string>> files = ParseCommandLine(arguments, kFlags);
  if (!files.ok()) return Usage(files.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    Help();
    return kExitOk;
  }
  const std::string name = absl::GetFlag(FLAGS_spec);
  if (name.empty()) return Usage(absl::StrCat("no --spec; there are: ", SpecNames()));
  const lin::NamedSpec* spec = lin::FindNamedSpec(name);
  if (spec == nullptr) {
    return Usage(absl::StrCat("unknown specification '", name, "'; there are: ", SpecNames()));
  }
  if (files->size() != 1) return Usage("want one history");
  if (absl::GetFlag(FLAGS_time) < absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_shrink) < absl::ZeroDuration() || absl::GetFlag(FLAGS_memory_mb) < 0) {
    return Usage("a bound is negative");
  }

  lin::Judged judged{
      .name = files->front(), .criterion = "", .spec = spec, .history = nullptr, .result = {}};
  lin::Options options;
  lin::SpecOptions of_spec;
  if (const absl::Status status =
          SetCriterion(*spec, absl::GetFlag(FLAGS_criterion), options, of_spec, judged.criterion);
      !status.ok()) {
    return Usage(status.message());
  }
  const absl::StatusOr<std::string> text = ReadAll(files->front());
  if (!text.ok()) return Usage(text.status().message());
  absl::StatusOr<lin::History> history = lin::ReadHistory(*text, *spec);
  if (!history.ok()) {
    return Usage(absl::StrCat(files->front(), ": ", history.status().message()));
  }
  if (const absl::Status status = SetSpecOptions(*spec, *history, of_spec); !status.ok()) {
    return Usage(status.message());
  }
  options.divide = absl::GetFlag(FLAGS_divide);
  options.max_steps = absl::GetFlag(FLAGS_steps);
  options.max_memory = static_cast<std::size_t>(absl::GetFlag(FLAGS_memory_mb)) << 20;
  options.max_time = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_time));
  options.shrink_time = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_shrink));
  const std::unique_ptr<lin::Model> model = lin::MakeModel(*spec, of_spec, *history);
  const auto begin = std::chrono::steady_clock::now();
  absl::StatusOr<lin::Result> result = lin::Check(history->operations, *model, options);
  if (!result.ok()) return Usage(absl::StrCat(files->front(), ": ", result.status().message()));
  judged.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  judged.history = &*history;
  judged.result = *std::move(result);

  std::fputs(lin::FormatText(judged).c_str(), stdout);
  const std::string json = absl::GetFlag(FLAGS_json);
  const std::string html = absl::GetFlag(FLAGS_html);
  if (!json.empty()) {
    const absl::Status written = WriteFile(json, lin::FormatJson(judged));
    if (!written.ok()) return Usage(written.message());
  }
  if (!html.empty()) {
    const absl::Status written = WriteFile(html, lin::FormatHtml(judged));
    if (!written.ok()) return Usage(written.message());
  }
  return judged.result.judgement == lin::Judgement::kOk ? kExitOk : kExitFound;
}

}  // namespace heddle
