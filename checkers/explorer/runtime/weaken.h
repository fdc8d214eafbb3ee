// SPDX-License-Identifier: Apache-2.0
//
// Tries weaker memory orders at some of the program's atomic operations, and lists all of them.
//
// A site is the return address of an operation's call, less the address that the program is loaded
// at: the same in each run of one binary. An order that the program gives up lets it do more, never
// less, so what passes with a weaker order passes with those in between.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_WEAKEN_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_WEAKEN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {

const char* NameOf(Order order);
const char* NameOf(AtomicOperation operation);

// Whether `order` gives up something that `than` has.
bool IsWeaker(Order order, Order than);

// An atomic operation of the program as it is written.
struct AtomicSite {
  Site site = 0;  // the address itself
  AtomicOperation operation = AtomicOperation::kCall;
  std::uint8_t size = 0;
  Order order = Order::kRelaxed;
  Order failure = Order::kRelaxed;  // of a compare-exchange
  std::uint64_t count = 0;          // of visits, in all executions
};

class Weaken {
 public:
  // `orders` is "SITE=ORDER[/FAILURE],...": SITE in hexadecimal, FAILURE for compare-exchanges; the
  // order of a fence may be "none". Text that is not that, sites that are no atomic operation, and
  // orders that the operation cannot have end the process with one line.
  Weaken(std::string_view orders, bool list);

  // Of a replayed execution that was found with weaker orders: takes them off its path.
  void TakeFrom(std::string_view& path);
  // What TakeFrom() takes; empty when no order is weaker.
  std::string ToPath() const;

  // False: no operation need be told.
  bool on() const { return on_; }
  // The program is at an atomic operation. Ends the process where the wanted order is not weaker
  // than the program's.
  void Meet(AtomicOperation atomic, Operation& operation);

  // Those met, in no order.
  std::vector<AtomicSite> Sites() const;

 private:
  struct Entry {
    AtomicSite met;
    bool weaker = false;
    Order order = Order::kRelaxed;
    Order failure = Order::kRelaxed;
  };
  struct Wanted {
    Site site;
    Order order;
    Order failure;
    bool has_failure;
  };

  void Parse(std::string_view orders);
  void ParseOne(std::string_view text);
  Entry& At(const AtomicSite& site);
  Entry& Enter(const AtomicSite& site);

  bool on_ = false;
  std::string orders_;
  std::vector<Wanted> wanted_;
  std::vector<Entry> entries_;  // a hash table
  std::size_t used_ = 0;
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_WEAKEN_H_
