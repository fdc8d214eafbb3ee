// SPDX-License-Identifier: Apache-2.0
//
// Events of an execution graph, and what an operation of the program looks like.
#ifndef HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENT_H_
#define HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENT_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace heddle::explorer {

// Program threads; 0 is the one that the exploration starts with.
using ThreadId = int;
inline constexpr int kMaxThreads = 16;
inline constexpr ThreadId kNoThread = -1;

// Values of up to 16 bytes, zero-extended.
using Value = unsigned __int128;

// A return address in the program: where the operation stands in the source.
using Site = std::uintptr_t;

enum class Order : std::uint8_t { kPlain, kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst };

constexpr bool IsAcquire(Order order) {
  return order == Order::kAcquire || order == Order::kAcqRel || order == Order::kSeqCst;
}
constexpr bool IsRelease(Order order) {
  return order == Order::kRelease || order == Order::kAcqRel || order == Order::kSeqCst;
}

enum class Kind : std::uint8_t {
  kRead,   // also the read of a read-modify-write
  kWrite,  // also the write of a read-modify-write: then its read is the thread's event before it
  kFence,
  kCreate,  // of the thread `peer`
  kJoin,    // with the finished thread `peer`
  kFinish,
  kChoose,  // `value` is what was chosen
  // The thread waits for a write that its read admits: one that is not there yet, and, where
  // `reads_from` is a write, one that has that in its prefix. Part of no relation.
  kPark,
};

// An event's place in Graph::events. Also the order in which events were added.
using EventId = std::uint16_t;
inline constexpr EventId kInit = 0xffff;  // the initial write of every location
inline constexpr EventId kNoEvent = 0xfffe;

using LocationId = std::uint16_t;
inline constexpr LocationId kNoLocation = 0xffff;

// For each thread how many of its events are in the set; a set is closed under program order.
struct View {
  std::array<std::uint16_t, kMaxThreads> count{};

  // The same, with one thread's first `events` at least. Made as a whole: what has been written to
  // in parts is slow to read as a whole.
  inline View With(std::size_t thread, std::uint16_t events) const;

  // By way of another one: in place, compilers would have to take care that `other` overlaps.
  void Join(const View& other) {
    View result;
    for (std::size_t i = 0; i < count.size(); ++i) {
      result.count[i] = count[i] < other.count[i] ? other.count[i] : count[i];
    }
    *this = result;
  }
};

// For each thread all of its events, and none of others.
alignas(64) inline constexpr std::array<View, kMaxThreads> kAllOf = [] {
  std::array<View, kMaxThreads> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i].count[i] = 0xffff;
  return all;
}();

View View::With(std::size_t thread, std::uint16_t events) const {
  View result;
  for (std::size_t i = 0; i < count.size(); ++i) {
    const auto least = static_cast<std::uint16_t>(kAllOf[thread].count[i] & events);
    result.count[i] = count[i] < least ? least : count[i];
  }
  return result;
}

struct Event {
  Value value = 0;  // read, written or chosen
  View hb;          // happens-before this event, itself included
  View porf;        // (program order or reads-from)-before this event, itself included
  View release;     // of a write: what who acquires from it synchronizes with
  Site site = 0;
  Kind kind = Kind::kFence;
  Order order = Order::kRelaxed;
  bool update = false;      // part of a read-modify-write
  bool is_await = false;    // a read that admits some values only
  bool fails = false;       // of a weak compare-exchange: though it has read what it expects
  bool internal = false;    // orders nothing for the program (Access::internal)
  bool maximal = true;      // added with its maximal choice
  bool revisitable = true;  // not in the prefix of a write that has revisited a read
  std::uint8_t thread = 0;
  std::uint8_t peer = 0;
  std::uint8_t size = 0;    // bytes, of an access
  std::uint16_t index = 0;  // in its thread
  LocationId location = kNoLocation;
  EventId reads_from = kNoEvent;  // of a read
  std::uint16_t update_id = 0;    // of the read of a read-modify-write: which (Search's business)
  std::uint16_t co = 0;           // of a write: its place in the coherence order, from 1
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENT_H_
