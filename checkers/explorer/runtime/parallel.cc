// SPDX-License-Identifier: Apache-2.0
//
// The space is divided into some hundred pieces by exploring a little, always in the largest piece.
// Workers take one piece after the other. When none is left and a worker has nothing to do, one
// that is still busy shares what is left of its piece with a new worker.
//
// What is known of loops decides what the space is (loops.h). So that it is known before the space
// is divided, some random executions come first (first_loops.h). Should more be learned all the
// same, everything starts anew with that knowledge.
#include "checkers/explorer/runtime/parallel.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/first_loops.h"
#include "checkers/explorer/runtime/monotonic.h"
#include "checkers/explorer/runtime/piece_worker.h"
#include "checkers/explorer/runtime/pieces.h"
#include "checkers/explorer/runtime/record.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/thread_local_storage.h"
#include "checkers/explorer/runtime/workers.h"

namespace heddle::explorer {
namespace {

// Part of what a piece's number means: processes that share a space must agree on these.
constexpr std::size_t kPieces = 512;

// So many pieces say how large the others are.
constexpr std::uint64_t kSample = 10;

constexpr double kProgressInterval = 0.25;  // seconds

// LOOPS;NUMBER/PIECES
struct PieceName {
  std::string loops;
  int number = 0;
  int pieces = 0;
};

PieceName ParsePiece(const std::string& text) {
  PieceName name;
  const std::size_t loops = text.find(';');
  std::string_view rest = text;
  if (loops != std::string::npos) {
    name.loops = text.substr(0, loops);
    rest.remove_prefix(loops + 1);
  }
  const char* const begin = text.c_str() + (text.size() - rest.size());
  const char* const end = begin + rest.size();
  const auto [slash, bad] = std::from_chars(begin, end, name.number);
  if (bad == std::errc() && slash != end && *slash == '/') {
    const auto [last, bad_too] = std::from_chars(slash + 1, end, name.pieces);
    if (bad_too == std::errc() && last == end && 0 <= name.number && name.number < name.pieces) {
      return name;
    }
  }
  Fatal("piece=: '%s' is no piece", text.c_str());
}

class Parallel {
 public:
  Parallel(const ExploreOptions& options, void* (*function)(void*), void* argument)
      : options_(options), function_(function), argument_(argument), start_(Now()) {
    if (!options.piece.empty()) piece_ = ParsePiece(options.piece);
  }

  ParallelResult Run() {
    if (options_.strategy != Strategy::kExhaustive) {
      RunSampled();
      return result_;
    }
    loops_ = piece_ && !piece_->loops.empty() ? piece_->loops
                                              : FirstLoops(options_, function_, argument_);
    for (;;) {
      const Cause cause = RunDivided();
      if (cause != Cause::kLearned && cause != Cause::kAsymmetric) return result_;
      if (piece_) {
        Fatal(cause == Cause::kLearned
                  ? "a loop was met that was not known when the space was divided"
                  : "the program can tell interchangeable threads apart: explore it with "
                    "symmetry=off");
      }
      if (cause == Cause::kAsymmetric) options_.symmetry = false;
      // The other shares may be of a space that was divided otherwise: this one becomes all of it.
      options_.shard = 0;
      options_.shards = 1;
    }
  }

 private:
  // All of the exploration, unless more was learned.
  Cause RunDivided() {
    Workers workers(options_.jobs, options_.max_executions);
    ExploreOptions options = options_;
    options.max_executions = 0;  // counted by `workers`
    Scheduler scheduler(options, function_, argument_);
    if (!scheduler.loops().Restore(loops_)) Fatal("piece=: these are no loops of this program");
    scheduler.Start();
    Pieces pieces(scheduler.search());
    divided_ = 0;
    result_ = ParallelResult();
    result_.shard = options_.shard;
    result_.shards = options_.shards;
    Cause cause = Divide(scheduler, workers, pieces);
    if (cause == Cause::kNone) {
      pieces.Number();
      division_ = {.count = static_cast<int>(pieces.size()),
                   .order = std::vector<int>(pieces.size()),
                   .only = piece_ ? piece_->number : -1,
                   .deadline = Deadline()};
      std::iota(division_.order.begin(), division_.order.end(), 0);
      std::shuffle(division_.order.begin(), division_.order.end(), std::minstd_rand());
      if (piece_ && piece_->pieces != division_.count) {
        Fatal("piece=: the space has %d pieces, not %d", division_.count, piece_->pieces);
      }
      // That part belongs to one of those who share the space.
      if (piece_ || options_.shard != 0) result_.counts = Counts();
      {
        const OwnThreadPointer own;
        loops_ = scheduler.loops().Save();
        for (int i = 0; i < options_.jobs && i < division_.count; ++i) {
          RecordWorker(workers.Start(
              [&] { PieceWorker(options_, division_, scheduler, workers, pieces).Run(); }));
        }
        Await(workers);
      }
      cause = Conclude(workers);
      if (piece_ && result_.cut.why.empty()) {
        result_.cut.why = "this is piece " + std::to_string(piece_->number) + " of " +
                          std::to_string(division_.count) + " only";
      }
    }
    scheduler.Stop();
    if (cause == Cause::kLearned) loops_ = workers.Text();
    if (cause == Cause::kFailed) Fatal("%s", workers.Message().c_str());
    result_.complete = cause == Cause::kNone && result_.cut.why.empty();
    return cause;
  }

