// SPDX-License-Identifier: Apache-2.0
//
// The explorer as a library: runs a function in every way that the memory model allows. The
// function and what it calls must be compiled with -fsanitize=thread; who calls Explore() need not
// be.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

enum class Unseen : std::uint8_t { kAllow, kWarn, kRefuse };

struct ExploreOptions {
  Model model = Model::kRc11;
  bool release_sequence_cxx11 = false;
  Strategy strategy = Strategy::kExhaustive;
  std::uint64_t seed = 1;  // of the random strategies
  int pct_depth = 3;
  // Of random executions: how probable it is at each operation that another thread goes on;
  // negative: drawn for each execution.
  double switch_probability = -1;
  std::vector<Recorded> recorded;    // what guided executions follow; not with several jobs
  int preemptions = -1;              // at most; negative: any number (search.h)
  bool symmetry = false;             // interchangeable threads are explored once
  std::uint64_t max_executions = 0;  // 0: no bound
  double seconds = 0;                // 0: no bound
  // Visits of one place by one thread, when it does not wait but counts.
  int unroll = 1000;
  // Operations of one thread in an execution. 0: some bound, and a search that meets it is
  // incomplete. Otherwise the program is known to need no more: who does is in a livelock.
  int max_operations = 0;
  // Turns of a loop that take back what they change are run like any others.
  bool idle_turns = false;
  // Threads that undo each other's steps, and could do so for ever if they kept in step, are in a
  // livelock. Backing off, as std::lock() does, is not safe from that.
  bool in_step = false;
  // Weak compare-exchanges fail for no reason, too, but not twice in a row at one place.
  bool weak_cas = false;
  bool leaks = true;
  // What to do about atomic operations and system calls in the program's code that the
  // instrumentation does not see (code_scan.h).
  Unseen unseen = Unseen::kAllow;
  // Where to write the record (record.md); empty: nowhere.
  std::string record;
  // Weaker memory orders to try, as Weaken takes them (weaken.h).
  std::string orders;
  // The record lists the atomic operations that were met.
  bool sites = false;
  // Worker processes.
  int jobs = 1;
  // Of as many equal shares of the space, which one is explored, from 0.
  int shard = 0;
  int shards = 1;
  // One piece of the space, as the message about a worker that died names it; empty: all.
  std::string piece;
  // What a record calls the replay path: exactly that execution is run.
  std::string replay;
  // The verdict that it ended with; empty: not known.
  std::string expected;
};

// "full", "preemptions(K)", "random(N)", "pct(D)", "guided(N)", "replay"; of one share in three
// "full,shard(1/3)".
std::string ModeOf(const ExploreOptions& options);

// From HEDDLE_EXPLORE_OPTIONS: for whole programs, whose code is refused where it does something
// unseen. What cannot be understood ends the process with one line.
ExploreOptions OptionsFromEnvironment();

// Why an exploration is not complete.
struct CutBy {
  std::string why;          // empty: nothing was cut
  std::uintptr_t loop = 0;  // an operation of the loop that was; 0: it is no loop
};

struct ExploreResult {
  std::string verdict;  // a name of checkers/scenario/verdict.h
  std::string message;  // about a finding, one line
  std::string mode;     // as ModeOf() says; "full,symmetry": up to the names of threads
  CutBy cut;
  bool complete = false;
  std::uint64_t executions = 0;  // complete ones
  std::uint64_t blocked = 0;
  std::uint64_t events = 0;
  double seconds = 0;
  int threads = 0;   // most at once
  std::string text;  // the counterexample, short: addresses instead of names
  std::string path;  // and what replays it
};

// Not reentrant, and no other thread of the process may run meanwhile.
ExploreResult Explore(const ExploreOptions& options, void (*callback)(void*), void* argument);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORE_H_
