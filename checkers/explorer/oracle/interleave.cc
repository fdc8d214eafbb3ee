// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/interleave.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/oracle/axioms.h"
#include "checkers/explorer/oracle/interpreter.h"
#include "checkers/explorer/oracle/signature.h"

namespace heddle::explorer::oracle {
namespace {

class Interleaver {
 public:
  explicit Interleaver(const Program& program) : program_(program) {
    for (const auto& thread : program.threads) code_.emplace_back(thread);
    execution_.co.resize(program.locations.size());
    states_.resize(program.threads.size());
  }

  std::set<std::string> Run() {
    Visit();
    return std::move(graphs_);
  }

 private:
  void Visit() {
    bool finished = true;
    for (std::size_t thread = 0; thread < code_.size(); ++thread) {
      const Statement* s = code_[thread].Next(states_[thread]);
      if (s == nullptr) continue;
      finished = false;
      if (s->kind == Statement::Kind::kAssume) continue;
      const int choices = s->kind == Statement::Kind::kChoose ? s->choices : 1;
      for (int choice = 0; choice < choices; ++choice) {
        const Execution execution = execution_;
        const std::vector<ThreadState> states = states_;
        if (Step(thread, *s, choice)) Visit();
        execution_ = execution;
        states_ = states;
      }
    }
    if (finished) graphs_.insert(Signature(program_, execution_));
  }

  int Append(Node node) {
    execution_.nodes.push_back(node);
    return static_cast<int>(execution_.nodes.size()) - 1;
  }

  void Write(Node node, Word value) {
    node.kind = Node::Kind::kWrite;
    node.value = value;
    const int write = Append(node);
    execution_.co[static_cast<std::size_t>(node.location)].push_back(write);
  }

  // False where the thread waits.
  bool Step(std::size_t thread, const Statement& s, int choice) {
    ThreadState& state = states_[thread];
    Node node{.thread = static_cast<int>(thread), .location = s.location};
    ++state.pc;
    if (s.kind == Statement::Kind::kTurn) return true;
    if (s.kind == Statement::Kind::kStore) {
      Write(node, s.operand.In(state.registers));
      return true;
    }
    if (s.kind == Statement::Kind::kFence || s.kind == Statement::Kind::kChoose) {
      const bool fence = s.kind == Statement::Kind::kFence;
      node.location = -1;
      node.kind = fence ? Node::Kind::kFence : Node::Kind::kChoose;
      node.value = static_cast<Word>(choice);
      if (!fence) state.registers[static_cast<std::size_t>(s.reg)] = node.value;
      Append(node);
      return true;
    }
    const auto location = static_cast<std::size_t>(s.location);
    const std::vector<int>& co = execution_.co[location];
    if (!co.empty()) node.reads_from = co.back();
    node.value = co.empty() ? program_.initial[location]
                            : execution_.nodes[static_cast<std::size_t>(co.back())].value;
    const Word old = node.value;
    if (s.until && !s.until->Holds(old, state.registers)) return false;
    Append(node);
    if (s.kind == Statement::Kind::kUpdate &&
        (s.operation != Rmw::kCompareExchange || old == s.expected.In(state.registers))) {
      node.update = true;
      node.reads_from = -1;
      Write(node, Modified(s, old, state.registers));
    }
    state.registers[static_cast<std::size_t>(s.reg)] = old;
    return true;
  }

  const Program& program_;
  std::vector<Code> code_;
  Execution execution_;
  std::vector<ThreadState> states_;
  std::set<std::string> graphs_;
};

}  // namespace

std::set<std::string> Interleave(const Program& program) { return Interleaver(program).Run(); }

}  // namespace heddle::explorer::oracle
