// SPDX-License-Identifier: Apache-2.0
//
// The execution of a record in words: names instead of addresses, lines of source instead of
// program counters. What the reports print; everything in it can be shown to a person as it is.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_EXECUTION_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_EXECUTION_H_

#include <string>
#include <vector>

#include "checkers/explorer/report/record.h"

namespace heddle::explorer::report {

struct Place {
  std::string function;
  std::string file;
  int line = 0;
  std::string where;   // "file:line", or the module's "file+0x12"
  std::string source;  // the line's text, trimmed; empty if it cannot be read
};

struct ThreadTitle {
  int id = 0;
  std::string title;  // "thread 1"
  std::string about;  // "reader(), created at mp.c:20"
};

struct Step {
  int number = 0;  // from 1, in the order in which they took effect
  int event = kNone;
  int write = kNone;  // the event of a read-modify-write's write, which is one step with its read
  int thread = 0;
  std::string what;  // "load flag -> 1, acquire"
  Place place;
  // Numbers of steps; 0: none, or the initial value.
  int reads_from = 0;
  bool reads_initial = false;
  int location = kNone;
  int co = 0;
  std::vector<int> hb;   // for each thread how many of its events
  int index = 0;         // of its last event in its thread
  bool culprit = false;  // named by the finding
};

// A line of the explanation, and below it where it happened.
struct Remark {
  std::string text;
  std::vector<Place> stack;  // innermost first
};

struct Execution {
  std::string verdict;
  std::string headline;
  std::vector<ThreadTitle> threads;
  std::vector<Step> steps;
  int left_out = 0;  // steps that the finding does not need
  std::vector<Remark> remarks;
  std::vector<std::string> output;  // lines that the program wrote
  std::vector<std::string> notes;   // what could not be read

  const Step* StepOf(int event) const;
};

// That steps are left out, in words.
std::string LeftOut(const Execution& execution);

// Sources are looked for below `directory`, and files there are named relative to it.
Execution Describe(const Record& record, const std::string& directory);

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_EXECUTION_H_
