// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {
namespace {

constexpr int kMutexRegister = kRegisters - 1;

class Parser {
 public:
  explicit Parser(absl::string_view text) {
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      line = line.substr(0, line.find('#'));
      lines_.push_back(absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty()));
    }
  }

  absl::StatusOr<Program> Parse() {
    program_.threads.emplace_back();
    while (error_.empty() && SkipEmpty()) {
      const std::vector<std::string>& words = lines_[line_];
      if (words[0] == "init" && words.size() == 3) {
        const int location = Location(words[1]);
        program_.initial[location] = Number(words[2]);
        ++line_;
      } else if (words[0] == "main" && words.size() == 1) {
        if (program_.has_main) Fail("a second main");
        program_.has_main = true;
        ++line_;
        program_.threads[0] = Block();
      } else if (words[0] == "thread" && words.size() == 1) {
        ++line_;
        program_.threads.push_back(Block());
      } else {
        Fail("expected init, main or thread");
      }
    }
    if (error_.empty() && program_.threads.size() > static_cast<std::size_t>(kMaxThreads)) {
      Fail("too many threads");
    }
    if (error_.empty()) CheckThreads();
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    return program_;
  }

 private:
  bool SkipEmpty() {
    while (line_ < lines_.size() && lines_[line_].empty()) ++line_;
    return line_ < lines_.size();
  }

  void Fail(absl::string_view what) {
    if (error_.empty()) error_ = absl::StrCat("line ", line_ + 1, ": ", what);
  }

  // Threads are created and joined by main only, outside of branches, each once.
  void CheckThreads() {
    std::vector<int> created(program_.threads.size());
    std::vector<int> joined(program_.threads.size());
    for (std::size_t i = 0; i < program_.threads.size(); ++i) {
      for (const Statement& s : program_.threads[i]) {
        const bool create = s.kind == Statement::Kind::kCreate;
        if (!create && s.kind != Statement::Kind::kJoin) continue;
        const auto other = static_cast<std::size_t>(s.thread);
        if (i != 0 || other < 1 || other >= created.size() ||
            ++(create ? created : joined)[other] > 1 || created[other] == 0) {
          error_ = absl::StrCat("thread ", s.thread, " cannot be created or joined here");
        }
      }
    }
  }

  // Up to what can stand in no block.
  std::vector<Statement> Block() {
    std::vector<Statement> block;
    while (error_.empty() && SkipEmpty()) {
      const std::string& first = lines_[line_][0];
      if (first == "thread" || first == "main" || first == "init" || first == "else" ||
          first == "end") {
        break;
      }
      ParseStatement(block);
    }
    return block;
  }

  void End() {
    if (!SkipEmpty() || lines_[line_][0] != "end") return Fail("expected end");
    ++line_;
  }

  void ParseStatement(std::vector<Statement>& block) {
    words_ = lines_[line_];
    at_ = 0;
    Statement statement;
    const std::string first = Word_();
    if (first == "repeat") {
      const Word times = Number(Word_());
      LineEnd();
      const std::vector<Statement> body = Block();
      End();
      for (Word i = 0; i < times && i < 64; ++i)
        block.insert(block.end(), body.begin(), body.end());
      return;
    }
    if (first == "if") {
      statement.kind = Statement::Kind::kIf;
      statement.reg = Register(Word_());
      statement.condition = ParseCondition();
      LineEnd();
      ++depth_;
      statement.then_block = Block();
      if (SkipEmpty() && lines_[line_][0] == "else") {
        ++line_;
        statement.else_block = Block();
      }
      --depth_;
      End();
    } else {
      Simple(first, statement);
      LineEnd();
    }
    block.push_back(std::move(statement));
  }

  void Simple(const std::string& first, Statement& s) {
    if (first == "store") {
      s.kind = Statement::Kind::kStore;
      s.location = Location(Word_());
      s.operand = ParseOperand(Word_());
      s.order = ParseOrder(Word_());
    } else if (first == "fence") {
      s.kind = Statement::Kind::kFence;
      s.order = ParseOrder(Word_());
    } else if (first == "turn") {
      s.kind = Statement::Kind::kTurn;
    } else if (first == "assume" || first == "spin") {
      s.kind = Statement::Kind::kAssume;
      s.spins = first == "spin";
      s.reg = Register(Word_());
      s.condition = ParseCondition();
    } else if ((first == "create" || first == "join") && depth_ == 0) {
      s.kind = first == "create" ? Statement::Kind::kCreate : Statement::Kind::kJoin;
      s.thread = static_cast<int>(Number(Word_()));
    } else if (first == "lock") {
      s.kind = Statement::Kind::kUpdate;
      s.operation = Rmw::kCompareExchange;
      s.reg = kMutexRegister;
      s.location = Location(Word_());
      s.operand.constant = 1;
      s.order = Order::kAcquire;
      s.until = Condition{};
    } else if (first == "unlock") {
      s.kind = Statement::Kind::kStore;
      s.location = Location(Word_());
      s.order = Order::kRelease;
    } else {
      Assignment(first, s);
    }
  }

  void Assignment(const std::string& target, Statement& s) {
    s.reg = Register(target);
    if (Word_() != "=") return Fail("expected =");
    const std::string operation = Word_();
    if (operation == "choose") {
      s.kind = Statement::Kind::kChoose;
      s.choices = static_cast<int>(Number(Word_()));
      if (s.choices < 1) Fail("expected at least one choice");
      return;
    }
    s.location = Location(Word_());
    if (operation == "load") {
      s.order = ParseOrder(Word_());
    } else if (operation == "cas" || operation == "wcas") {
      s.kind = Statement::Kind::kUpdate;
      s.operation = Rmw::kCompareExchange;
      s.weak = operation == "wcas";
      s.expected = ParseOperand(Word_());
      s.operand = ParseOperand(Word_());
      s.order = ParseOrder(Word_());
      s.failure = ParseOrder(Word_());
    } else {
      constexpr absl::string_view kNames[] = {"xchg", "add", "sub", "and", "or", "xor", "nand"};
      const auto* found = std::find(std::begin(kNames), std::end(kNames), operation);
      if (found == std::end(kNames)) return Fail(absl::StrCat("unknown operation ", operation));
      s.kind = Statement::Kind::kUpdate;
      s.operation = static_cast<Rmw>(found - std::begin(kNames));
      s.operand = ParseOperand(Word_());
      s.order = ParseOrder(Word_());
    }
    if (at_ < words_.size() && words_[at_] == "until") {
      ++at_;
      s.until = ParseCondition();
      s.again = at_ < words_.size() && words_[at_] == "again";
      if (s.again) ++at_;
      s.same = at_ < words_.size() && words_[at_] == "same";
      if (s.same) ++at_;
    }
  }

  std::string Word_() {
    if (at_ == words_.size()) {
      Fail("the line is too short");
      return "";
    }
    return words_[at_++];
  }

  void LineEnd() {
    if (at_ != words_.size()) Fail(absl::StrCat("unexpected ", words_[at_]));
    ++line_;
  }

  Word Number(const std::string& word) {
    Word number = 0;
    if (!absl::SimpleAtoi(word, &number)) Fail(absl::StrCat("expected a number: ", word));
    return number;
  }

  int Register(absl::string_view word) {
    int number = -1;
    if (word.substr(0, 1) != "r" || !absl::SimpleAtoi(word.substr(1), &number) || number < 0 ||
        number >= kRegisters) {
      Fail(absl::StrCat("expected a register: ", word));
      return 0;
    }
    return number;
  }

  Operand ParseOperand(const std::string& word) {
    if (word.substr(0, 1) != "r") return {.reg = -1, .constant = Number(word)};
    const std::size_t sign = word.find_first_of("+-");
    Operand operand{.reg = Register(absl::string_view(word).substr(0, sign)), .constant = 0};
    if (sign != std::string::npos) {
      operand.constant = Number(word.substr(sign + 1));
      if (word[sign] == '-') operand.constant = -operand.constant;
    }
    return operand;
  }

  Condition ParseCondition() {
    const std::string comparison = Word_();
    Condition condition;
    if (comparison == "!=") {
      condition.comparison = Comparison::kNotEqual;
    } else if (comparison == ">=") {
      condition.comparison = Comparison::kAtLeast;
    } else if (comparison != "==") {
      Fail(absl::StrCat("unknown comparison ", comparison));
    }
    condition.right = ParseOperand(Word_());
    return condition;
  }

  Order ParseOrder(const std::string& word) {
    for (const Order order : {Order::kPlain, Order::kRelaxed, Order::kAcquire, Order::kRelease,
                              Order::kAcqRel, Order::kSeqCst}) {
      if (Name(order) == word) return order;
    }
    Fail(absl::StrCat("unknown order ", word));
    return Order::kRelaxed;
  }

  int Location(const std::string& name) {
    auto found = std::find(program_.locations.begin(), program_.locations.end(), name);
    if (found == program_.locations.end()) {
      program_.locations.push_back(name);
      program_.initial.push_back(0);
      found = program_.locations.end() - 1;
    }
    return static_cast<int>(found - program_.locations.begin());
  }

  std::vector<std::vector<std::string>> lines_;
  std::size_t line_ = 0;
  std::vector<std::string> words_;  // of the line
  std::size_t at_ = 0;
  int depth_ = 0;  // of branches
  Program program_;
  std::string error_;
};

}  // namespace

absl::StatusOr<Program> Parse(absl::string_view text) { return Parser(text).Parse(); }

}  // namespace heddle::explorer::oracle
