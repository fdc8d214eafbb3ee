// SPDX-License-Identifier: Apache-2.0
//
// What a worker does: explores one piece of a divided search after the other, and shares what is
// left of its last one.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECE_WORKER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECE_WORKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/pieces.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/workers.h"

namespace heddle::explorer {

// How often a process looks at the clock: after so many executions.
inline constexpr std::uint32_t kTick = 0x3f;

// A search in pieces, as all its workers know it.
struct Division {
  int count = 0;           // of pieces
  std::vector<int> order;  // in which they are explored
  int only = -1;           // nothing but this piece
  double deadline = 0;     // 0: none
};

// The verdict's reason where max_executions was met.
std::string BoundText(const ExploreOptions& options);
// Ends the exploration where the search says that it cannot go on.
void CheckFailure(const Search& search);
// What the process has done since its search had counted that.
Progress ProgressSince(const Scheduler& scheduler, const Counts& before);

class PieceWorker {
 public:
  PieceWorker(const ExploreOptions& options, const Division& division, Scheduler& scheduler,
              Workers& workers, Pieces& pieces)
      : options_(options),
        division_(division),
        scheduler_(scheduler),
        workers_(workers),
        pieces_(pieces),
        before_(scheduler.search().counts()) {}

  // Until there is nothing more to do.
  void Run();

 private:
  bool Next(Piece& piece);
  bool Explore(const Piece& piece);
  void Share(const Piece& piece);
  void Report(double done);

  const ExploreOptions& options_;
  const Division& division_;
  Scheduler& scheduler_;
  Workers& workers_;
  Pieces& pieces_;
  Counts before_;    // when it started
  double done_ = 0;  // pieces that it has explored, of the whole search
  // The piece has not been shared, and began when there had been so many executions.
  bool whole_ = false;
  std::uint32_t piece_start_ = 0;
  std::uint64_t whole_pieces_ = 0;
  std::uint64_t whole_executions_ = 0;
  double shared_ = 0;  // when it last had a piece of its own to itself
  std::uint32_t executions_ = 0;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECE_WORKER_H_
