// SPDX-License-Identifier: Apache-2.0
//
// Processes that explore one program together, and what they tell each other in shared memory. Each
// is a copy of the process that started it, with all that it had found out until then.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORKERS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORKERS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

// Why all workers stop.
enum class Cause : std::uint32_t {
  kNone,
  kFound,       // an error of the program: Verdict(), Message(), Text() is the execution's path
  kLearned,     // Text() is what is known of loops now
  kAsymmetric,  // threads that were taken for interchangeable are not
  kFailed,      // the exploration cannot go on: Message()
  kCrashed,     // a worker has died: Message()
  kCut,         // a bound on the whole exploration is reached: Message()
};

// What one worker has done.
struct Progress {
  Counts counts;
  double done = 0;        // of the whole search, by weight
  int threads = 0;        // most at once
  bool left_out = false;  // as Search says
  // Pieces that it has explored whole, and how many executions those had.
  std::uint64_t pieces = 0;
  std::uint64_t executions = 0;
};

class Workers {
 public:
  // At most `jobs` at a time. `executions` is how many they may explore in all; 0: no bound.
  Workers(int jobs, std::uint64_t executions);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // In the process that made this object.

  // Calls work() in a new worker, which then ends. At most as many as there may be jobs.
  pid_t Start(const std::function<void()>& work);
  // Until all have ended; calls tick() now and then. `piece_name` says what a worker explored that
  // has died.
  void Await(const std::function<void()>& tick,
             const std::function<std::string(int piece)>& piece_name);
  Progress Total() const;

  // In a worker.

  // Another one beside it, if there is room: returns true in both; `first` tells them apart.
  bool Fork(bool& first);
  // Nothing is left to hand out, and fewer work than could.
  bool Hungry(int pieces) const;
  void SetPiece(int piece);
  void Report(const Progress& progress);
  // The first one to say so stops all.
  void StopAll(Cause cause, const char* verdict, const std::string& message,
               const std::string& text);
  bool IsWorker() const { return slot_ >= 0; }
  [[noreturn]] void End();

  // In all.

  Cause cause() const;
  // The next of the pieces to be explored.
  int NextPiece();
  // One more execution; false: there have been as many as there may be.
  bool TakeExecution();
  void ReturnExecution();
  // Something was left out, if it says so; the exploration goes on.
  void NoteCut(const CutBy& cut);

  std::string Verdict() const;
  std::string Message() const;
  std::string Text() const;
  CutBy Cut() const;

  // Null where there are none.
  static Workers* current();

 private:
  struct Slot;
  struct Shared;

  // -1: no room.
  int Claim();
  // As fork(), but the new process is one more child of the process that made this object.
  pid_t Clone() const;
  void BecomeWorker(int slot);
  bool Reap(const std::function<std::string(int)>& piece_name);
  bool SomeEnds() const;
  void KillAll();

  Shared* shared_;
  char* text_;
  std::size_t slots_;
  pid_t parent_;
  int slot_ = -1;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_WORKERS_H_
