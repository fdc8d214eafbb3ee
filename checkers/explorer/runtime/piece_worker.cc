// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/piece_worker.h"

#include <cstddef>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/monotonic.h"
#include "checkers/explorer/runtime/thread_local_storage.h"

namespace heddle::explorer {
namespace {

// How long a worker explores at least before it shares what is left: a new process has its price.
constexpr double kShareInterval = 0.02;

}  // namespace

std::string BoundText(const ExploreOptions& options) {
  return "no more than " + std::to_string(options.max_executions) + " executions were wanted";
}

void CheckFailure(const Search& search) {
  if (!search.Failure().empty()) Fatal("%s", search.Failure().c_str());
}

Progress ProgressSince(const Scheduler& scheduler, const Counts& before) {
  const Counts& now = scheduler.search().counts();
  return {.counts = {.complete = now.complete - before.complete,
                     .blocked = now.blocked - before.blocked,
                     .dropped = now.dropped - before.dropped,
                     .events = now.events - before.events},
          .threads = scheduler.threads(),
          .left_out = scheduler.search().LeftOut()};
}

void PieceWorker::Run() {
  Piece piece;
  while (Next(piece)) {
    workers_.SetPiece(piece.number);
    if (!Explore(piece)) break;
  }
  Report(0);
  workers_.NoteCut(scheduler_.cut());
}

bool PieceWorker::Next(Piece& piece) {
  shared_ = Now();
  if (pieces_.ChooseLargest(piece)) return true;
  for (;;) {
    const int next = workers_.NextPiece();
    if (next >= (division_.only >= 0 ? 1 : division_.count)) return false;
    const int number =
        division_.only >= 0 ? division_.only : division_.order[static_cast<std::size_t>(next)];
    if (division_.only < 0 && number % options_.shards != options_.shard) continue;
    piece = pieces_.ChooseNumber(number);
    piece_start_ = executions_;
    whole_ = true;
    return true;
  }
}

// False: the worker is to stop.
bool PieceWorker::Explore(const Piece& piece) {
  Search& search = scheduler_.search();
  for (;;) {
    if (workers_.cause() != Cause::kNone) return false;
    if (!workers_.TakeExecution()) {
      if (pieces_.SetAside(piece) == 0) return true;
      workers_.StopAll(Cause::kCut, "", BoundText(options_), "");
      return false;
    }
    const std::uint64_t dropped = search.counts().dropped;
    switch (scheduler_.RunOne()) {
      case Scheduler::Step::kRan:
        if (search.counts().dropped != dropped) workers_.ReturnExecution();
        break;
      case Scheduler::Step::kEnd:
        workers_.ReturnExecution();
        if (search.SymmetryFailed()) {
          workers_.StopAll(Cause::kAsymmetric, "", "", "");
          return false;
        }
        CheckFailure(search);
        done_ += piece.weight;
        if (whole_) {
          ++whole_pieces_;
          whole_executions_ += executions_ - piece_start_;
        }
        whole_ = false;
        Report(0);
        return true;
      case Scheduler::Step::kLearned:
        workers_.StopAll(Cause::kLearned, "", "", scheduler_.loops().Save());
        return false;
      case Scheduler::Step::kFound:
        workers_.StopAll(Cause::kFound, scheduler_.fault().verdict, scheduler_.fault().message,
                         scheduler_.path());
        return false;
    }
    if ((++executions_ & kTick) != 0) continue;
    const double now = Now();
    Report(piece.weight * search.Explored());
    if (division_.deadline != 0 && now > division_.deadline) {
      workers_.StopAll(Cause::kCut, "", kOutOfTime, "");
      return false;
    }
    if (now < shared_ + kShareInterval || !workers_.Hungry(division_.count)) continue;
    Share(piece);
    return true;
  }
}

// Of what is left of the piece, half goes to a new worker.
void PieceWorker::Share(const Piece& piece) {
  whole_ = false;
  done_ += piece.weight * scheduler_.search().Explored();
  if (pieces_.SetAside(piece) < 2) return;
  const OwnThreadPointer own;
  bool first = false;
  if (!workers_.Fork(first)) return;
  pieces_.Halve(first);
  if (first) return;
  // What was done before is the other one's.
  before_ = scheduler_.search().counts();
  done_ = 0;
  whole_pieces_ = 0;
  whole_executions_ = 0;
}

void PieceWorker::Report(double done) {
  Progress progress = ProgressSince(scheduler_, before_);
  progress.done = done_ + done;
  progress.pieces = whole_pieces_;
  progress.executions = whole_executions_;
  workers_.Report(progress);
}

}  // namespace heddle::explorer
