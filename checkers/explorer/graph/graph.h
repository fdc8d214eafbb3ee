// SPDX-License-Identifier: Apache-2.0
//
// An execution graph: the events of each thread in program order, what each read reads from, and
// for each location the coherence order of its writes. A value: copies are independent.
#ifndef HEDDLE_CHECKERS_EXPLORER_GRAPH_GRAPH_H_
#define HEDDLE_CHECKERS_EXPLORER_GRAPH_GRAPH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/events.h"

namespace heddle::explorer {

class Graph {
 public:
  struct Location {
    Value initial = 0;
    std::vector<EventId> writes;    // in coherence order, without the initial one
    std::vector<EventId> accesses;  // reads and writes, in insertion order
  };

  // All events in the order in which they were added. An event's place here is its id.
  const Events& events() const { return events_; }
  std::size_t size() const { return events_.size(); }
  const Event& operator[](EventId id) const { return events_[id]; }
  Event& operator[](EventId id) { return events_[id]; }

  // One more than the highest thread that was created.
  int threads() const { return threads_; }
  const std::vector<EventId>& thread(ThreadId thread) const { return by_thread_[At(thread)]; }
  // The event that created the thread; kNoEvent of thread 0, and of no thread.
  EventId creator(ThreadId thread) const { return creators_[At(thread)]; }
  ThreadId UnusedThread() const;  // kNoThread where there are kMaxThreads

  std::size_t locations() const { return locations_.size(); }
  const Location& location(LocationId id) const { return locations_[id]; }
  // Makes room for locations up to `id`.
  Location& Touch(LocationId id);

  // The happens-before and porf views that the thread's next event starts with: those of its last
  // of `count` events, or of its creator.
  const Event* Before(ThreadId thread, std::size_t count) const {
    if (count > 0) return &events_[by_thread_[At(thread)][count - 1]];
    const EventId created_by = creator(thread);
    return created_by == kNoEvent ? nullptr : &events_[created_by];
  }

  // Appends an event to its thread (and its thread's creation). Sets thread index, and the views to
  // what program order alone gives. Writes are placed last in coherence order.
  EventId Add(const Event& event);
  // The same in three steps: Open(), give the event what it is, Close(), StartViews().
  Event& Open(ThreadId thread, Kind kind);
  EventId Close();
  // All at once, of an event of no location and no thread's creation.
  Event& AddOwn(ThreadId thread, Kind kind);
  // Sets an event's views to what program order alone gives.
  void StartViews(EventId id);
  // Moves a write to just behind `predecessor` in coherence order; kInit: to the front.
  void Place(EventId write, EventId predecessor);
  // Sets what a read reads from, its value, and its views from its thread's event before it.
  void SetReadsFrom(EventId read, EventId write);
  // A waiting read, its thread's last event, does not admit what it reads: it waits for what comes
  // after that.
  void TurnIntoPark(EventId read);
  // Forgets the events from `count` on.
  void Cut(std::size_t count);

  // The place in coherence order of a write; 0: the initial write.
  std::uint16_t Co(EventId write) const { return write == kInit ? 0 : events_[write].co; }
  Value ValueOf(EventId write, LocationId location) const {
    return write == kInit ? locations_[location].initial : events_[write].value;
  }
  EventId Newest(LocationId location) const {
    const std::vector<EventId>& writes = locations_[location].writes;
    return writes.empty() ? kInit : writes.back();
  }
  EventId WriteAt(LocationId location, std::size_t co) const {
    return co == 0 ? kInit : locations_[location].writes[co - 1];
  }

  static bool Contains(const View& view, const Event& event) {
    return view.count[event.thread] > event.index;
  }
  bool Contains(const View& view, EventId id) const { return Contains(view, events_[id]); }
  // Strictly.
  bool HappensBefore(EventId first, EventId second) const {
    return first != second && Contains(events_[second].hb, first);
  }

  // The least place in coherence order that what happens-before `view` lets a new access read, or a
  // new write be placed behind.
  std::size_t LowerBound(LocationId location, const View& view) const;

  // This graph without the events that are neither among the first `count` nor in `prefix`;
  // `renumbered` tells the new id of each kept event.
  void Restrict(std::size_t count, const View& prefix, Graph& result,
                std::vector<EventId>& renumbered) const;

  void Clear();

 private:
  static std::size_t At(ThreadId thread) { return static_cast<std::size_t>(thread); }
  void Renumber(Location& location, std::size_t from);

  Events events_;
  std::array<std::vector<EventId>, kMaxThreads> by_thread_;
  std::array<EventId, kMaxThreads> creators_ = NoCreators();
  int threads_ = 1;
  std::vector<Location> locations_;

  static constexpr std::array<EventId, kMaxThreads> NoCreators() {
    std::array<EventId, kMaxThreads> none{};
    none.fill(kNoEvent);
    return none;
  }
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_GRAPH_GRAPH_H_
