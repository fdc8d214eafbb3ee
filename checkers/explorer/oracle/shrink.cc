// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>
#include <vector>

#include "checkers/explorer/oracle/compare.h"
#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {
namespace {

using Block = std::vector<Statement>;

// Programs with one step less, of all kinds.
class Smaller {
 public:
  explicit Smaller(const Program& program) : program_(program) {}

  std::vector<Program> Run() {
    Threads();
    for (std::size_t thread = 0; thread < program_.threads.size(); ++thread) {
      copy_ = program_;
      Visit(program_.threads[thread], copy_.threads[thread]);
    }
    for (Word& initial : copy_.initial) {
      if (initial == 0) continue;
      const Word was = std::exchange(initial, 0);
      found_.push_back(copy_);
      initial = was;
    }
    return std::move(found_);
  }

 private:
  void Threads() {
    for (std::size_t thread = 1; thread < program_.threads.size(); ++thread) {
      Program without = program_;
      without.threads.erase(without.threads.begin() + static_cast<std::ptrdiff_t>(thread));
      Block main;
      for (Statement s : without.threads[0]) {
        if (IsThreads(s)) {
          if (s.thread == static_cast<int>(thread)) continue;
          if (s.thread > static_cast<int>(thread)) --s.thread;
        }
        main.push_back(std::move(s));
      }
      without.threads[0] = std::move(main);
      found_.push_back(std::move(without));
    }
    if (!program_.has_main) return;
    Program without = program_;
    without.has_main = false;
    without.threads[0].clear();
    found_.push_back(std::move(without));
  }

  static bool IsThreads(const Statement& s) {
    return s.kind == Statement::Kind::kCreate || s.kind == Statement::Kind::kJoin;
  }

  // `copy`, a block of copy_, is what `block` is; it is changed and put right again.
  void Visit(const Block& block, Block& copy) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (block[i].kind != Statement::Kind::kCreate) {
        Try(block, copy, [&](Block& b) { b.erase(b.begin() + static_cast<std::ptrdiff_t>(i)); });
      }
      if (block[i].kind == Statement::Kind::kIf) {
        Inline(block, copy, i, block[i].then_block);
        Inline(block, copy, i, block[i].else_block);
        Visit(block[i].then_block, copy[i].then_block);
        Visit(block[i].else_block, copy[i].else_block);
      }
      Simplify(block, copy, i);
    }
  }

  void Inline(const Block& block, Block& copy, std::size_t i, const Block& inner) {
    Try(block, copy, [&](Block& b) {
      b.erase(b.begin() + static_cast<std::ptrdiff_t>(i));
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(i), inner.begin(), inner.end());
    });
  }

  void Simplify(const Block& block, Block& copy, std::size_t i) {
    const Statement& s = block[i];
    if (s.same) return;  // only of a compare-exchange behind a load
    if (s.until) Try(block, copy, [&](Block& b) { b[i].until.reset(); });
    if (s.weak) Try(block, copy, [&](Block& b) { b[i].weak = false; });
    const bool fence = s.kind == Statement::Kind::kFence;
    if (!fence && s.order != Order::kRelaxed) {
      Try(block, copy, [&](Block& b) { b[i].order = Order::kRelaxed; });
    }
    if (s.failure != Order::kRelaxed) {
      Try(block, copy, [&](Block& b) { b[i].failure = Order::kRelaxed; });
    }
    if (s.operand.reg >= 0) {
      Try(block, copy, [&](Block& b) { b[i].operand = {.reg = -1, .constant = 1}; });
    }
    if (s.kind == Statement::Kind::kUpdate) {
      Try(block, copy, [&](Block& b) { b[i].kind = Statement::Kind::kLoad; });
    }
  }

  template <typename Change>
  void Try(const Block& block, Block& copy, const Change& change) {
    change(copy);
    found_.push_back(copy_);
    copy = block;
  }

  const Program& program_;
  Program copy_;
  std::vector<Program> found_;
};

}  // namespace

Program Shrink(Program program, const CompareOptions& options) {
  // A search that is merely slow is no smaller case of one that goes wrong.
  const bool timed_out = CompareApart(program, options).timed_out;
  CompareOptions quick = options;
  quick.timeout_seconds = 2;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (Program& candidate : Smaller(program).Run()) {
      const Compared compared = CompareApart(candidate, quick);
      if (compared.difference.empty() || compared.timed_out != timed_out) continue;
      program = std::move(candidate);
      smaller = true;
      break;
    }
  }
  return program;
}

}  // namespace heddle::explorer::oracle
