// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/program.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::explorer::oracle {
namespace {

std::string Text(const Operand& operand) {
  if (operand.reg < 0) return absl::StrCat(operand.constant);
  const std::string name = absl::StrCat("r", operand.reg);
  if (operand.constant == 0) return name;
  const auto offset = static_cast<std::int32_t>(operand.constant);
  return offset > 0 ? absl::StrCat(name, "+", offset) : absl::StrCat(name, offset);
}

std::string Text(const Condition& condition) {
  constexpr absl::string_view kNames[] = {"==", "!=", ">="};
  return absl::StrCat(kNames[static_cast<std::size_t>(condition.comparison)], " ",
                      Text(condition.right));
}

std::string Text(const Program& program, const Statement& s) {
  const std::string until = s.until ? absl::StrCat(" until ", Text(*s.until),
                                                   s.again ? " again" : "", s.same ? " same" : "")
                                    : "";
  const std::string target = absl::StrCat("r", s.reg, " = ");
  const std::string location =
      s.location < static_cast<int>(program.locations.size()) ? program.locations[s.location] : "";
  switch (s.kind) {
    case Statement::Kind::kLoad:
      return absl::StrCat(target, "load ", location, " ", Name(s.order), until);
    case Statement::Kind::kStore:
      return absl::StrCat("store ", location, " ", Text(s.operand), " ", Name(s.order));
    case Statement::Kind::kUpdate:
      if (s.operation == Rmw::kCompareExchange) {
        return absl::StrCat(target, s.weak ? "wcas " : "cas ", location, " ", Text(s.expected), " ",
                            Text(s.operand), " ", Name(s.order), " ", Name(s.failure), until);
      } else {
        constexpr absl::string_view kNames[] = {"xchg", "add", "sub", "and", "or", "xor", "nand"};
        return absl::StrCat(target, kNames[static_cast<std::size_t>(s.operation)], " ", location,
                            " ", Text(s.operand), " ", Name(s.order), until);
      }
    case Statement::Kind::kFence:
      return absl::StrCat("fence ", Name(s.order));
    case Statement::Kind::kIf:
      return absl::StrCat("if r", s.reg, " ", Text(s.condition));
    case Statement::Kind::kAssume:
      return absl::StrCat(s.spins ? "spin r" : "assume r", s.reg, " ", Text(s.condition));
    case Statement::Kind::kTurn:
      return "turn";
    case Statement::Kind::kChoose:
      return absl::StrCat(target, "choose ", s.choices);
    case Statement::Kind::kCreate:
      return absl::StrCat("create ", s.thread);
    case Statement::Kind::kJoin:
      return absl::StrCat("join ", s.thread);
  }
  return "";
}

void PrintBlock(const Program& program, const std::vector<Statement>& block, int depth,
                std::string& out) {
  const std::string indent(2 * depth, ' ');
  for (const Statement& statement : block) {
    absl::StrAppend(&out, indent, Text(program, statement), "\n");
    if (statement.kind != Statement::Kind::kIf) continue;
    PrintBlock(program, statement.then_block, depth + 1, out);
    if (!statement.else_block.empty()) {
      absl::StrAppend(&out, indent, "else\n");
      PrintBlock(program, statement.else_block, depth + 1, out);
    }
    absl::StrAppend(&out, indent, "end\n");
  }
}

int CountBlock(const std::vector<Statement>& block) {
  int count = 0;
  for (const Statement& s : block) {
    const bool operation = s.kind == Statement::Kind::kLoad || s.kind == Statement::Kind::kStore ||
                           s.kind == Statement::Kind::kUpdate || s.kind == Statement::Kind::kFence;
    count += operation ? 1 : 0;
    count += CountBlock(s.then_block) + CountBlock(s.else_block);
  }
  return count;
}

}  // namespace

bool Condition::Holds(Word left, const Registers& registers) const {
  const Word value = right.In(registers);
  switch (comparison) {
    case Comparison::kEqual:
      return left == value;
    case Comparison::kNotEqual:
      return left != value;
    case Comparison::kAtLeast:
      return left >= value;
  }
  return false;
}

std::string Name(Order order) {
  constexpr absl::string_view kNames[] = {"na", "rlx", "acq", "rel", "ar", "sc"};
  return std::string(kNames[static_cast<std::size_t>(order)]);
}

std::string Print(const Program& program) {
  std::string out;
  for (std::size_t i = 0; i < program.locations.size(); ++i) {
    if (program.initial[i] != 0) {
      absl::StrAppend(&out, "init ", program.locations[i], " ", program.initial[i], "\n");
    }
  }
  for (std::size_t i = program.has_main ? 0 : 1; i < program.threads.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "main\n" : "thread\n");
    PrintBlock(program, program.threads[i], 1, out);
  }
  return out;
}

int CountOperations(const Program& program) {
  int count = 0;
  for (const auto& thread : program.threads) count += CountBlock(thread);
  return count;
}

}  // namespace heddle::explorer::oracle
