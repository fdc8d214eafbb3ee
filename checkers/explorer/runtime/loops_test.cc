// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/loops.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/search/search.h"
#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr int kUnroll = 8;
constexpr Site kSite = 0x401000;
constexpr Site kOther = 0x402000;

std::uint64_t g_word;
int g_lock;

// Says what it is told to, and notes what it is asked about.
class KnownClocks final : public Clocks {
 public:
  bool IsLater(const Fiber& /*fiber*/, const ThreadState& /*now*/, const LoopState& then,
               bool /*known*/) override {
    asked_about.push_back(then.position);
    return later;
  }
  bool Watches(Fiber& /*fiber*/, const ThreadState& /*now*/) override { return watches; }

  bool later = false;
  bool watches = false;
  std::vector<int> asked_about;
};

// A thread that goes round: a stack of its own, and a search that is told what it does.
class LoopsTest : public testing::Test {
 protected:
  LoopsTest() {
    fiber_.from_frame = true;
    fiber_.stack_low = reinterpret_cast<char*>(stack_.data());
    fiber_.stack_high = reinterpret_cast<char*>(stack_.data() + stack_.size());
    fiber_.frame = reinterpret_cast<Frame*>(stack_.data() + stack_.size() / 2);
    Begin();
  }

  void Begin() {
    search_ = std::make_unique<Search>(Options());
    ASSERT_TRUE(search_->Begin());
    ASSERT_EQ(search_->Next(), 0);
    loops_.NewExecution();
    fiber_.loop.Clear();
  }

  Turn Visit(Site site = kSite) {
    return loops_.Visit(*search_, *fibers_, fiber_, site, first_, &clocks_);
  }

  // So that states are kept there.
  void Learn() {
    EXPECT_EQ(Visit(), Turn::kNew);
    EXPECT_EQ(Visit(), Turn::kLearned);
    Begin();
  }

  Access At(const void* address, std::uint8_t size) {
    return {.address = reinterpret_cast<std::uintptr_t>(address),
            .size = size,
            .order = Order::kAcqRel,
            .site = kSite};
  }
  void Load() {
    search_->Load(0, At(&g_word, sizeof g_word));
    ++fiber_.loop.operations;
  }
  bool TryLock() {
    const Answer answer =
        search_->DoUpdate(0, At(&g_lock, sizeof g_lock),
                          {.operation = Rmw::kCompareExchange, .operand = 1, .expected = 0});
    ++fiber_.loop.operations;
    fiber_.loop.changes += answer.success ? 1 : 0;
    return answer.success;
  }
  void Unlock(Value value = 0) {
    search_->Store(0, At(&g_lock, sizeof g_lock), value);
    ++fiber_.loop.operations;
    ++fiber_.loop.changes;
  }
  // As a plain write is noted.
  void Log(std::uint64_t& word) {
    fiber_.loop.writes.push_back(
        {.address = reinterpret_cast<std::uintptr_t>(&word), .size = sizeof word, .old = word});
  }
  // A turn between two visits.
  template <typename Function>
  Turn After(Function turn) {
    Learn();
    return AfterOneMore(turn);
  }
  // The same where it changes locks: the first such turn says of the site that some do.
  template <typename Function>
  Turn AfterLocks(Function turn) {
    EXPECT_EQ(After(turn), Turn::kLearned);
    Begin();
    return AfterOneMore(turn);
  }
  template <typename Function>
  Turn AfterOneMore(Function turn) {
    EXPECT_EQ(Visit(), Turn::kNew);
    Load();
    turn();
    return Visit();
  }

  alignas(Frame) std::array<std::uint64_t, 4096> stack_ = {};
  const std::unique_ptr<Fibers> fibers_ = std::make_unique<Fibers>();
  Fiber& fiber_ = (*fibers_)[0];
  Loops loops_{kUnroll, false};
  std::unique_ptr<Search> search_;
  KnownClocks clocks_;
  int first_ = -1;
};

TEST_F(LoopsTest, FindsATurnThatChangesNothing) {
  EXPECT_EQ(After([] {}), Turn::kSame);
  EXPECT_EQ(first_, 0);
}

