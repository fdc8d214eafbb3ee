// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/heap.h"

#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

class HeapTest : public testing::Test {
 protected:
  HeapTest() { heap_.Reserve(); }
  ~HeapTest() override { heap_.Release(); }

  std::uintptr_t New(ThreadId thread, std::size_t size, std::size_t alignment = 0,
                     bool zeroed = false) {
    return reinterpret_cast<std::uintptr_t>(
        heap_.Allocate(thread, size, alignment, Allocator::kMalloc, zeroed, 0));
  }

  Heap heap_{};
};

TEST_F(HeapTest, LetsExactlyABlocksBytesBeAccessed) {
  for (std::size_t size = 0; size < 50; ++size) {
    const std::uintptr_t block = New(1, size);
    ASSERT_NE(block, 0U);
    for (std::size_t from = 0; from < size; ++from) {
      EXPECT_TRUE(heap_.Accessible(block + from, size - from)) << size << " from " << from;
      EXPECT_FALSE(heap_.Accessible(block + from, size - from + 1)) << size << " from " << from;
    }
    EXPECT_FALSE(heap_.Accessible(block - 1, 1)) << size;
    EXPECT_FALSE(heap_.Accessible(block + size, 1)) << size;
  }
}

TEST_F(HeapTest, AlignsAndFills) {
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    EXPECT_EQ(New(0, 3, alignment) % alignment, 0U);
  }
  const auto* const pattern = reinterpret_cast<const unsigned char*>(New(0, 2));
  EXPECT_EQ(pattern[0], Heap::kPattern);
  EXPECT_EQ(pattern[1], Heap::kPattern);
  EXPECT_EQ(*reinterpret_cast<const unsigned char*>(New(0, 1, 0, true)), 0);
}

TEST_F(HeapTest, GivesNoAddressTwiceInOneExecutionAndTheSameOnesInEach) {
  const std::uintptr_t first = New(2, 24);
  heap_.MarkFreed(*heap_.Find(first));
  EXPECT_FALSE(heap_.Accessible(first, 1));
  EXPECT_NE(New(2, 24), first);
  // Whatever other threads do.
  heap_.Reset();
  New(3, 1000);
  EXPECT_EQ(New(2, 24), first);
  EXPECT_TRUE(heap_.Accessible(first, 24));
  EXPECT_EQ(heap_.live, 2U);
}

TEST_F(HeapTest, FindsTheNearestBlock) {
  const std::uintptr_t one = New(0, 16);
  const std::uintptr_t two = New(0, 16);
  EXPECT_EQ(heap_.Find(one)->address, one);
  EXPECT_EQ(heap_.Find(one + 1), nullptr);
  EXPECT_EQ(heap_.Near(one + 15)->address, one);
  EXPECT_EQ(heap_.Near(one + 16)->address, one);
  EXPECT_EQ(heap_.Near(two - 1)->address, two);
  EXPECT_EQ(heap_.Near(one - 1)->address, one);
  EXPECT_EQ(heap_.Near(two + 16)->address, two);
  int local;
  EXPECT_EQ(heap_.Near(reinterpret_cast<std::uintptr_t>(&local)), nullptr);
}

TEST_F(HeapTest, HasNoRoomForMoreThanItsArena) {
  EXPECT_EQ(New(0, Heap::kArena), 0U);
  EXPECT_EQ(New(0, SIZE_MAX), 0U);
  EXPECT_NE(New(0, Heap::kArena / 2), 0U);
  EXPECT_EQ(New(0, Heap::kArena / 2), 0U);
  EXPECT_NE(New(1, Heap::kArena / 2), 0U);
}

}  // namespace
}  // namespace heddle::explorer
