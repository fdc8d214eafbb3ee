// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/random_program.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/explorer/oracle/random_statements.h"

namespace heddle::explorer::oracle {
namespace {

using Block = std::vector<Statement>;

class Generator : RandomStatements {
 public:
  using RandomStatements::RandomStatements;

  Program Run() {
    locations_ = Between(1, std::max(1, options_.max_locations));
    if (options_.max_locations > 1 && Chance(50)) {
      theme_ = Chance(50) ? Theme::kMessage : Theme::kCrossing;
      locations_ = std::max(2, locations_);
    }
    if (options_.mutexes && Chance(15)) mutex_ = locations_;
    if (mutex_ >= 0 && options_.plain) plain_ = mutex_ + 1;
    left_ = std::max(Between(1, options_.max_operations), Between(1, options_.max_operations));
    const int threads = std::max(
        options_.min_threads, std::min(Between(options_.min_threads, options_.max_threads), left_));
    constexpr std::array<const char*, 4> kNames = {"x", "y", "z", "w"};
    for (int i = 0; i < locations_; ++i) {
      program_.locations.emplace_back(kNames[static_cast<std::size_t>(i) % kNames.size()]);
      program_.initial.push_back(Chance(10) ? 1 : 0);
    }
    if (mutex_ >= 0) {
      program_.locations.emplace_back("m");
      program_.initial.push_back(0);
    }
    if (plain_ >= 0) {
      program_.locations.emplace_back("d");
      program_.initial.push_back(0);
    }
    ordered_ = Chance(40) ? Below(4) : 4;
    program_.threads.resize(static_cast<std::size_t>(threads) + 1);
    // Pieces to threads in turn, so that none stays empty while another is long.
    for (int round = 0; left_ > 0 && round < 4; ++round) {
      for (int thread = 1; thread <= threads && left_ > 0; ++thread) {
        registers_used_ = used_[static_cast<std::size_t>(thread)];
        Piece(program_.threads[static_cast<std::size_t>(thread)]);
        used_[static_cast<std::size_t>(thread)] = registers_used_;
      }
    }
    if (options_.identical) {
      for (Block& thread : program_.threads) Conditions(thread);
      CopyThreads();
      if (options_.main && Chance(20)) Main(static_cast<int>(program_.threads.size()) - 1);
      return std::move(program_);
    }
    if (options_.main && Chance(20)) Main(threads);
    for (Block& thread : program_.threads) Conditions(thread);
    return std::move(program_);
  }

 private:
  void Piece(Block& block) {
    if (theme_ == Theme::kMessage && left_ >= 2 && Chance(70)) return Message(block);
    if (theme_ == Theme::kCrossing && left_ >= 2 && Chance(70)) return Crossing(block);
    const std::uint64_t kind = Below(100);
    if (mutex_ >= 0 && left_ >= 3 && kind < 60) return Locked(block);
    if (kind < 14 && options_.awaits) return Await(block);
    if (kind < 20 && options_.awaits && options_.updates && left_ >= 3) {
      return TestAndTestAndSet(block);
    }
    if (kind < 24 && options_.awaits && options_.updates && left_ >= 3) return Ticket(block);
    if (kind < 32 && options_.branches && left_ >= 2) return Branch(block);
    if (kind < 37 && options_.assumes && left_ >= 2) return Assume(block);
    if (kind >= 88 && options_.turns && left_ >= 3) return Turn(block);
    if (kind < 41 && options_.compare_exchange && left_ >= 2) return Increment(block);
    if (kind < 44 && options_.choices) {
      block.push_back({.kind = Statement::Kind::kChoose, .reg = Target(), .choices = 2});
      return Conditional(block);
    }
    block.push_back(Access());
    if (left_ > 0 && Chance(40)) block.push_back(Access());
  }