TEST_F(LoopsTest, TakesTheLastReadForAnAwait) {
  const auto read = [this] { fiber_.loop.last_read = kSite; };
  EXPECT_EQ(After(read), Turn::kLearned);
  EXPECT_NE(loops_.Save().find("a401000 "), std::string::npos) << loops_.Save();
  // Known once, it is waited for: there is nothing more to learn.
  Begin();
  EXPECT_EQ(Visit(), Turn::kNew);
  EXPECT_TRUE(fiber_.awaits);
  Load();
  read();
  EXPECT_EQ(Visit(), Turn::kSame);
}

TEST_F(LoopsTest, RemembersAnAwaitWhereNoLoopBegins) {
  EXPECT_EQ(After([this] { fiber_.loop.last_read = kOther; }), Turn::kLearned);
  Loops restored(kUnroll, false);
  ASSERT_TRUE(restored.Restore(loops_.Save()));
  loops_ = restored;
  Begin();
  EXPECT_EQ(Visit(kOther), Turn::kNew);
  EXPECT_TRUE(fiber_.awaits);
}

TEST_F(LoopsTest, TellsRegistersApart) {
  const auto differs = [this](std::uint64_t Frame::* kept) {
    loops_ = Loops(kUnroll, false);
    Begin();
    EXPECT_EQ(After([=, this] { ++(fiber_.frame->*kept); }), Turn::kNew);
  };
  differs(&Frame::rbx);
  differs(&Frame::rbp);
  differs(&Frame::r12);
  differs(&Frame::r13);
  differs(&Frame::r14);
  differs(&Frame::r15);
  differs(&Frame::code);
}

TEST_F(LoopsTest, TellsArgumentsApart) {
  EXPECT_EQ(After([this] { ++fiber_.frame->arguments[2]; }), Turn::kNew);
}

TEST_F(LoopsTest, TellsTheStackApart) {
  EXPECT_EQ(After([this] { ++stack_.back(); }), Turn::kNew);
}

TEST_F(LoopsTest, TellsTheNextWordOfTheStackApart) {
  EXPECT_EQ(After([this] { ++*reinterpret_cast<std::uint64_t*>(fiber_.frame->caller()); }),
            Turn::kNew);
}

TEST_F(LoopsTest, TellsDepthsApart) {
  EXPECT_EQ(After([this] { --fiber_.frame; }), Turn::kNew);
}

TEST_F(LoopsTest, LooksAtNothingBelowTheFrame) {
  EXPECT_EQ(After([this] { ++reinterpret_cast<std::uint64_t*>(fiber_.frame)[-1]; }), Turn::kSame);
  EXPECT_EQ(reinterpret_cast<std::uint64_t*>(fiber_.frame)[-1], 0U) << "left for the next turn";
}

TEST_F(LoopsTest, FindsAnOlderStateThanTheLast) {
  Learn();
  EXPECT_EQ(Visit(), Turn::kNew);
  Load();
  ++fiber_.frame->rbx;
  EXPECT_EQ(Visit(), Turn::kNew);
  Load();
  --fiber_.frame->rbx;
  EXPECT_EQ(Visit(), Turn::kSame);
  EXPECT_EQ(first_, 0);
}

TEST_F(LoopsTest, KeepsSitesApart) {
  Learn();
  EXPECT_EQ(Visit(), Turn::kNew);
  EXPECT_EQ(Visit(kOther), Turn::kNew);
  EXPECT_FALSE(loops_.IsLoop(kOther));
  EXPECT_TRUE(loops_.IsLoop(kSite));
}

TEST_F(LoopsTest, TellsGlobalsApart) {
  const auto count = [this] {
    Log(g_word);
    ++g_word;
  };
  EXPECT_EQ(After(count), Turn::kNew);
  g_word = 0;
}

TEST_F(LoopsTest, TellsTheHeapApart) {
  const auto word = std::make_unique<std::uint64_t>(7);
  EXPECT_EQ(After([&] {
              Log(*word);
              *word = 8;
            }),
            Turn::kNew);
  Log(*word);
  *word = 7;
  // What the first turn found.
  EXPECT_EQ(Visit(), Turn::kSame);
  EXPECT_EQ(first_, 0);
}

