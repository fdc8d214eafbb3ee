// SPDX-License-Identifier: Apache-2.0
//
// What the scenarios of SharedRing share.
#ifndef HEDDLE_MODELS_PROCESS_RING_H_
#define HEDDLE_MODELS_PROCESS_RING_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "checkers/scenario/scenario.h"
#include "primitives/process/robust_mutex.h"
#include "primitives/process/shared_ring.h"

namespace heddle {

// A ring in memory of its own.
template <class P, std::uint64_t kCapacity, class Mutex = RobustMutex<P>>
class Ring {
 public:
  Ring() { HEDDLE_ASSERT(ring_.create(memory_.data(), kBytes, kCapacity) == RingStatus::kOk); }
  ~Ring() { ring_.destroy(); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  SharedRing<int, P, Mutex>* operator->() { return &ring_; }

 private:
  static constexpr std::size_t kBytes = SharedRing<int, P, Mutex>::bytes_for(kCapacity);
  alignas(SharedRing<int, P, Mutex>::alignment()) std::array<std::byte, kBytes> memory_;
  SharedRing<int, P, Mutex> ring_;
};

template <class P, std::uint64_t kCapacity, class Mutex>
int Pop(Ring<P, kCapacity, Mutex>& ring) {
  int item = 0;
  HEDDLE_ASSERT(ring->pop(item) == RingStatus::kOk);
  return item;
}

}  // namespace heddle

#endif  // HEDDLE_MODELS_PROCESS_RING_H_
