// SPDX-License-Identifier: Apache-2.0
//
// Random statements of one operation each.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_STATEMENTS_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_STATEMENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/random_program.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer::oracle {

class RandomStatements {
 public:
  RandomStatements(std::uint64_t seed, const RandomOptions& options)
      : options_(options), random_(seed * 0x9e3779b97f4a7c15U + 1) {}

 protected:
  std::uint64_t Below(std::uint64_t n) { return random_() % n; }
  int Between(int low, int high) {
    return low + static_cast<int>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool Chance(int percent) { return Below(100) < static_cast<std::uint64_t>(percent); }

  template <std::size_t kCount>
  Order OneOf(const std::array<Order, kCount>& orders) {
    switch (ordered_) {
      case 0:
        return Order::kRelaxed;
      case 1:
        return orders[kCount - 1];
      default:
        return orders[Below(kCount)];
    }
  }
  Order LoadOrder() {
    return OneOf<4>({Order::kRelaxed, Order::kRelaxed, Order::kAcquire, Order::kSeqCst});
  }
  Order StoreOrder() {
    return OneOf<4>({Order::kRelaxed, Order::kRelaxed, Order::kRelease, Order::kSeqCst});
  }
  Order UpdateOrder() {
    return OneOf<6>({Order::kRelaxed, Order::kRelaxed, Order::kAcquire, Order::kRelease,
                     Order::kAcqRel, Order::kSeqCst});
  }

  int Location() { return Between(0, locations_ - 1); }
  Word Small() { return static_cast<Word>(Chance(70) ? Between(1, 2) : Between(0, 3)); }

  int Target() {  // a register, usually a new one
    if (registers_used_ < kRegisters - 1) return registers_used_++;
    return Between(0, kRegisters - 2);
  }
  int Known() { return registers_used_ == 0 ? 0 : Between(0, registers_used_ - 1); }

  Operand Stored() {
    if (registers_used_ > 0 && Chance(20)) {
      return {.reg = Known(), .constant = static_cast<Word>(Between(0, 1))};
    }
    return {.reg = -1, .constant = Small()};
  }

  Statement Load(int location) {
    --left_;
    return {.kind = Statement::Kind::kLoad,
            .reg = Target(),
            .location = location,
            .order = LoadOrder()};
  }
  Statement Store(int location) {
    --left_;
    return {.kind = Statement::Kind::kStore,
            .location = location,
            .order = StoreOrder(),
            .operand = Stored()};
  }
  Statement Fence() {
    --left_;
    constexpr std::array kOrders = {Order::kSeqCst,  Order::kSeqCst,  Order::kSeqCst,
                                    Order::kAcquire, Order::kRelease, Order::kAcqRel};
    return {.kind = Statement::Kind::kFence, .order = kOrders[Below(kOrders.size())]};
  }
  Statement Modify(int location) {
    --left_;
    constexpr std::array kOperations = {Rmw::kAdd,      Rmw::kAdd, Rmw::kExchange,
                                        Rmw::kExchange, Rmw::kOr,  Rmw::kAnd,
                                        Rmw::kXor,      Rmw::kSub, Rmw::kNand};
    Statement s{.kind = Statement::Kind::kUpdate,
                .location = location,
                .order = UpdateOrder(),
                .operand = Stored(),
                .operation = kOperations[Below(kOperations.size())]};
    if (s.operation == Rmw::kAdd && Chance(10)) s.operand = {};
    s.reg = Target();
    return s;
  }
  Statement CompareExchange(int location) {
    --left_;
    Statement s{.kind = Statement::Kind::kUpdate,
                .location = location,
                .order = UpdateOrder(),
                .operand = Stored(),
                .operation = Rmw::kCompareExchange};
    s.expected = registers_used_ > 0 && Chance(30)
                     ? Operand{.reg = Known(), .constant = 0}
                     : Operand{.reg = -1, .constant = static_cast<Word>(Between(0, 2))};
    s.failure = OneOf<4>({Order::kRelaxed, Order::kRelaxed, Order::kAcquire, Order::kSeqCst});
    s.weak = options_.weak && Chance(30);
    s.reg = Target();
    return s;
  }

  Statement Access() {
    const std::uint64_t kind = Below(100);
    if (kind < 34) return Load(Location());
    if (kind < 68) return Store(Location());
    if (kind < 76) return Fence();
    if (kind < 88 && options_.updates) return Modify(Location());
    if (options_.compare_exchange) return CompareExchange(Location());
    return Chance(50) ? Load(Location()) : Store(Location());
  }

  const RandomOptions options_;
  int locations_ = 1;
  int left_ = 0;               // operations
  std::uint64_t ordered_ = 4;  // 0: all relaxed, 1: all as strong as can be
  int registers_used_ = 0;     // by the thread

 private:
  std::mt19937_64 random_;
};

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RANDOM_STATEMENTS_H_