TEST_F(LoopsTest, TakesAWordThatIsPutBackForUnchanged) {
  EXPECT_EQ(After([this] {
              Log(g_word);
              g_word = 5;
              Log(g_word);
              g_word = 0;
            }),
            Turn::kSame);
}

TEST_F(LoopsTest, CountsEffects) {
  EXPECT_EQ(After([this] { ++fiber_.loop.effects; }), Turn::kNew);
}

TEST_F(LoopsTest, TakesALockThatIsGivenBackForNoChange) {
  EXPECT_EQ(AfterLocks([this] {
              EXPECT_TRUE(TryLock());
              Unlock();
            }),
            Turn::kSame);
  EXPECT_EQ(fiber_.turn_at, kSite) << "others may have seen it";
}

TEST_F(LoopsTest, TakesALockThatIsKeptForAChange) {
  EXPECT_EQ(AfterLocks([this] { EXPECT_TRUE(TryLock()); }), Turn::kNew);
}

TEST_F(LoopsTest, TakesALockThatIsLeftOtherwiseForAChange) {
  EXPECT_EQ(AfterLocks([this] {
              EXPECT_TRUE(TryLock());
              Unlock(2);
            }),
            Turn::kNew);
}

TEST_F(LoopsTest, RunsTurnsThatChangeSomethingForAWhileWhereThatIsAskedFor) {
  loops_ = Loops(kUnroll, true);
  EXPECT_EQ(After([this] {
              EXPECT_TRUE(TryLock());
              Unlock();
            }),
            Turn::kNew);
  ASSERT_EQ(fiber_.loop.rounds.size(), 1U);
  EXPECT_EQ(fiber_.loop.rounds[0].first, 0);
}

TEST_F(LoopsTest, RunsTwoTurnsOfALockThatOthersSee) {
  EXPECT_EQ(After([this] {
              EXPECT_TRUE(TryLock());
              Unlock();
            }),
            Turn::kLearned);
  loops_.MarkSeen(kSite);
  Begin();
  EXPECT_EQ(Visit(), Turn::kNew);
  EXPECT_TRUE(TryLock());
  Unlock();
  EXPECT_EQ(Visit(), Turn::kNew);
  const int second = search_->Position(0);
  EXPECT_TRUE(TryLock());
  Unlock();
  EXPECT_EQ(Visit(), Turn::kSame);
  EXPECT_EQ(first_, second);
}

TEST_F(LoopsTest, CutsTurnsOfAnythingElseThatOthersSee) {
  Learn();
  loops_.MarkSeen(kSite);
  Begin();
  EXPECT_EQ(Visit(), Turn::kNew);
  Turn turn = Turn::kNew;
  for (int i = 0; i < kUnroll && turn == Turn::kNew; ++i) {
    EXPECT_TRUE(TryLock());
    Unlock();
    fiber_.loop.others += 2;
    turn = Visit();
  }
  EXPECT_EQ(turn, Turn::kIdle);
}

TEST_F(LoopsTest, CutsWhatCounts) {
  Learn();
  for (int i = 0; i < kUnroll; ++i) {
    EXPECT_EQ(Visit(), Turn::kNew) << i;
    ++fiber_.frame->rbx;
  }
  EXPECT_EQ(Visit(), Turn::kCut);
}

TEST_F(LoopsTest, ComesBackOnlyUnchanged) {
  Learn();
  EXPECT_EQ(Visit(), Turn::kNew);
  Load();
  ThreadState state;
  state.Take(fiber_, nullptr, {});
  int first = -1;
  EXPECT_TRUE(Loops::ComesBack(fiber_, state, first));
  EXPECT_EQ(first, 0);
  ++fiber_.loop.changes;
  EXPECT_FALSE(Loops::ComesBack(fiber_, state, first));
  --fiber_.loop.changes;
  ++stack_.back();
  state.Take(fiber_, nullptr, {});
  EXPECT_FALSE(Loops::ComesBack(fiber_, state, first));
}

// One look at the clock, and a while.
constexpr std::int64_t kTurn = 7'000'000;

