// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/shadow.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr std::uintptr_t kAddress = 0x1000;

class ShadowTest : public testing::Test {
 protected:
  ShadowTest() { shadow_.Reserve(); }
  ~ShadowTest() override { shadow_.Release(); }

  // Whether it races, made when the thread has told `position` events.
  bool Races(ThreadId thread, unsigned position, std::uint8_t mask, bool write,
             bool atomic = false) {
    const ShadowAccess access{.site = 1,
                              .position = position,
                              .thread = static_cast<std::uint8_t>(thread),
                              .mask = mask,
                              .write = write,
                              .atomic = atomic};
    return shadow_.Enter(shadow_.At(kAddress), access, clock_) != nullptr;
  }

  // The next accesses come behind those that the thread made before its event of that number.
  void ComeBehind(ThreadId thread, unsigned events) {
    clock_.count[thread] = static_cast<std::uint16_t>(events);
  }

  Shadow shadow_{};
  View clock_{};
};

TEST_F(ShadowTest, FindsUnorderedAccessesToTheSameBytes) {
  EXPECT_FALSE(Races(0, 3, 0x0f, true));
  EXPECT_FALSE(Races(0, 4, 0xff, true)) << "a thread with itself";
  shadow_.Reset();
  EXPECT_FALSE(Races(0, 3, 0x0f, true));
  EXPECT_FALSE(Races(1, 0, 0xf0, true)) << "other bytes";
  EXPECT_TRUE(Races(1, 0, 0x18, false));
}

TEST_F(ShadowTest, LetsReadsAndAtomicAccessesMeet) {
  EXPECT_FALSE(Races(0, 0, 0xff, false));
  EXPECT_FALSE(Races(1, 0, 0xff, false));
  EXPECT_TRUE(Races(2, 0, 0xff, true));
  shadow_.Reset();
  EXPECT_FALSE(Races(0, 0, 0xff, true, true));
  EXPECT_FALSE(Races(1, 0, 0xff, true, true));
  EXPECT_TRUE(Races(2, 0, 0xff, false)) << "a plain read and an atomic write";
}

TEST_F(ShadowTest, KnowsWhatIsOrdered) {
  EXPECT_FALSE(Races(0, 3, 0xff, true));
  ComeBehind(0, 3);
  EXPECT_TRUE(Races(1, 0, 0xff, true)) << "made behind the third event";
  shadow_.Reset();
  EXPECT_FALSE(Races(0, 3, 0xff, true));
  ComeBehind(0, 4);
  EXPECT_FALSE(Races(1, 0, 0xff, true));
}

// More of them than a cell has room for; each is still found.
TEST_F(ShadowTest, KeepsAllAccessesThatCanStillRace) {
  for (int reader = 0; reader < 8; ++reader) EXPECT_FALSE(Races(reader, 0, 0xff, false));
  for (int missed = 0; missed < 8; ++missed) {
    clock_ = {};
    for (int reader = 0; reader < 8; ++reader) ComeBehind(reader, reader == missed ? 0 : 1);
    const ShadowAccess* const other =
        shadow_.Unordered(shadow_.At(kAddress), 0xff, kMaxThreads - 1, clock_);
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(other->thread, missed);
  }
}

TEST_F(ShadowTest, KeepsNothingThatCannotMatterAnyMore) {
  for (unsigned i = 0; i < 100000; ++i) EXPECT_FALSE(Races(0, 0, 0xff, (i & 1) != 0));
  EXPECT_EQ(shadow_.nodes_used, 0U);
}

TEST_F(ShadowTest, GrowsAndForgets) {
  constexpr std::uintptr_t kCells = 100000;
  for (std::uintptr_t i = 0; i < kCells; ++i) shadow_.At(i * Shadow::kGranule).atomic_mask = 1;
  for (std::uintptr_t i = 0; i < kCells; ++i) {
    const ShadowCell* const cell = shadow_.Look(i * Shadow::kGranule);
    ASSERT_NE(cell, nullptr) << i;
    ASSERT_EQ(cell->atomic_mask, 1);
  }
  shadow_.Reset();
  for (std::uintptr_t i = 0; i < kCells; ++i) {
    ASSERT_EQ(shadow_.Look(i * Shadow::kGranule), nullptr) << i;
  }
}

}  // namespace
}  // namespace heddle::explorer
