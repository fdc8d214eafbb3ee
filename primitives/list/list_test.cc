// SPDX-License-Identifier: Apache-2.0
//
// One suite for every list: they differ in their locks, not in what they do.

#include <atomic>
#include <cstddef>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/list/coarse_list.h"
#include "primitives/list/hand_over_hand_list.h"

namespace heddle {
namespace {

struct Coarse {
  template <class... Arguments>
  using List = CoarseList<Arguments...>;
};
struct HandOverHand {
  template <class... Arguments>
  using List = HandOverHandList<Arguments...>;
};

template <class Kind>
class ListTest : public testing::Test {};
using Kinds = testing::Types<Coarse, HandOverHand>;
TYPED_TEST_SUITE(ListTest, Kinds);

TYPED_TEST(ListTest, IsASet) {
  typename TypeParam::template List<int> list;
  EXPECT_FALSE(list.contains(1));
  EXPECT_FALSE(list.remove(1));
  EXPECT_TRUE(list.insert(2));
  EXPECT_TRUE(list.insert(1));
  EXPECT_TRUE(list.insert(3));
  EXPECT_FALSE(list.insert(2));
  EXPECT_TRUE(list.contains(1));
  EXPECT_TRUE(list.contains(2));
  EXPECT_TRUE(list.contains(3));
  EXPECT_FALSE(list.contains(0));
  EXPECT_FALSE(list.contains(4));
  EXPECT_TRUE(list.remove(2));
  EXPECT_FALSE(list.remove(2));
  EXPECT_FALSE(list.contains(2));
  EXPECT_TRUE(list.contains(1));
  EXPECT_TRUE(list.contains(3));
}

TYPED_TEST(ListTest, AgreesWithStdSet) {
  typename TypeParam::template List<int> list;
  std::set<int> model;
  std::minstd_rand random(1);
  for (int i = 0; i < 5000; ++i) {
    const int value = static_cast<int>(random() % 20);
    switch (random() % 3) {
      case 0:
        ASSERT_EQ(list.insert(value), model.insert(value).second);
        break;
      case 1:
        ASSERT_EQ(list.remove(value), model.erase(value) == 1);
        break;
      default:
        ASSERT_EQ(list.contains(value), model.count(value) == 1);
    }
  }
}

TYPED_TEST(ListTest, HoldsAnyOrderedType) {
  typename TypeParam::template List<std::string, StdPlatform, std::mutex> list;
  EXPECT_TRUE(list.insert("warp"));
  EXPECT_TRUE(list.insert("weft"));
  EXPECT_TRUE(list.remove("warp"));
  EXPECT_TRUE(list.contains("weft"));
}

struct Thrower {
  int value;
  explicit Thrower(int v) : value(v) {}
  Thrower(const Thrower&) = default;
  Thrower(Thrower&& other) : value(other.value) {
    if (value == 13) throw 13;
  }
  friend bool operator<(const Thrower& a, const Thrower& b) { return a.value < b.value; }
};

TYPED_TEST(ListTest, AnExceptionLeavesTheListAsItWas) {
  typename TypeParam::template List<Thrower> list;
  list.insert(Thrower(1));
  const Thrower bad(13);
  EXPECT_THROW(list.insert(bad), int);
  EXPECT_FALSE(list.contains(bad));
  EXPECT_TRUE(list.remove(Thrower(1)));  // and no lock is held
}

// Neighbours are removed at once, the example of coarse_list.h.
TYPED_TEST(ListTest, NoRemovalIsLost) {
  constexpr int kValues = 400;
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    typename TypeParam::template List<int> list;
    for (int value = kValues; value-- > 0;) list.insert(value);
    std::atomic<int> ready{0};
    const auto remove_every_other = [&](int value) {
      ready.fetch_add(1);
      while (ready.load() < 2) std::this_thread::yield();
      for (; value < kValues; value += 2) EXPECT_TRUE(list.remove(value));
    };
    std::thread even(remove_every_other, 0);
    remove_every_other(1);
    even.join();
    for (int value = 0; value < kValues; ++value) EXPECT_FALSE(list.contains(value));
  }
}

TYPED_TEST(ListTest, InsertionsMinusRemovalsRemain) {
  constexpr int kThreads = 4;
  constexpr int kValues = 8;
  typename TypeParam::template List<int> list;
  std::vector<std::vector<int>> balance(kThreads, std::vector<int>(kValues));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(static_cast<unsigned>(t) + 1);
      std::vector<int>& mine = balance[static_cast<std::size_t>(t)];
      for (int i = 0; i < 10000; ++i) {
        const int value = static_cast<int>(random() % kValues);
        if (random() % 2 == 0) {
          mine[static_cast<std::size_t>(value)] += list.insert(value) ? 1 : 0;
        } else {
          mine[static_cast<std::size_t>(value)] -= list.remove(value) ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int value = 0; value < kValues; ++value) {
    int sum = 0;
    for (const auto& mine : balance) sum += mine[static_cast<std::size_t>(value)];
    EXPECT_EQ(sum, list.contains(value) ? 1 : 0) << value;
  }
}

}  // namespace
}  // namespace heddle