TEST_F(LoopsTest, AsksWhereTheClockWasLookedAt) {
  const auto look = [this] {
    ++fiber_.loop.looks;
    fiber_.nanoseconds += kTurn;
    fiber_.frame->rbx += kTurn;
  };
  EXPECT_EQ(After(look), Turn::kNew);
  EXPECT_EQ(clocks_.asked_about, std::vector<int>{0});
  clocks_.later = true;
  Load();
  look();
  EXPECT_EQ(Visit(), Turn::kSame);
  EXPECT_EQ(first_, 1);
  EXPECT_EQ(clocks_.asked_about, (std::vector<int>{0, 1})) << "the newest state alone";
}

TEST_F(LoopsTest, AsksForNothingElse) {
  clocks_.later = true;
  EXPECT_EQ(After([this] { ++fiber_.frame->rbx; }), Turn::kNew) << "it did not look at the clock";
  Begin();
  EXPECT_EQ(Visit(), Turn::kNew);
  ++fiber_.loop.looks;
  fiber_.nanoseconds += kTurn;
  fiber_.frame->rbx += kTurn + 1;
  EXPECT_EQ(Visit(), Turn::kNew) << "no time has moved on like that";
  fiber_.in_time = true;
  ++fiber_.loop.looks;
  EXPECT_EQ(Visit(), Turn::kNew) << "the clock is going to move otherwise";
  EXPECT_EQ(clocks_.asked_about, std::vector<int>{});
}

TEST_F(LoopsTest, KnowsHowTimesMoveOn) {
  const auto moves = [this](std::uint64_t by) {
    Begin();
    fiber_.frame->rbx = 1'600'000'000;
    Visit();
    ++fiber_.loop.looks;
    fiber_.nanoseconds += 1'500'000'000;
    fiber_.frame->rbx += by;
    clocks_.asked_about.clear();
    Visit();
    return !clocks_.asked_about.empty();
  };
  Learn();
  EXPECT_TRUE(moves(0));
  EXPECT_TRUE(moves(1'500'000'000)) << "nanoseconds";
  EXPECT_TRUE(moves(-1'500'000'000)) << "turned round";
  EXPECT_TRUE(moves(1'500'000)) << "microseconds";
  EXPECT_TRUE(moves(1)) << "seconds";
  EXPECT_TRUE(moves(2)) << "seconds";
  EXPECT_TRUE(moves(500'000'000)) << "nanoseconds beside seconds";
  EXPECT_TRUE(moves(-500'000'000)) << "that, with a second more";
  EXPECT_FALSE(moves(3));
  EXPECT_FALSE(moves(1'500'000'007));
}

TEST_F(LoopsTest, DoesNotAskForEver) {
  loops_ = Loops(100, false);
  Learn();
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(Visit(), Turn::kNew);
    Load();
    ++fiber_.loop.looks;
    fiber_.nanoseconds += kTurn;
  }
  EXPECT_EQ(clocks_.asked_about.size(), 15U) << "at the second visit to the sixteenth";
}

TEST_F(LoopsTest, StopsAtAStateThatIsToBeLookedAt) {
  Learn();
  clocks_.watches = true;
  EXPECT_EQ(Visit(), Turn::kLearned);
}

TEST_F(LoopsTest, RemembersWhatIsKnown) {
  Learn();
  loops_.MarkSeen(kSite);
  EXPECT_TRUE(loops_.MarkStart(kOther));
  EXPECT_FALSE(loops_.MarkStart(kOther));
  Loops restored(kUnroll, false);
  ASSERT_TRUE(restored.Restore(loops_.Save()));
  EXPECT_EQ(restored.Save(), loops_.Save());
  EXPECT_TRUE(restored.Any());
  EXPECT_TRUE(restored.IsLoop(kSite));
  EXPECT_TRUE(restored.IsStart(kOther));
  EXPECT_FALSE(restored.IsLoop(kOther));
  EXPECT_FALSE(restored.Restore("x12 "));
  EXPECT_FALSE(restored.Restore("l "));
  EXPECT_FALSE(restored.Restore("l12"));
}

}  // namespace
}  // namespace heddle::explorer
