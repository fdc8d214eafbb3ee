// SPDX-License-Identifier: Apache-2.0
//
// What an exploration wrote (checkers/explorer/runtime/record.md), in memory.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_RECORD_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace heddle::explorer::report {

using RecordedValue = unsigned __int128;
using RecordedStack = std::vector<std::uint64_t>;  // return addresses, innermost first

// No thread, event, location or block.
inline constexpr int kNone = -1;

struct RecordedModule {
  std::string path;
  std::uint64_t bias = 0;
  std::uint64_t low = 0;  // executable mapping
  std::uint64_t high = 0;
  std::string build_id;  // bytes
};

struct RecordedThread {
  int id = 0;
  int parent = kNone;
  RecordedStack stack;  // of its creation
  std::uint64_t function = 0;
  std::string state;
};

struct RecordedLocation {
  int id = 0;
  std::uint64_t address = 0;
  int size = 0;
  RecordedValue initial = 0;
  int block = kNone;
  std::uint64_t offset = 0;
};

// An address on the stack of a thread, in the frame of the function that is called back at `pc`.
struct RecordedInFrame {
  std::uint64_t address = 0;
  int thread = 0;
  std::uint64_t pc = 0;
  std::uint64_t stack_pointer = 0;
  std::uint64_t frame = 0;  // the canonical frame address
};

struct RecordedBlock {
  int id = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  int thread = kNone;
  RecordedStack stack;
  int freed_by = kNone;
  RecordedStack free_stack;
};

struct RecordedEvent {
  int id = 0;
  int thread = 0;
  int index = 0;
  std::string kind;
  std::string order;
  int location = kNone;
  std::optional<RecordedValue> value;
  std::optional<RecordedValue> written;
  int size = 0;
  bool success = true;
  std::optional<int> reads_from;  // kNone: the initial value
  int co = 0;                     // 0: none
  std::vector<int> hb;
  int peer = kNone;
  std::string name;
  RecordedStack stack;
};

struct RecordedAccess {
  int thread = 0;
  bool write = false;
  bool atomic = false;
  int size = 0;
  std::uint64_t address = 0;
  int event = kNone;
  RecordedStack stack;
};

struct RecordedFinding {
  std::string verdict;
  std::string message;
  int thread = kNone;
  int event = kNone;
  RecordedStack stack;
  std::vector<RecordedAccess> accesses;
  int block = kNone;
  int left_out = 0;  // operations of the execution that are not shown
};

struct RecordedWait {
  int thread = 0;
  std::string what;
  std::uint64_t address = 0;
  int owner = kNone;
  std::optional<RecordedValue> value;
  RecordedStack stack;
};

struct RecordedLock {
  int thread = 0;
  std::string what;
  std::uint64_t address = 0;
  RecordedStack stack;
};

struct RecordedOutput {
  int fd = 1;
  std::string text;
};

struct RecordedError {
  std::string message;
  int thread = kNone;
  RecordedStack stack;
};

// Code that is not instrumented.
struct RecordedUnseen {
  std::string what;
  RecordedStack stack;
};

// An atomic operation of the program.
struct RecordedSite {
  std::uint64_t pc = 0;
  std::string operation;
  std::string order;
  std::string failure;  // of a compare-exchange
  std::uint64_t count = 0;
};

struct RecordedProgress {
  std::uint64_t complete = 0;
  std::uint64_t blocked = 0;
  double seconds = 0;
  std::optional<double> done;  // of the whole, 0 to 1
};

struct RecordedEnd {
  std::string verdict;
  std::string mode;
  std::string reason;
  bool complete = false;
  std::uint64_t executions = 0;
  std::uint64_t blocked = 0;
  double seconds = 0;
  int threads = 0;
  std::optional<std::uint64_t> seed;
};

struct Record {
  std::string program;
  std::string model = "rc11";
  std::string mode = "full";
  std::vector<RecordedModule> modules;
  std::vector<RecordedThread> threads;
  std::vector<RecordedLocation> locations;
  std::vector<RecordedInFrame> in_frames;
  std::vector<RecordedBlock> blocks;
  std::vector<RecordedEvent> events;
  std::vector<RecordedWait> waits;
  std::vector<RecordedLock> held;
  std::vector<RecordedOutput> outputs;
  std::vector<RecordedSite> sites;
  std::vector<RecordedUnseen> unseen;
  std::optional<RecordedStack> cut_loop;  // an operation of it
  std::optional<RecordedFinding> finding;
  std::optional<RecordedError> error;
  std::string replay;
  RecordedProgress progress;  // the last
  std::optional<RecordedEnd> end;

  const RecordedLocation* Location(int id) const;
  const RecordedBlock* Block(int id) const;
  const RecordedBlock* BlockAt(std::uint64_t address) const;
  const RecordedEvent* Event(int id) const;
};

// Takes in one line. A line that is no record says so; unknown types and keys are skipped.
absl::Status AddLine(absl::string_view line, Record& record);

// A whole file. A last line without its newline is what a program that died has left: it is
// skipped.
absl::StatusOr<Record> ParseRecord(absl::string_view text);

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_RECORD_H_