  // Sends something through y, or looks in x for what came through y.
  void Message(Block& block) {
    const Operand one{.reg = -1, .constant = 1};
    const bool fence = Chance(40) && left_ >= 3;
    const bool release = Chance(70);
    const bool update = options_.updates && Chance(30);
    if (Chance(45)) {
      block.push_back(Store(0));
      block.back().order = Order::kRelaxed;
      if (fence) {
        block.push_back(Fence());
        if (release) block.back().order = Order::kRelease;
      }
      block.push_back(update ? Modify(1) : Store(1));
      if (!fence && release) block.back().order = Order::kRelease;
      block.back().operand = one;
      return;
    }
    if (Chance(25) && options_.updates) {  // hands it on
      block.push_back(Modify(1));
      if (Chance(60)) return;
    } else {
      block.push_back(Load(1));
      if (options_.awaits && Chance(30)) {
        block.back().until = Condition{.comparison = Comparison::kNotEqual, .right = {}};
      }
    }
    if (!fence && release) block.back().order = Order::kAcquire;
    if (fence && left_ > 0) {
      block.push_back(Fence());
      if (release) block.back().order = Order::kAcquire;
    }
    if (left_ <= 0) return;
    block.push_back(Chance(80) ? Load(0) : Store(0));
    block.back().order = Order::kRelaxed;
  }

  // What sequentially consistent fences and accesses are for.
  void Crossing(Block& block) {
    const int first = Location();
    const int second = locations_ > 1 ? (first + Between(1, locations_ - 1)) % locations_ : first;
    const bool strong = Chance(40);
    for (const int location : {first, second}) {
      if (left_ <= 0) return;
      const bool update = options_.updates && Chance(15);
      block.push_back(update ? Modify(location) : Chance(50) ? Load(location) : Store(location));
      const bool weaker = !strong || Chance(20);
      block.back().order = weaker ? block.back().order : Order::kSeqCst;
      if (weaker && Chance(40)) block.back().order = Order::kRelaxed;
      if (location == first && !strong && left_ >= 2 && Chance(80)) {
        block.push_back(Fence());
        if (Chance(80)) block.back().order = Order::kSeqCst;
      }
    }
  }

  void Locked(Block& block) {
    const Statement lock{.kind = Statement::Kind::kUpdate,
                         .reg = kRegisters - 1,
                         .location = mutex_,
                         .order = Order::kAcquire,
                         .operand = {.reg = -1, .constant = 1},
                         .operation = Rmw::kCompareExchange,
                         .until = Condition{}};
    left_ -= 2;
    block.push_back(lock);
    if (plain_ >= 0 && Chance(60)) {
      Statement load = Load(plain_);
      load.order = Order::kPlain;
      Statement store = Store(plain_);
      store.order = Order::kPlain;
      if (Chance(70)) store.operand = {.reg = load.reg, .constant = 1};
      if (Chance(80)) block.push_back(load);
      if (Chance(80)) block.push_back(store);
    }
    if (left_ > 0) block.push_back(Access());
    if (left_ > 0 && Chance(50)) block.push_back(Access());
    block.push_back(
        {.kind = Statement::Kind::kStore, .location = mutex_, .order = Order::kRelease});
  }

  // What is waited for is settled by Conditions(), when it is known what is written.
  void Await(Block& block) {
    const std::uint64_t kind = Below(100);
    Statement s = kind < 60 || !options_.updates            ? Load(Location())
                  : kind < 80 || !options_.compare_exchange ? Modify(Location())
                                                            : CompareExchange(Location());
    s.until = Condition{.comparison = static_cast<Comparison>(Below(3)), .right = {}};
    if (s.operation == Rmw::kCompareExchange && s.kind == Statement::Kind::kUpdate && Chance(70)) {
      s.until = Condition{.comparison = Comparison::kEqual, .right = s.expected};
    }
    block.push_back(std::move(s));
    if (left_ > 0 && Chance(60)) block.push_back(Access());
  }

