// SPDX-License-Identifier: Apache-2.0
//
// Runs a thread of a Program up to its next operation.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERPRETER_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERPRETER_H_

#include <vector>

#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

struct ThreadState {
  int pc = 0;
  int turn = 0;  // the first of its events in the current turn of a loop
  Registers registers{};
};

// What a read-modify-write makes of `old`; a compare-exchange: that succeeds.
Word Modified(const Statement& s, Word old, const Registers& registers);

class Code {
 public:
  // Keeps pointers into `block`.
  explicit Code(const std::vector<Statement>& block) { Append(block); }

  // The operation at which the thread stands (never kIf), null at its end. Takes branches and
  // assumptions that hold; stands at one that does not.
  const Statement* Next(ThreadState& state) const;

 private:
  struct Step {
    const Statement* statement = nullptr;
    int otherwise = 0;  // where kIf goes on when its condition does not hold; a jump without one
  };

  void Append(const std::vector<Statement>& block);

  std::vector<Step> steps_;
};

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_INTERPRETER_H_
