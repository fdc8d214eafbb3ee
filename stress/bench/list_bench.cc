// SPDX-License-Identifier: Apache-2.0
//
// Sorted lists of 64 keys, half of which are present: 8 of 10 operations look for a key, one
// inserts and one removes.
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>

#include "primitives/list/coarse_list.h"
#include "primitives/list/hand_over_hand_list.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

using Key = std::uint64_t;
constexpr Key kKeys = 64;

// The same list with the standard's means.
class MutexForwardList {
 public:
  bool insert(Key key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    const auto before = Before(key);
    const auto next = std::next(before);
    if (next != keys_.end() && *next == key) return false;
    keys_.insert_after(before, key);
    return true;
  }
  bool remove(Key key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    const auto before = Before(key);
    const auto next = std::next(before);
    if (next == keys_.end() || *next != key) return false;
    keys_.erase_after(before);
    return true;
  }
  bool contains(Key key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    const auto next = std::next(Before(key));
    return next != keys_.end() && *next == key;
  }

 private:
  std::forward_list<Key>::iterator Before(Key key) {
    auto before = keys_.before_begin();
    for (auto at = keys_.begin(); at != keys_.end() && *at < key; ++at) before = at;
    return before;
  }

  std::mutex mutex_;
  std::forward_list<Key> keys_;
};

template <class List>
std::unique_ptr<List> HalfFull() {
  auto list = std::make_unique<List>();
  for (Key key = 0; key < kKeys; key += 2) list->insert(key);
  return list;
}

template <class List>
void Use(List& list, std::uint64_t& random) {
  random = random * 6364136223846793005U + 1442695040888963407U;
  const Key key = (random >> 32) % kKeys;
  switch ((random >> 40) % 10) {
    case 0:
      list.insert(key);
      break;
    case 1:
      list.remove(key);
      break;
    default:
      benchmark::DoNotOptimize(list.contains(key));
  }
}

template <class List>
void Alone(benchmark::State& state) {
  const auto list = HalfFull<List>();
  std::uint64_t random = 1;
  for (auto _ : state) Use(*list, random);
}

template <class List, int kThreads>
void Together(benchmark::State& state) {
  for (auto _ : state) {
    const auto list = HalfFull<List>();
    Publish(state, RunThreads(kThreads, [&](int thread, const Stop& stop) {
              std::uint64_t operations = 0;
              auto random = static_cast<std::uint64_t>(thread);
              for (; !stop.load(std::memory_order_relaxed); ++operations) Use(*list, random);
              return operations;
            }));
  }
}

template <class Ours, class Reference>
void Compare(const std::string& ours, const std::string& reference) {
  RegisterPair("list/uncontended", Timing::kLoop, {ours, Alone<Ours>},
               {reference, Alone<Reference>});
  RegisterPair("list/2_threads", Timing::kFixed, {ours, Together<Ours, 2>},
               {reference, Together<Reference, 2>});
  RegisterPair("list/4_threads_on_2", Timing::kFixed, {ours, Together<Ours, 4>},
               {reference, Together<Reference, 4>});
}

[[maybe_unused]] const bool kRegistered = [] {
  Compare<CoarseList<Key>, MutexForwardList>("coarse_list", "mutex_forward_list");
  Compare<HandOverHandList<Key>, MutexForwardList>("hand_over_hand_list", "mutex_forward_list");
  return true;
}();

}  // namespace
}  // namespace heddle::bench