  void TestAndTestAndSet(Block& block) {
    const int lock = Location();
    const Condition free{};
    Statement test = Load(lock);
    test.until = free;
    block.push_back(test);
    const bool turn = options_.turns && Chance(40);
    Statement set = options_.compare_exchange && Chance(50) ? CompareExchange(lock) : Modify(lock);
    if (set.operation != Rmw::kCompareExchange) set.operation = Rmw::kExchange;
    set.operand = {.reg = -1, .constant = 1};
    set.expected = {};
    const int reg = set.reg;
    if (turn) block.insert(block.end() - 1, {.kind = Statement::Kind::kTurn});
    const bool waits = Chance(turn ? 50 : 30);
    if (waits) set.until = free;
    set.again = waits && turn;
    block.push_back(std::move(set));
    Statement unlock = Store(lock);
    unlock.operand = {};
    if (waits) {
      if (left_ > 0) block.push_back(Access());
      block.push_back(unlock);
      return;
    }
    if (turn) {
      block.push_back(
          {.kind = Statement::Kind::kAssume, .reg = reg, .condition = free, .spins = true});
      if (left_ > 0) block.push_back(Access());
      block.push_back(unlock);
      return;
    }
    // The turn that fails goes on nowhere, or elsewhere.
    if (options_.assumes && Chance(50)) {
      block.push_back({.kind = Statement::Kind::kAssume, .reg = reg, .condition = free});
      block.push_back(unlock);
    } else {
      block.push_back(
          {.kind = Statement::Kind::kIf, .reg = reg, .condition = free, .then_block = {unlock}});
    }
  }

  void Ticket(Block& block) {
    const int next = Location();
    const int owner = Location();
    Statement take = Modify(next);
    take.operation = Rmw::kAdd;
    take.operand = {.reg = -1, .constant = 1};
    Statement wait = Load(owner);
    wait.until = Condition{.comparison = Chance(70) ? Comparison::kEqual : Comparison::kAtLeast,
                           .right = {.reg = take.reg, .constant = 0}};
    Statement pass = Store(owner);
    pass.operand = {.reg = take.reg, .constant = 1};
    block.insert(block.end(), {take, wait, pass});
  }

  void Turn(Block& block) {
    block.push_back({.kind = Statement::Kind::kTurn});
    Statement spin{.kind = Statement::Kind::kAssume, .spins = true};
    const Statement load = Load(Location());
    block.push_back(load);
    if (options_.compare_exchange && Chance(40)) {
      Statement update = CompareExchange(load.location);
      update.expected = {.reg = load.reg, .constant = 0};
      spin.reg = update.reg;
      spin.condition.right.reg = load.reg;
      if (Chance(50)) {
        update.until = spin.condition;
        update.again = true;
        block.push_back(std::move(update));
        if (left_ > 0) block.push_back(Access());
        return;
      }
      block.push_back(std::move(update));
    } else {
      block.push_back(Load(Location()));
      if (Chance(50)) {
        block.back().until = Comparing();
        if (Chance(30)) block.back().until->right = {.reg = load.reg, .constant = 0};
        block.back().again = true;
        if (left_ > 0) block.push_back(Access());
        return;
      }
      spin.reg = Chance(50) ? load.reg : block.back().reg;
      spin.condition = Comparing();
      if (Chance(30)) spin.condition.right = {.reg = load.reg, .constant = 0};
    }
    block.push_back(std::move(spin));
    if (left_ > 0) block.push_back(Access());
  }

  // A turn of a loop that increments by compare-exchange.
  void Increment(Block& block) {
    const int location = Location();
    const Statement load = Load(location);
    Statement update = CompareExchange(location);
    update.expected = {.reg = load.reg, .constant = 0};
    update.operand = {.reg = load.reg, .constant = 1};
    block.push_back(load);
    if (options_.awaits && Chance(50)) {
      // Where the value is another one it goes on, or it would only begin again.
      update.until =
          Chance(50) ? Condition{.right = {.reg = load.reg, .constant = 0}} : Comparing();
      update.same = true;
      for (int i = 0; left_ > 0 && i < 2 && Chance(30); ++i) block.push_back(Access());
    }
    block.push_back(update);
    if (options_.assumes && Chance(50)) {
      block.push_back({.kind = Statement::Kind::kAssume,
                       .reg = update.reg,
                       .condition = {.right = {.reg = load.reg, .constant = 0}}});
    }
  }

