// SPDX-License-Identifier: Apache-2.0
//
// Small concurrent programs as data, with a text form:
//
//   init x 1                       # locations are 0 unless told otherwise
//   main                           # optional: thread 0. Without it all threads start together
//     store x 1 rlx
//     create 1
//     join 1
//   thread                         # threads 1, 2, ...
//     r0 = load x acq
//     r0 = load x acq until == 1   # waits: one read, of a value that the condition admits
//     store x r0+1 rel
//     r1 = add x 1 rlx             # xchg add sub and or xor nand
//     r1 = xchg x 1 acq until == 0
//     r1 = cas x 0 1 ar rlx        # wcas: may fail spuriously, unless it waits
//     fence sc
//     if r0 == 1                   # == != >=
//       store y 1 rlx
//     else
//       store y 2 rlx
//     end
//     assume r0 != 2
//     turn                         # of a loop that changes nothing until it ends
//     r3 = load y rlx
//     spin r3 == r0                # goes round again unless it holds
//     r3 = load y rlx
//     r4 = cas y r3 r3+1 rlx rlx until >= 2 same  # reads the write that the thread's last load
//                                  # of y does, and swaps; or fails, with a value of the condition
//     turn
//     r4 = load y rlx
//     r5 = load x rlx until == r4 again  # the turn's last read: goes round again unless it holds
//     r2 = choose 2
//     lock m                       # r7 = cas m 0 1 acq rlx until == 0
//     unlock m                     # store m 0 rel
//     repeat 2                     # its block twice
//       r0 = add x 1 rlx
//     end
//
// Orders: na rlx acq rel ar sc. Registers: r0 to r7 of each thread, 0 at first.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_PROGRAM_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_PROGRAM_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer::oracle {

using Word = std::uint32_t;
inline constexpr int kRegisters = 8;
using Registers = std::array<Word, kRegisters>;

// A register plus a constant, or the constant alone.
struct Operand {
  int reg = -1;
  Word constant = 0;

  Word In(const Registers& registers) const {
    return constant + (reg >= 0 ? registers[reg] : Word{0});
  }
  friend bool operator==(const Operand&, const Operand&) = default;
};

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kAtLeast };

struct Condition {
  Comparison comparison = Comparison::kEqual;
  Operand right{};

  bool Holds(Word left, const Registers& registers) const;
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Statement {
  enum class Kind : std::uint8_t {
    kLoad,
    kStore,
    kUpdate,
    kFence,
    kIf,
    kAssume,
    kTurn,
    kChoose,
    kCreate,
    kJoin,
  };

  Kind kind = Kind::kLoad;
  int reg = 0;  // that takes the value read; of kIf and kAssume: the left side
  int location = 0;
  Order order = Order::kRelaxed;
  Operand operand{};  // stored; of a compare-exchange: the new value

  Rmw operation = Rmw::kExchange;
  Operand expected{};
  Order failure = Order::kRelaxed;
  bool weak = false;
  std::optional<Condition> until{};  // makes a load or update an await
  bool again = false;                // that ends a turn
  bool same = false;                 // that swaps only what the thread's last read of it read

  Condition condition{};
  bool spins = false;  // of kAssume: the end of a turn
  std::vector<Statement> then_block{};
  std::vector<Statement> else_block{};

  int thread = 0;   // of kCreate and kJoin
  int choices = 0;  // of kChoose

  friend bool operator==(const Statement&, const Statement&) = default;
};

struct Program {
  std::vector<std::string> locations;
  std::vector<Word> initial;
  // Whether thread 0 is the program's own; otherwise it creates the others and joins them.
  bool has_main = false;
  std::vector<std::vector<Statement>> threads;  // threads[0] is empty without has_main

  friend bool operator==(const Program&, const Program&) = default;
};

absl::StatusOr<Program> Parse(absl::string_view text);
std::string Print(const Program& program);
std::string Name(Order order);

// Memory operations and fences, those in both branches of an if counted.
int CountOperations(const Program& program);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_PROGRAM_H_