  // Until there are enough pieces. kNone: all is well.
  Cause Divide(Scheduler& scheduler, Workers& workers, Pieces& pieces) {
    Search& search = scheduler.search();
    const double deadline = Deadline();
    Piece piece{.weight = 1, .own = true};
    for (;;) {
      if (!workers.TakeExecution()) {
        pieces.SetAside(piece);
        if (!pieces.empty()) workers.StopAll(Cause::kCut, "", BoundText(options_), "");
        break;
      }
      switch (scheduler.RunOne()) {
        case Scheduler::Step::kRan:
          break;
        case Scheduler::Step::kEnd:
          workers.ReturnExecution();
          if (search.SymmetryFailed()) return Cause::kAsymmetric;
          CheckFailure(search);
          break;
        case Scheduler::Step::kLearned:
          workers.ReturnExecution();
          search.Reset();
          pieces.Clear();
          piece = {.weight = 1, .own = true};
          divided_ = 0;
          continue;
        case Scheduler::Step::kFound:
          result_.verdict = scheduler.fault().verdict;
          result_.message = scheduler.fault().message;
          result_.path = scheduler.path();
          TakeCounts(scheduler);
          return Cause::kFound;
      }
      divided_ += piece.weight * search.Explored();
      pieces.SetAside(piece);
      if (deadline != 0 && Now() > deadline && !pieces.empty()) {
        workers.StopAll(Cause::kCut, "", kOutOfTime, "");
      }
      if (workers.cause() != Cause::kNone || pieces.size() >= kPieces) break;
      if (!pieces.ChooseLargest(piece)) break;
    }
    TakeCounts(scheduler);
    workers.NoteCut(scheduler.cut());
    return workers.cause() == Cause::kNone ? Cause::kNone : Conclude(workers);
  }

  // The first executions.
  void TakeCounts(const Scheduler& scheduler) {
    result_.counts = scheduler.search().counts();
    result_.threads = scheduler.threads();
    result_.symmetric = scheduler.search().Symmetric();
    result_.left_out = scheduler.search().LeftOut();
  }

  double Deadline() const { return options_.seconds == 0 ? 0 : start_ + options_.seconds; }

  std::string NameOf(int number) const {
    if (number < 0) return "it had not begun";
    const std::string name = std::to_string(number) + "/" + std::to_string(division_.count);
    return "piece " + name + "; piece='" + loops_ + ";" + name + "' explores that alone";
  }

  // In the process that has started the workers, until they have ended.
  void Await(Workers& workers) const {
    double next_progress = start_ + kProgressInterval;
    const auto tick = [&] {
      const double now = Now();
      if (now < next_progress) return;
      next_progress = now + kProgressInterval;
      Progress progress = workers.Total();
      Add(progress.counts, result_.counts);
      RecordProgress(progress.counts, now - start_, std::min(1.0, Done(progress)));
    };
    workers.Await(tick, [this](int piece) { return NameOf(piece); });
  }

