// SPDX-License-Identifier: Apache-2.0
//
// What a thread of a scenario did last: in memory of its own, for a report and for the explorer,
// which can be made to do the same (schedule.h).
#ifndef HEDDLE_STRESS_OPERATION_LOG_H_
#define HEDDLE_STRESS_OPERATION_LOG_H_

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <type_traits>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace heddle::stress {

using Location = std::source_location;

// A clock that all threads share, in no particular unit: as cheap as there is.
inline std::uint64_t Ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Results as numbers. Addresses differ from process to process: only whether there is one counts.
inline constexpr std::uint64_t kNoResult = 0xfedc'ba98'7654'3211;
inline constexpr std::uint64_t kSomeAddress = kNoResult + 1;

template <class T>
std::uint64_t ResultOf(const T& value) {
  if constexpr (std::is_pointer_v<T>) {
    return value == nullptr ? 0 : kSomeAddress;
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<std::uint64_t>(value);
  } else if constexpr (std::integral<T>) {
    return static_cast<std::make_unsigned_t<std::conditional_t<std::same_as<T, bool>, char, T>>>(
        value);
  } else {
    return kNoResult;
  }
}

// Written by its thread, relaxed, and read by others that must not order it: what they see of a
// thread that runs may be torn between operations.
class OperationLog {
 public:
  static constexpr std::size_t kEntries = 2048;
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};  // later than all else

  struct Entry {
    std::atomic<const char*> name{nullptr};
    std::atomic<Location> where{};
    std::atomic<std::uint64_t> when{0};
    std::atomic<std::uint64_t> result{kNoResult};
  };

  void Clear() {
    count_.store(0, std::memory_order_relaxed);
    Begin();
  }
  // What follows is of another instance. Its first entry's number.
  std::uint64_t Begin() {
    const std::uint64_t count = this->count();
    first_.store(count, std::memory_order_relaxed);
    last_turn_ = turn_ = count;
    return count;
  }
  // An operation begins.
  void Add(const char* name, Location where) {
    const std::uint64_t count = this->count();
    Entry& entry = entries_[count % kEntries];
    entry.name.store(name, std::memory_order_relaxed);
    entry.where.store(where, std::memory_order_relaxed);
    entry.result.store(kNoResult, std::memory_order_relaxed);
    entry.when.store(Ticks(), std::memory_order_relaxed);
    count_.store(count + 1, std::memory_order_relaxed);
  }
  // Of the operation that was added last.
  void SetResult(std::uint64_t result) {
    entries_[(count() - 1) % kEntries].result.store(result, std::memory_order_relaxed);
  }
  // The operation that was added last takes effect at its end, whenever that is: Open() when it
  // begins, Close() when it is over.
  void Open() { entries_[(count() - 1) % kEntries].when.store(kOpen, std::memory_order_relaxed); }
  void Close() {
    entries_[(count() - 1) % kEntries].when.store(Ticks(), std::memory_order_relaxed);
  }
  // A loop that waits has gone round once. A turn that is the same as the one before is forgotten:
  // waiting must not push everything else out.
  void EndTurn() {
    std::uint64_t count = this->count();
    if (count == turn_) return;
    if (count - turn_ == turn_ - last_turn_ && IsSame(last_turn_, turn_, count - turn_)) {
      count = turn_;
      count_.store(count, std::memory_order_relaxed);
    } else {
      last_turn_ = turn_;
      turn_ = count;
    }
  }

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  // Null: it is overwritten.
  const Entry* At(std::uint64_t number) const {
    return number + kEntries < count() || number >= count() ? nullptr
                                                            : &entries_[number % kEntries];
  }
  // The operations of this instance, from 0, the latest; null before the first.
  const Entry* Recent(std::uint64_t age) const {
    const std::uint64_t count = this->count();
    const bool there = age < count - first_.load(std::memory_order_relaxed) && age < kEntries;
    return there ? &entries_[(count - 1 - age) % kEntries] : nullptr;
  }

 private:
  bool IsSame(std::uint64_t a, std::uint64_t b, std::uint64_t length) const {
    if (length > kEntries / 2) return false;
    for (std::uint64_t i = 0; i < length; ++i) {
      const Entry& one = entries_[(a + i) % kEntries];
      const Entry& other = entries_[(b + i) % kEntries];
      if (one.name.load(std::memory_order_relaxed) != other.name.load(std::memory_order_relaxed) ||
          one.where.load(std::memory_order_relaxed).line() !=
              other.where.load(std::memory_order_relaxed).line() ||
          one.result.load(std::memory_order_relaxed) !=
              other.result.load(std::memory_order_relaxed)) {
        return false;
      }
    }
    return true;
  }

  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> first_{0};  // count_ at the beginning of the instance
  // Where the turns of a loop that waits began: this one, and the one before.
  std::uint64_t turn_ = 0;
  std::uint64_t last_turn_ = 0;
  std::array<Entry, kEntries> entries_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_OPERATION_LOG_H_
