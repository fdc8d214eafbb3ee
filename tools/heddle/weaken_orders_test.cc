// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/weaken_orders.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/heddle/weaken_sites.h"

namespace heddle::weaken {
namespace {

using Orders = std::vector<std::string>;

TEST(WeakerOrdersTest, AreThoseThatTheOperationCanHave) {
  EXPECT_EQ(WeakerOrders("load", Part::kWhole, "seq_cst"), (Orders{"acquire", "relaxed"}));
  EXPECT_EQ(WeakerOrders("store", Part::kWhole, "seq_cst"), (Orders{"release", "relaxed"}));
  EXPECT_EQ(WeakerOrders("store", Part::kWhole, "release"), (Orders{"relaxed"}));
  EXPECT_EQ(WeakerOrders("fetch_add", Part::kWhole, "seq_cst"),
            (Orders{"acq_rel", "acquire", "release", "relaxed"}));
  EXPECT_EQ(WeakerOrders("compare_exchange", Part::kWhole, "acq_rel"),
            (Orders{"acquire", "release", "relaxed"}));
  EXPECT_EQ(WeakerOrders("compare_exchange", Part::kFailure, "seq_cst"),
            (Orders{"acquire", "relaxed"}));
  EXPECT_EQ(WeakerOrders("fence", Part::kWhole, "release"), (Orders{"none"}));
  EXPECT_TRUE(WeakerOrders("exchange", Part::kWhole, "relaxed").empty());
  EXPECT_FALSE(IsWeaker("acquire", "release"));
  EXPECT_FALSE(IsWeaker("acq_rel", "acq_rel"));
}

TEST(LadderTest, TriesNothingBelowAFailure) {
  Ladder ladder("exchange", Part::kWhole, "seq_cst");
  EXPECT_EQ(ladder.Next(), "acq_rel");
  ladder.Set("acq_rel", Ending::kFails);
  EXPECT_EQ(ladder.Next(), std::nullopt);
  EXPECT_TRUE(ladder.Weakest().empty());
  for (const Ladder::Rung& rung : ladder.rungs()) {
    EXPECT_EQ(rung.ending, Ending::kFails) << rung.order;
    EXPECT_EQ(rung.implied, rung.order != "acq_rel") << rung.order;
  }
}

TEST(LadderTest, TriesAnOrderWhenAllStrongerOnesPass) {
  Ladder ladder("exchange", Part::kWhole, "acq_rel");
  EXPECT_EQ(ladder.Next(), "acquire");
  ladder.Set("acquire", Ending::kPasses);
  EXPECT_EQ(ladder.Next(), "release");
  Ladder both = ladder;
  both.Set("release", Ending::kPasses);
  EXPECT_EQ(both.Next(), "relaxed");
  both.Set("relaxed", Ending::kFails);
  EXPECT_EQ(both.Weakest(), (Orders{"acquire", "release"}));
  ladder.Set("release", Ending::kFails);
  EXPECT_EQ(ladder.Next(), std::nullopt);
  EXPECT_EQ(ladder.Weakest(), (Orders{"acquire"}));
}

TEST(LadderTest, WhatIsUndecidedIsNoPass) {
  Ladder ladder("load", Part::kWhole, "seq_cst");
  ladder.Set("acquire", Ending::kUndecided);
  EXPECT_EQ(ladder.Next(), std::nullopt);
  EXPECT_TRUE(ladder.Weakest().empty());
  EXPECT_TRUE(ladder.Has(Ending::kUndecided));
}

TEST(ShortNameTest, DropsNamespacesAndArguments) {
  EXPECT_EQ(ShortName("heddle::TicketLock<heddle::P>::lock(int)"), "TicketLock::lock");
  EXPECT_EQ(ShortName("void heddle::(anonymous namespace)::Queue<int>::push<A, B>(A, B) const"),
            "Queue::push");
  EXPECT_EQ(ShortName("main::$_0::operator()() const"), "main::lambda");
  EXPECT_EQ(ShortName("f(int)::{lambda()#1}::operator()() const"), "f::lambda");
  EXPECT_EQ(ShortName("main"), "main");
}

}  // namespace
}  // namespace heddle::weaken