  void CopyThreads() {
    const Block same = program_.threads[1];
    const Block other = program_.threads.size() > 2 ? program_.threads[2] : Block{};
    const bool first = Chance(50);
    program_.threads.resize(1);
    if (first && !other.empty()) program_.threads.push_back(other);
    const int copies = Between(2, 3);
    for (int i = 0; i < copies; ++i) program_.threads.push_back(same);
    if (!first && !other.empty()) program_.threads.push_back(other);
  }

  Condition Comparing() {
    return {.comparison = Chance(60) ? Comparison::kEqual : Comparison::kNotEqual,
            .right = {.reg = -1, .constant = static_cast<Word>(Between(0, 2))}};
  }

  void Conditional(Block& block) {
    Statement branch{
        .kind = Statement::Kind::kIf, .reg = registers_used_ - 1, .condition = Comparing()};
    if (registers_used_ == 0) branch.reg = 0;
    if (left_ > 0) branch.then_block.push_back(Access());
    if (left_ > 0 && Chance(60)) branch.else_block.push_back(Access());
    block.push_back(std::move(branch));
  }

  void Branch(Block& block) {
    block.push_back(Chance(70) || !options_.updates ? Load(Location()) : Modify(Location()));
    Conditional(block);
  }

  void Assume(Block& block) {
    block.push_back(Chance(70) || !options_.updates ? Load(Location()) : Modify(Location()));
    block.push_back(
        {.kind = Statement::Kind::kAssume, .reg = block.back().reg, .condition = Comparing()});
    if (left_ > 0 && Chance(50)) block.push_back(Access());
  }

  void Main(int threads) {
    program_.has_main = true;
    Block& main = program_.threads[0];
    registers_used_ = 0;
    left_ = 3;
    if (Chance(60)) main.push_back(Store(Location()));
    for (int thread = 1; thread <= threads; ++thread) {
      main.push_back({.kind = Statement::Kind::kCreate, .thread = thread});
      if (left_ > 1 && Chance(20)) main.push_back(Access());
    }
    for (int thread = 1; thread <= threads; ++thread) {
      if (Chance(80)) main.push_back({.kind = Statement::Kind::kJoin, .thread = thread});
      if (left_ > 0 && Chance(30)) main.push_back(Load(Location()));
    }
  }

  // Awaits wait for something that is written somewhere, most of the time.
  void Conditions(Block& block) {
    for (Statement& s : block) {
      Conditions(s.then_block);
      Conditions(s.else_block);
      const bool open = s.until && s.until->right == Operand{} &&
                        !(s.operation == Rmw::kCompareExchange) && s.location != mutex_;
      if (!open || (s.until->comparison == Comparison::kEqual && Chance(30))) continue;
      std::vector<Word> values = {program_.initial[static_cast<std::size_t>(s.location)]};
      for (const Block& thread : program_.threads) Written(thread, s.location, values);
      s.until->right.constant = Chance(10) ? Small() : values[Below(values.size())];
    }
  }

  static void Written(const Block& block, int location, std::vector<Word>& values) {
    for (const Statement& s : block) {
      const bool writes = s.kind == Statement::Kind::kStore || s.kind == Statement::Kind::kUpdate;
      if (writes && s.location == location) values.push_back(s.operand.constant);
      Written(s.then_block, location, values);
      Written(s.else_block, location, values);
    }
  }

  enum class Theme : std::uint8_t { kNone, kMessage, kCrossing };

  Program program_;
  Theme theme_ = Theme::kNone;  // many pieces are of this kind
  int mutex_ = -1;
  int plain_ = -1;  // accessed under the mutex only
  std::array<int, kMaxThreads> used_{};
};

}  // namespace

Program RandomProgram(std::uint64_t seed, const RandomOptions& options) {
  return Generator(seed, options).Run();
}

}  // namespace heddle::explorer::oracle
