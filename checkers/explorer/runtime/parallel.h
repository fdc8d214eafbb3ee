// SPDX-License-Identifier: Apache-2.0
//
// An exploration by several processes, or of a part of the space.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_PARALLEL_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_PARALLEL_H_

#include <string>

#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

struct ParallelResult {
  Counts counts;
  int threads = 0;         // most at once
  bool symmetric = false;  // as Search says
  bool left_out = false;   // as Search says
  // Which share it is: where the space could not be divided into shares, all of it.
  int shard = 0;
  int shards = 1;
  // Everything that was to be explored has been.
  bool complete = false;
  CutBy cut;
  // Of an error of the program, or of the exploration; empty: none.
  std::string verdict;
  std::string message;
  std::string path;  // replays the program's
};

// Whether the options ask for this.
bool IsParallel(const ExploreOptions& options);

ParallelResult ExploreInParallel(const ExploreOptions& options, void* (*function)(void*),
                                 void* argument);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_PARALLEL_H_