  double Done(const Progress& progress) const {
    if (options_.strategy != Strategy::kExhaustive) {
      if (options_.max_executions == 0) return 0;
      return static_cast<double>(progress.counts.complete + progress.counts.blocked) /
             static_cast<double>(options_.max_executions);
    }
    if (piece_) return 0;  // not known
    // Pieces are explored in no order: those that have been are like those that have not.
    if (progress.pieces < kSample) return divided_ + progress.done * options_.shards;
    const double pieces = static_cast<double>(division_.count) / options_.shards;
    const double in_pieces =
        pieces * static_cast<double>(progress.executions) / static_cast<double>(progress.pieces);
    return static_cast<double>(Executions(progress.counts)) /
           (static_cast<double>(Executions(result_.counts)) + in_pieces);
  }

  static std::uint64_t Executions(const Counts& counts) {
    return counts.complete + counts.blocked + counts.dropped;
  }

  static void Add(Counts& total, const Counts& counts) {
    total.complete += counts.complete;
    total.blocked += counts.blocked;
    total.dropped += counts.dropped;
    total.events += counts.events;
  }

  // Of workers that have all ended.
  Cause Conclude(const Workers& workers) {
    const Progress total = workers.Total();
    Add(result_.counts, total.counts);
    result_.threads = std::max(result_.threads, total.threads);
    result_.left_out = result_.left_out || total.left_out;
    result_.cut = workers.Cut();
    switch (workers.cause()) {
      case Cause::kFound:
        result_.verdict = workers.Verdict();
        result_.message = workers.Message();
        result_.path = workers.Text();
        break;
      case Cause::kCrashed:
        result_.verdict = verdict::kError;
        result_.message = workers.Message();
        break;
      case Cause::kCut:
        result_.cut = {.why = workers.Message()};
        break;
      case Cause::kNone:
      case Cause::kLearned:
      case Cause::kAsymmetric:
      case Cause::kFailed:
        break;
    }
    return workers.cause();
  }

  // Random executions: each worker draws its own.
  void RunSampled() {
    Workers workers(options_.jobs, 0);
    for (int i = 0; i < options_.jobs; ++i) {
      RecordWorker(workers.Start([&, i] { Sample(workers, i); }));
    }
    Await(workers);
    const Cause cause = Conclude(workers);
    if (cause == Cause::kFailed) Fatal("%s", workers.Message().c_str());
    result_.complete = cause == Cause::kNone;
  }

  void Sample(Workers& workers, int index) const {
    ExploreOptions options = options_;
    const auto parts =
        static_cast<std::uint64_t>(options_.jobs) * static_cast<std::uint64_t>(options_.shards);
    const auto part =
        static_cast<std::uint64_t>(options_.shard) * static_cast<std::uint64_t>(options_.jobs) +
        static_cast<std::uint64_t>(index);
    const std::uint64_t all = options_.max_executions;
    options.max_executions = all / parts + (part < all % parts ? 1 : 0);
    if (all != 0 && options.max_executions == 0) return;
    options.seed += part * 0x9e3779b97f4a7c15U;
    Scheduler scheduler(options, function_, argument_);
    scheduler.Start();
    std::uint32_t executions = 0;
    while (workers.cause() == Cause::kNone) {
      const Scheduler::Step step = scheduler.RunOne();
      if (step == Scheduler::Step::kEnd) break;
      if (step == Scheduler::Step::kLearned) scheduler.search().Reset();
      if (step == Scheduler::Step::kFound) {
        workers.StopAll(Cause::kFound, scheduler.fault().verdict, scheduler.fault().message,
                        scheduler.path());
      }
      if ((++executions & kTick) != 0) continue;
      workers.Report(ProgressSince(scheduler, Counts()));
      if (options_.seconds != 0 && Now() > Deadline()) {
        workers.NoteCut({.why = kOutOfTime});
        break;
      }
    }
    workers.Report(ProgressSince(scheduler, Counts()));
    workers.NoteCut(scheduler.cut());
    scheduler.Stop();
  }

  ExploreOptions options_;
  void* (*const function_)(void*);
  void* const argument_;
  const double start_;
  std::optional<PieceName> piece_;  // only this
  std::string loops_;
  Division division_;
  double divided_ = 0;  // explored until the space was divided, of the whole search
  ParallelResult result_;
};

}  // namespace

bool IsParallel(const ExploreOptions& options) {
  if (!options.replay.empty() || options.sites) return false;
  return options.jobs > 1 || options.shards > 1 || !options.piece.empty();
}

ParallelResult ExploreInParallel(const ExploreOptions& options, void* (*function)(void*),
                                 void* argument) {
  return Parallel(options, function, argument).Run();
}

}  // namespace heddle::explorer
