// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/record_order.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr LocationId kX = 0;
constexpr LocationId kY = 1;

class OrderTest : public testing::Test {
 protected:
  OrderTest() { graph_.Touch(kY); }

  EventId Write(ThreadId thread, LocationId location) {
    Event event;
    event.kind = Kind::kWrite;
    event.thread = static_cast<std::uint8_t>(thread);
    event.location = location;
    return graph_.Add(event);
  }
  EventId Read(ThreadId thread, LocationId location, EventId from) {
    Event event;
    event.kind = Kind::kRead;
    event.thread = static_cast<std::uint8_t>(thread);
    event.location = location;
    const EventId read = graph_.Add(event);
    graph_.SetReadsFrom(read, from);
    return read;
  }
  EventId Create(ThreadId child) {
    Event event;
    event.kind = Kind::kCreate;
    event.peer = static_cast<std::uint8_t>(child);
    return graph_.Add(event);
  }

  Graph graph_;
};

TEST_F(OrderTest, PutsAReadBeforeTheWriteThatItDoesNotSee) {
  const EventId create = Create(1);
  const EventId write = Write(0, kX);
  const EventId read = Read(1, kX, kInit);
  const std::vector<EventId> expected = {create, read, write};
  EXPECT_EQ(InOrderOfEffects(graph_, {create, write, read}), expected);
}

TEST_F(OrderTest, PutsWritesInCoherenceOrder) {
  const EventId create = Create(1);
  const EventId first = Write(0, kX);
  const EventId second = Write(1, kX);
  graph_.Place(second, kInit);
  const std::vector<EventId> expected = {create, second, first};
  EXPECT_EQ(InOrderOfEffects(graph_, {create, first, second}), expected);
}

TEST_F(OrderTest, LeavesAnOrderThatFitsAsItIs) {
  const EventId create = Create(1);
  const EventId a = Write(0, kX);
  const EventId b = Write(1, kY);
  const EventId c = Read(1, kX, a);
  const EventId d = Read(0, kY, b);
  const std::vector<EventId> order = {create, b, a, d, c};
  EXPECT_EQ(InOrderOfEffects(graph_, order), order);
}

TEST_F(OrderTest, LeavesWhatNoOrderExplains) {
  const EventId create = Create(1);
  const EventId a = Write(0, kX);
  const EventId b = Read(0, kY, kInit);
  const EventId c = Write(1, kY);
  const EventId d = Read(1, kX, kInit);
  const std::vector<EventId> order = {create, a, b, c, d};
  EXPECT_EQ(InOrderOfEffects(graph_, order), order);
}

}  // namespace
}  // namespace heddle::explorer
