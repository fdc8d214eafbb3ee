// SPDX-License-Identifier: Apache-2.0
//
// The space is divided into some hundred pieces by exploring a little, always in the largest piece.
// Workers take one piece after the other. When none is left and a worker has nothing to do, one
// that is still busy shares what is left of its piece with a new worker.
//
// What is known of loops decides what the space is (loops.h). So that it is known before the space
// is divided, some random executions come first. Should more be learned all the same, everything
// starts anew with that knowledge.
#include "checkers/explorer/runtime/parallel.h"

#include <time.h>
#include <unistd.h>

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
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/pieces.h"
#include "checkers/explorer/runtime/record.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/thread_local_storage.h"
#include "checkers/explorer/runtime/workers.h"

namespace heddle::explorer {
namespace {

// Part of what a piece's number means: processes that share a space must agree on these.
constexpr std::size_t kPieces = 512;
constexpr std::uint64_t kFirstExecutions = 1000;
constexpr std::uint64_t kFirstEvents = 1'000'000;

// So many pieces say how large the others are.
constexpr std::uint64_t kSample = 10;

constexpr double kProgressInterval = 0.25;  // seconds
// How long a worker explores at least before it shares what is left: a new process has its price.
constexpr double kShareInterval = 0.02;
constexpr std::uint32_t kTick = 0x3f;  // executions

double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

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
    loops_ = piece_ && !piece_->loops.empty() ? piece_->loops : FirstLoops();
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
  // What random executions tell about loops.
  std::string FirstLoops() const {
    ExploreOptions first = options_;
    first.strategy = Strategy::kRandom;
    first.seed = 1;
    first.max_executions = kFirstExecutions;
    Scheduler scheduler(first, function_, argument_);
    scheduler.Start();
    Scheduler::Step step;
    do {
      step = scheduler.RunOne();
      if (step == Scheduler::Step::kLearned) scheduler.search().Reset();
      // What it has found, the search finds again.
    } while (step != Scheduler::Step::kEnd && step != Scheduler::Step::kFound &&
             scheduler.search().counts().events < kFirstEvents);
    std::string loops = scheduler.loops().Save();
    scheduler.Stop();
    return loops;
  }

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
      count_ = static_cast<int>(pieces.size());
      order_.resize(pieces.size());
      std::iota(order_.begin(), order_.end(), 0);
      std::shuffle(order_.begin(), order_.end(), std::minstd_rand());
      if (piece_ && piece_->pieces != count_) {
        Fatal("piece=: the space has %d pieces, not %d", count_, piece_->pieces);
      }
      // That part belongs to one of those who share the space.
      if (piece_ || options_.shard != 0) result_.counts = Counts();
      {
        const OwnThreadPointer own;
        loops_ = scheduler.loops().Save();
        for (int i = 0; i < options_.jobs && i < count_; ++i) {
          RecordWorker(workers.Start([&] { Work(scheduler, workers, pieces); }));
        }
        Await(workers);
      }
      cause = Conclude(workers);
      if (piece_ && result_.cut.empty()) {
        result_.cut = "this is piece " + std::to_string(piece_->number) + " of " +
                      std::to_string(count_) + " only";
      }
    }
    scheduler.Stop();
    if (cause == Cause::kLearned) loops_ = workers.Text();
    if (cause == Cause::kFailed) Fatal("%s", workers.Message().c_str());
    result_.complete = cause == Cause::kNone && result_.cut.empty();
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
        if (!pieces.empty()) workers.StopAll(Cause::kCut, "", BoundText(), "");
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
    if (!scheduler.cut().empty()) workers.NoteCut(scheduler.cut());
    return workers.cause() == Cause::kNone ? Cause::kNone : Conclude(workers);
  }

  // The first executions.
  void TakeCounts(const Scheduler& scheduler) {
    result_.counts = scheduler.search().counts();
    result_.threads = scheduler.threads();
    result_.symmetric = scheduler.search().Symmetric();
    result_.left_out = scheduler.search().LeftOut();
  }

  static void CheckFailure(const Search& search) {
    if (!search.Failure().empty()) Fatal("%s", search.Failure().c_str());
  }

  double Deadline() const { return options_.seconds == 0 ? 0 : start_ + options_.seconds; }

  std::string BoundText() const {
    return "no more than " + std::to_string(options_.max_executions) + " executions were wanted";
  }

  std::string NameOf(int number) const {
    if (number < 0) return "it had not begun";
    const std::string name = std::to_string(number) + "/" + std::to_string(count_);
    return "piece " + name + "; piece='" + loops_ + ";" + name + "' explores that alone";
  }

  // In a worker: one piece after the other.
  void Work(Scheduler& scheduler, Workers& workers, Pieces& pieces) {
    const Counts before = scheduler.search().counts();
    Worker worker{.scheduler = scheduler, .workers = workers, .pieces = pieces, .before = before};
    Piece piece;
    while (Next(worker, piece)) {
      workers.SetPiece(piece.number);
      if (!Explore(worker, piece)) break;
    }
    Report(worker, 0);
    if (!scheduler.cut().empty()) workers.NoteCut(scheduler.cut());
  }

  struct Worker {
    Scheduler& scheduler;
    Workers& workers;
    Pieces& pieces;
    Counts before;    // when it started
    double done = 0;  // pieces that it has explored, of the whole search
    // The piece has not been shared, and began when there had been so many executions.
    bool whole = false;
    std::uint32_t piece_start = 0;
    std::uint64_t whole_pieces = 0;
    std::uint64_t whole_executions = 0;
    double shared = 0;  // when it last had a piece of its own to itself
    std::uint32_t executions = 0;
  };

  bool Next(Worker& worker, Piece& piece) const {
    worker.shared = Now();
    if (worker.pieces.ChooseLargest(piece)) return true;
    for (;;) {
      const int next = worker.workers.NextPiece();
      if (next >= (piece_ ? 1 : count_)) return false;
      const int number = piece_ ? piece_->number : order_[static_cast<std::size_t>(next)];
      if (!piece_ && number % options_.shards != options_.shard) continue;
      piece = worker.pieces.ChooseNumber(number);
      worker.piece_start = worker.executions;
      worker.whole = true;
      return true;
    }
  }

  // False: the worker is to stop.
  bool Explore(Worker& worker, const Piece& piece) const {
    Workers& workers = worker.workers;
    Scheduler& scheduler = worker.scheduler;
    Search& search = scheduler.search();
    for (;;) {
      if (workers.cause() != Cause::kNone) return false;
      if (!workers.TakeExecution()) {
        if (worker.pieces.SetAside(piece) == 0) return true;
        workers.StopAll(Cause::kCut, "", BoundText(), "");
        return false;
      }
      const std::uint64_t dropped = search.counts().dropped;
      switch (scheduler.RunOne()) {
        case Scheduler::Step::kRan:
          if (search.counts().dropped != dropped) workers.ReturnExecution();
          break;
        case Scheduler::Step::kEnd:
          workers.ReturnExecution();
          if (search.SymmetryFailed()) {
            workers.StopAll(Cause::kAsymmetric, "", "", "");
            return false;
          }
          CheckFailure(search);
          worker.done += piece.weight;
          if (worker.whole) {
            ++worker.whole_pieces;
            worker.whole_executions += worker.executions - worker.piece_start;
          }
          worker.whole = false;
          Report(worker, 0);
          return true;
        case Scheduler::Step::kLearned:
          workers.StopAll(Cause::kLearned, "", "", scheduler.loops().Save());
          return false;
        case Scheduler::Step::kFound:
          workers.StopAll(Cause::kFound, scheduler.fault().verdict, scheduler.fault().message,
                          scheduler.path());
          return false;
      }
      if ((++worker.executions & kTick) != 0) continue;
      const double now = Now();
      Report(worker, piece.weight * search.Explored());
      if (options_.seconds != 0 && now > Deadline()) {
        workers.StopAll(Cause::kCut, "", kOutOfTime, "");
        return false;
      }
      if (now < worker.shared + kShareInterval || !workers.Hungry(count_)) continue;
      Share(worker, piece);
      return true;
    }
  }

  // Of what is left of the piece, half goes to a new worker.
  void Share(Worker& worker, const Piece& piece) const {
    worker.whole = false;
    worker.done += piece.weight * worker.scheduler.search().Explored();
    if (worker.pieces.SetAside(piece) < 2) return;
    const OwnThreadPointer own;
    bool first = false;
    if (!worker.workers.Fork(first)) return;
    worker.pieces.Halve(first);
    if (first) return;
    // What was done before is the other one's.
    worker.before = worker.scheduler.search().counts();
    worker.done = 0;
    worker.whole_pieces = 0;
    worker.whole_executions = 0;
  }

  static void Report(const Worker& worker, double done) {
    const Counts& now = worker.scheduler.search().counts();
    worker.workers.Report({.counts = {.complete = now.complete - worker.before.complete,
                                      .blocked = now.blocked - worker.before.blocked,
                                      .dropped = now.dropped - worker.before.dropped,
                                      .events = now.events - worker.before.events},
                           .done = worker.done + done,
                           .threads = worker.scheduler.threads(),
                           .left_out = worker.scheduler.search().LeftOut(),
                           .pieces = worker.whole_pieces,
                           .executions = worker.whole_executions});
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
    const double pieces = static_cast<double>(count_) / options_.shards;
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
        result_.cut = workers.Message();
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
    Pieces none(scheduler.search());
    const Worker worker{
        .scheduler = scheduler, .workers = workers, .pieces = none, .before = Counts()};
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
      Report(worker, 0);
      if (options_.seconds != 0 && Now() > Deadline()) {
        workers.NoteCut(kOutOfTime);
        break;
      }
    }
    Report(worker, 0);
    if (!scheduler.cut().empty()) workers.NoteCut(scheduler.cut());
    scheduler.Stop();
  }

  ExploreOptions options_;
  void* (*const function_)(void*);
  void* const argument_;
  const double start_;
  std::optional<PieceName> piece_;  // only this
  std::string loops_;
  int count_ = 0;           // of pieces
  std::vector<int> order_;  // in which they are explored
  double divided_ = 0;      // explored until the space was divided, of the whole search
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
