// SPDX-License-Identifier: Apache-2.0
//
// Which pieces of two threads can overlap in time. A thread's life is cut into segments where it
// creates or joins a thread, passes a barrier, sees the end of a once-routine or passes a one-shot
// semaphore; each such event orders a segment of one thread before a segment of another. Mutexes
// and condition variables order nothing here: another run may take them the other way round.
//
// The past of a segment (its vector clock) is computed when asked for, by walking the events back,
// and remembered: few segments are ever asked about. Cost of one: linear in the events of its past.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_SEGMENTS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_SEGMENTS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

class Segments {
 public:
  // Takes in the threads and events that are new since the last call with the same graph. True:
  // what was ordered before may not be ordered any more.
  bool Update(const Graph& graph);

  // True unless everything `first` covers is ordered with everything `second` covers. Visits of one
  // thread never overlap.
  bool Concurrent(const Visit& first, const Visit& second);

  // Everything in segment `before_segment` of `before` ended before `segment` of `thread` began.
  bool Before(uint32_t before, uint32_t before_segment, uint32_t thread, uint32_t segment) {
    return before < Past(thread, segment).size() && Past(thread, segment)[before] >= before_segment;
  }

 private:
  struct Incoming {
    uint32_t segment;  // of this thread: the first that comes after
    uint32_t other;    // thread; 0: barrier round `other_segment`
    uint32_t other_segment;
  };
  using Clock = std::vector<uint32_t>;  // by thread: the last segment in the past

  const Clock& Past(uint32_t thread, uint32_t segment);
  bool ConcurrentAt(const Visit& first, uint32_t thread, uint32_t segment);

  void Restart();

  std::size_t events_ = 1;
  std::vector<uint32_t> one_shots_;                      // semaphores of one-shot events
  std::vector<std::vector<Incoming>> incoming_;          // by thread, in the order of segments
  std::vector<std::pair<uint32_t, uint32_t>> creators_;  // by thread: creator and its segment
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> round_of_;  // barrier, generation
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>>
      rounds_;  // thread, its last segment before
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Clock> past_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_SEGMENTS_H_
