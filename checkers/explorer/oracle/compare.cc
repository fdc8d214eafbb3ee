// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/compare.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/oracle/enumerate.h"
#include "checkers/explorer/oracle/run_search.h"
#include "checkers/explorer/oracle/symmetry.h"

namespace heddle::explorer::oracle {
namespace {

constexpr std::size_t kShown = 5;

void Missing(absl::string_view what, const std::set<std::string>& from,
             const std::set<std::string>& in, std::string& out) {
  std::vector<std::string> missing;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(missing));
  if (missing.empty()) return;
  absl::StrAppend(&out, missing.size(), " ", what, "\n");
  for (std::size_t i = 0; i < std::min(missing.size(), kShown); ++i) {
    absl::StrAppend(&out, "  ", missing[i], "\n");
  }
}

// What crosses from a process to the one that asked.
struct Message {
  std::array<char, 8192> difference{};
  bool skipped = false;
  std::size_t graphs = 0;
  std::size_t found = 0;
  std::size_t blocked = 0;
  std::size_t dropped = 0;
  std::size_t repeats = 0;
  bool hangs = false;
};

void Send(int fd, const Compared& compared) {
  Message message;
  compared.difference.copy(message.difference.data(), message.difference.size() - 1);
  message.skipped = compared.skipped;
  message.graphs = compared.graphs;
  message.found = compared.found;
  message.blocked = compared.blocked;
  message.dropped = compared.dropped;
  message.repeats = compared.repeats;
  message.hangs = compared.hangs;
  std::array<char, sizeof(Message)> bytes;
  std::memcpy(bytes.data(), &message, sizeof(Message));
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = write(fd, bytes.data() + sent, bytes.size() - sent);
    if (count <= 0) _exit(1);
    sent += static_cast<std::size_t>(count);
  }
}

bool Receive(int fd, Compared& compared) {
  std::array<char, sizeof(Message)> bytes;
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t count = read(fd, bytes.data() + got, bytes.size() - got);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    got += static_cast<std::size_t>(count);
  }
  Message message;
  std::memcpy(&message, bytes.data(), sizeof(Message));
  compared = {.difference = message.difference.data(),
              .skipped = message.skipped,
              .graphs = message.graphs,
              .found = message.found,
              .blocked = message.blocked,
              .dropped = message.dropped,
              .repeats = message.repeats,
              .hangs = message.hangs};
  return true;
}

bool TimedOut(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU; }

std::string Died(int status, int timeout_seconds) {
  if (TimedOut(status)) {
    return absl::StrCat("the search takes more than ", timeout_seconds, " seconds\n");
  }
  if (WIFSIGNALED(status)) return absl::StrCat("killed by signal ", WTERMSIG(status), "\n");
  return absl::StrCat("exited with ", WEXITSTATUS(status), "\n");
}

}  // namespace

Compared Compare(const Program& program, const CompareOptions& options) {
  Compared result;
  Explored expected = Enumerate(program, options.model, options.max_states);
  if (expected.cut) {
    result.skipped = true;
    return result;
  }
  Options search = options.search;
  if (search.max_executions == 0) search.max_executions = 10'000 + 1000 * expected.graphs.size();
  Searched searched = RunSearch(program, search, options.run);
  if (searched.symmetric) {
    if (searched.graphs.size() > expected.graphs.size()) {
      absl::StrAppend(&result.difference, "symmetry: more graphs than without\n");
    }
    for (std::set<std::string>* set :
         {&expected.graphs, &expected.outcomes, &searched.graphs, &searched.outcomes}) {
      *set = UpToSymmetry(program, *set);
    }
    result.repeats = searched.counts.complete - searched.graphs.size();
    searched.counts.complete = searched.graphs.size() + searched.duplicates.size();
  }
  result.graphs = expected.graphs.size();
  result.found = searched.graphs.size();
  result.blocked = searched.counts.blocked;
  result.dropped = searched.counts.dropped;
  result.hangs = expected.hangs;

  std::string& out = result.difference;
  if (!searched.failure.empty()) absl::StrAppend(&out, "failure: ", searched.failure, "\n");
  // Random executions are some of all, again and again.
  const bool all = search.strategy == Strategy::kExhaustive;
  if (all) Missing("graphs are missing:", expected.graphs, searched.graphs, out);
  Missing("graphs do not exist:", searched.graphs, expected.graphs, out);
  if (all) Missing("outcomes are missing:", expected.outcomes, searched.outcomes, out);
  Missing("outcomes do not exist:", searched.outcomes, expected.outcomes, out);
  if (all && !searched.duplicates.empty()) {
    absl::StrAppend(&out, searched.duplicates.size(), " duplicates, the first:\n  ",
                    searched.duplicates.front(), "\n");
  }
  if (searched.counts.complete != searched.graphs.size() + searched.duplicates.size()) {
    absl::StrAppend(&out, "complete executions: ", searched.counts.complete, " counted, ",
                    searched.graphs.size() + searched.duplicates.size(), " seen\n");
  }
  if (all ? expected.hangs != searched.hangs : searched.hangs && !expected.hangs) {
    absl::StrAppend(&out, expected.hangs ? "a hang is missing\n" : "a hang does not exist\n");
  }
  if (!out.empty()) {
    out = absl::StrCat("expected ", expected.graphs.size(), " executions, got ",
                       searched.counts.complete, " (", searched.counts.blocked, " blocked, ",
                       searched.counts.dropped, " dropped)\n", out);
  }
  return result;
}

Compared CompareApart(const Program& program, const CompareOptions& options) {
  Compared result;
  std::array<int, 2> fds{};
  if (pipe(fds.data()) != 0) {
    result.difference = absl::StrCat("pipe: ", std::strerror(errno));
    return result;
  }
  const pid_t child = fork();
  if (child == 0) {
    close(fds[0]);
    const auto seconds = static_cast<rlim_t>(options.timeout_seconds);
    const rlimit limit{seconds, seconds + 1};
    setrlimit(RLIMIT_CPU, &limit);
    Send(fds[1], Compare(program, options));
    _exit(0);
  }
  close(fds[1]);
  if (child < 0) {
    result.difference = absl::StrCat("fork: ", std::strerror(errno));
  } else {
    const bool received = Receive(fds[0], result);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!received) {
      result.difference = Died(status, options.timeout_seconds);
      result.timed_out = TimedOut(status);
    }
  }
  close(fds[0]);
  return result;
}

std::string Explain(const Program& program, const CompareOptions& options) {
  const Program shrunk = Shrink(program, options);
  const Compared compared = CompareApart(shrunk, options);
  return absl::StrCat(options.model.model == Model::kSc ? "model sc" : "model rc11",
                      options.model.release_sequence_cxx11 ? ", C++11 release sequences" : "", "\n",
                      Print(shrunk), compared.difference);
}

}  // namespace heddle::explorer::oracle
