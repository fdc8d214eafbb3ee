// SPDX-License-Identifier: Apache-2.0
//
// A list of events that is filled and emptied again and again: room once made stays, and is not
// initialized again.
#ifndef HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENTS_H_
#define HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENTS_H_

#include <cstddef>
#include <cstring>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/poison.h"

namespace heddle::explorer {

class Events {
 public:
  Events() = default;
  Events(const Events& other) { Assign(other, other.size_); }
  Events& operator=(const Events& other) {
    if (this != &other) Assign(other, other.size_);
    return *this;
  }
  Events(Events&&) = default;
  Events& operator=(Events&&) = default;
  ~Events() = default;

  std::size_t size() const { return size_; }
  const Event& operator[](std::size_t i) const { return room_[i]; }
  Event& operator[](std::size_t i) { return room_[i]; }
  const Event* begin() const { return room_.data(); }
  const Event* end() const { return room_.data() + size_; }
  Event* begin() { return room_.data(); }
  Event* end() { return room_.data() + size_; }
  Event& back() { return room_[size_ - 1]; }

  // The event holds anything.
  Event& Append() {
    if (size_ == room_.size()) {
      room_.resize(size_ == 0 ? kFirst : 2 * size_);
      PoisonFrom(size_);
    }
    Event& event = room_[size_++];
    Unpoison(&event, sizeof event);
    return event;
  }
  void Append(const Event& event) { Copy(event, Append()); }
  void RemoveLast() { PoisonFrom(--size_); }
  void Clear() {
    size_ = 0;
    PoisonFrom(0);
  }
  // Becomes the first `count` of the others.
  void Assign(const Events& others, std::size_t count) {
    Unpoison(room_.data(), room_.size() * sizeof(Event));
    if (room_.size() < count) room_.resize(others.room_.size());
    size_ = count;
    if (count != 0) {
      std::memcpy(static_cast<void*>(room_.data()), others.room_.data(), count * sizeof(Event));
    }
    PoisonFrom(count);
  }

 private:
  static constexpr std::size_t kFirst = 16;

  void PoisonFrom(std::size_t first) const {
    Poison(room_.data() + first, (room_.size() - first) * sizeof(Event));
  }

  // In two halves, which compilers do in place: of all of it at once they make a call.
  static void Copy(const Event& from, Event& to) {
    constexpr std::size_t kHalf = sizeof(Event) / 2;
    const auto* const source = reinterpret_cast<const char*>(&from);
    auto* const target = reinterpret_cast<char*>(&to);
    std::memcpy(target, source, kHalf);
    std::memcpy(target + kHalf, source + kHalf, sizeof(Event) - kHalf);
  }

  std::vector<Event> room_;
  std::size_t size_ = 0;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_GRAPH_EVENTS_H_
