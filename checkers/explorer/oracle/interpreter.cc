// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/interpreter.h"

#include <cstddef>
#include <vector>

namespace heddle::explorer::oracle {

Word Modified(const Statement& s, Word old, const Registers& registers) {
  const Word operand = s.operand.In(registers);
  switch (s.operation) {
    case Rmw::kExchange:
    case Rmw::kCompareExchange:
      return operand;
    case Rmw::kAdd:
      return old + operand;
    case Rmw::kSub:
      return old - operand;
    case Rmw::kAnd:
      return old & operand;
    case Rmw::kOr:
      return old | operand;
    case Rmw::kXor:
      return old ^ operand;
    case Rmw::kNand:
      return ~(old & operand);
  }
  return 0;
}

void Code::Append(const std::vector<Statement>& block) {
  for (const Statement& statement : block) {
    const std::size_t at = steps_.size();
    steps_.push_back({.statement = &statement});
    if (statement.kind != Statement::Kind::kIf) continue;
    Append(statement.then_block);
    const std::size_t jump = steps_.size();
    steps_.push_back({});
    steps_[at].otherwise = static_cast<int>(steps_.size());
    Append(statement.else_block);
    steps_[jump].otherwise = static_cast<int>(steps_.size());
  }
}

const Statement* Code::Next(ThreadState& state) const {
  while (state.pc < static_cast<int>(steps_.size())) {
    const Step& step = steps_[state.pc];
    if (step.statement == nullptr) {
      state.pc = step.otherwise;
      continue;
    }
    const Statement& s = *step.statement;
    if (s.kind != Statement::Kind::kIf && s.kind != Statement::Kind::kAssume) return &s;
    const bool holds = s.condition.Holds(state.registers[s.reg], state.registers);
    if (s.kind == Statement::Kind::kAssume && !holds) return &s;
    state.pc = holds || s.kind == Statement::Kind::kAssume ? state.pc + 1 : step.otherwise;
  }
  return nullptr;
}

}  // namespace heddle::explorer::oracle
