// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/interleave.h"

#include <algorithm>
#include <cstddef>
#include <map>
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

  std::map<std::string, int> Run() {
    Visit(-1, 0);
    return std::move(graphs_);
  }

 private:
  void Visit(int last, int preemptions) {
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
        const int more = last < 0 || last == static_cast<int>(thread) || IsFree(last) ? 0 : 1;
        if (Step(thread, *s, choice)) Visit(static_cast<int>(thread), preemptions + more);
        execution_ = execution;
        states_ = states;
      }
    }
    if (!finished) return;
    const auto [graph, is_new] = graphs_.try_emplace(Signature(program_, execution_), preemptions);
    graph->second = std::min(graph->second, preemptions);
  }

  // Whether to leave the thread is no preemption.
  bool IsFree(int thread) {
    const Code& code = code_[static_cast<std::size_t>(thread)];
    ThreadState state = states_[static_cast<std::size_t>(thread)];
    const Statement* next = code.Next(state);
    while (next != nullptr && next->kind == Statement::Kind::kTurn) {
      ++state.pc;
      next = code.Next(state);
    }
    return next == nullptr || next->until.has_value() || next->kind == Statement::Kind::kAssume;
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
    const bool swaps =
        s.kind == Statement::Kind::kUpdate &&
        (s.operation != Rmw::kCompareExchange || old == s.expected.In(state.registers));
    if (s.same && swaps ? node.reads_from != LastRead(execution_, node.thread, s.location)
                        : s.until && !s.until->Holds(old, state.registers)) {
      return false;
    }
    Append(node);
    if (swaps) {
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
  std::map<std::string, int> graphs_;  // with their preemptions
};

}  // namespace

std::map<std::string, int> InterleavingPreemptions(const Program& program) {
  return Interleaver(program).Run();
}

std::set<std::string> Interleave(const Program& program) {
  std::set<std::string> graphs;
  for (const auto& [graph, preemptions] : InterleavingPreemptions(program)) graphs.insert(graph);
  return graphs;
}

}  // namespace heddle::explorer::oracle
