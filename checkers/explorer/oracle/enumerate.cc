// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/enumerate.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "checkers/explorer/oracle/interpreter.h"
#include "checkers/explorer/oracle/relation.h"
#include "checkers/explorer/oracle/signature.h"

namespace heddle::explorer::oracle {
namespace {

// A graph under construction.
struct Partial {
  struct Thread {
    int create = -1;  // the event that created it
    bool started = false;
    int finish = -1;  // its last event
    bool done = false;
  };

  Execution execution;
  std::vector<ThreadState> states;
  std::vector<Thread> threads;
};

class Enumerator {
 public:
  Enumerator(const Program& program, const ModelOptions& options, std::size_t max_states)
      : program_(program), options_(options), max_states_(max_states) {
    for (const auto& thread : program.threads) code_.emplace_back(thread);
  }

  Explored Run() {
    Partial partial;
    partial.execution.co.resize(program_.locations.size());
    partial.states.resize(program_.threads.size());
    partial.threads.resize(program_.threads.size());
    for (Partial::Thread& thread : partial.threads) thread.started = !program_.has_main;
    partial.threads[0].started = true;
    Visit(std::move(partial));
    return std::move(result_);
  }

 private:
  const Statement* Next(Partial& partial, std::size_t thread) const {
    return code_[thread].Next(partial.states[thread]);
  }
  const Statement* Next(const Partial& partial, std::size_t thread) const {
    ThreadState state = partial.states[thread];
    return code_[thread].Next(state);
  }

  int Append(Partial& partial, Node node) const {
    partial.execution.nodes.push_back(node);
    return static_cast<int>(partial.execution.nodes.size()) - 1;
  }

  Word ValueOf(const Partial& partial, int location, int write) const {
    return write < 0 ? program_.initial[location] : partial.execution.nodes[write].value;
  }

  // Each complete graph that continues `partial` has, of the threads' next events, all that are not
  // reads, and at least one of the reads reads from what is there already.
  void Visit(Partial partial) {
    if (result_.cut) return;
    for (;;) {
      switch (Advance(partial)) {
        case Advanced::kStep:
          continue;
        case Advanced::kBranched:
          return;
        case Advanced::kNothing:
          break;
      }
      break;
    }
    if (!seen_.insert(Signature(program_, partial.execution)).second) return;
    if (++result_.states > max_states_ ||
        partial.execution.nodes.size() + partial.execution.co.size() + 8 > kMaxEvents) {
      result_.cut = true;
      return;
    }
    End(partial);
    for (std::size_t thread = 0; thread < partial.threads.size(); ++thread) {
      if (!partial.threads[thread].started || partial.threads[thread].done) continue;
      const Statement* s = Next(partial, thread);
      if (s->kind == Statement::Kind::kLoad || s->kind == Statement::Kind::kUpdate) {
        Read(partial, thread, *s);
      }
    }
  }

  enum class Advanced { kNothing, kStep, kBranched };

  // Events other than reads.
  Advanced Advance(Partial& partial) {
    for (std::size_t t = 0; t < partial.threads.size(); ++t) {
      Partial::Thread& thread = partial.threads[t];
      if (!thread.started) {
        if (thread.create < 0) continue;
        thread.started = true;
        Append(partial, {.kind = Node::Kind::kThread,
                         .thread = static_cast<int>(t),
                         .synchronizes = thread.create});
        return Advanced::kStep;
      }
      if (thread.done) continue;
      const Statement* s = Next(partial, t);
      Node node{.kind = Node::Kind::kThread, .thread = static_cast<int>(t)};
      if (s == nullptr) {
        thread.done = true;
        if (program_.has_main) thread.finish = Append(partial, node);
        return Advanced::kStep;
      }
      switch (s->kind) {
        case Statement::Kind::kFence:
          node.kind = Node::Kind::kFence;
          node.order = s->order;
          Append(partial, node);
          break;
        case Statement::Kind::kCreate:
          partial.threads[s->thread].create = Append(partial, node);
          break;
        case Statement::Kind::kJoin:
          if (!partial.threads[s->thread].done) continue;
          node.synchronizes = partial.threads[s->thread].finish;
          Append(partial, node);
          break;
        case Statement::Kind::kTurn:
          partial.states[t].turn = static_cast<int>(partial.execution.nodes.size());
          break;
        case Statement::Kind::kChoose:
          Choose(partial, t, *s);
          return Advanced::kBranched;
        case Statement::Kind::kStore:
          Store(partial, t, *s);
          return Advanced::kBranched;
        default:
          continue;
      }
      ++partial.states[t].pc;
      return Advanced::kStep;
    }
    return Advanced::kNothing;
  }

  void Choose(const Partial& partial, std::size_t thread, const Statement& s) {
    for (int choice = 0; choice < s.choices; ++choice) {
      Partial next = partial;
      Append(next, {.kind = Node::Kind::kChoose,
                    .thread = static_cast<int>(thread),
                    .value = static_cast<Word>(choice)});
      next.states[thread].registers[s.reg] = static_cast<Word>(choice);
      ++next.states[thread].pc;
      Visit(std::move(next));
    }
  }

  void Store(const Partial& partial, std::size_t thread, const Statement& s) {
    for (std::size_t place = 0; place <= partial.execution.co[s.location].size(); ++place) {
      Partial next = partial;
      const Word value = s.operand.In(next.states[thread].registers);
      const int write = Append(next, {.kind = Node::Kind::kWrite,
                                      .thread = static_cast<int>(thread),
                                      .location = s.location,
                                      .order = s.order,
                                      .value = value});
      std::vector<int>& co = next.execution.co[s.location];
      co.insert(co.begin() + static_cast<std::ptrdiff_t>(place), write);
      ++next.states[thread].pc;
      if (Consistent(next.execution, options_)) Visit(std::move(next));
    }
  }

  void Read(const Partial& partial, std::size_t thread, const Statement& s) {
    const std::vector<int>& co = partial.execution.co[s.location];
    for (int place = -1; place < static_cast<int>(co.size()); ++place) {
      const int write = place < 0 ? -1 : co[place];
      const Registers& registers = partial.states[thread].registers;
      const Word value = ValueOf(partial, s.location, write);
      const bool compares = s.operation == Rmw::kCompareExchange;
      const bool equal = value == s.expected.In(registers);
      if (s.same && equal
              ? write != LastRead(partial.execution, static_cast<int>(thread), s.location)
              : s.until && !s.until->Holds(value, registers)) {
        continue;
      }
      if (s.kind == Statement::Kind::kUpdate && (!compares || equal)) {
        ReadAndWrite(partial, thread, s, place, Modified(s, value, registers));
      }
      if (s.kind == Statement::Kind::kLoad || (compares && (!equal || s.weak))) {
        const Order order = s.kind == Statement::Kind::kLoad ? s.order : s.failure;
        ReadOnly(partial, thread, s, write, order);
      }
    }
  }

  Partial AfterRead(const Partial& partial, std::size_t thread, const Statement& s, int write,
                    Order order) const {
    Partial next = partial;
    const Word value = ValueOf(partial, s.location, write);
    Append(next, {.kind = Node::Kind::kRead,
                  .thread = static_cast<int>(thread),
                  .location = s.location,
                  .order = order,
                  .value = value,
                  .reads_from = write});
    next.states[thread].registers[s.reg] = value;
    ++next.states[thread].pc;
    return next;
  }

  void ReadOnly(const Partial& partial, std::size_t thread, const Statement& s, int write,
                Order order) {
    Partial next = AfterRead(partial, thread, s, write, order);
    if (Consistent(next.execution, options_)) Visit(std::move(next));
  }

  void ReadAndWrite(const Partial& partial, std::size_t thread, const Statement& s, int place,
                    Word value) {
    const int write = place < 0 ? -1 : partial.execution.co[s.location][place];
    Partial next = AfterRead(partial, thread, s, write, s.order);
    const int update = Append(next, {.kind = Node::Kind::kWrite,
                                     .thread = static_cast<int>(thread),
                                     .location = s.location,
                                     .order = s.order,
                                     .value = value,
                                     .update = true});
    std::vector<int>& co = next.execution.co[s.location];
    co.insert(co.begin() + place + 1, update);
    if (Consistent(next.execution, options_)) Visit(std::move(next));
  }

  // Of a turn that a thread goes round in.
  bool InTurn(const Partial& partial, int event) const {
    const auto thread = static_cast<std::size_t>(partial.execution.nodes[event].thread);
    if (!partial.threads[thread].started || partial.threads[thread].done) return false;
    return event >= partial.states[thread].turn && Next(partial, thread)->spins;
  }

  // All that the thread's turn has read is what a next turn would read, and what it has written has
  // been overwritten only by turns that go round too. Where somebody else has come in between the
  // turn is not known to be the one that is made again and again.
  bool NothingNewer(const Partial& partial, std::size_t thread) const {
    const Execution& execution = partial.execution;
    for (auto i = static_cast<std::size_t>(partial.states[thread].turn); i < execution.nodes.size();
         ++i) {
      const Node& node = execution.nodes[i];
      if (node.thread != static_cast<int>(thread)) continue;
      if (node.kind != Node::Kind::kRead && node.kind != Node::Kind::kWrite) continue;
      const std::vector<int>& co = execution.co[static_cast<std::size_t>(node.location)];
      if (node.kind == Node::Kind::kWrite) {
        const auto written = std::find(co.begin(), co.end(), static_cast<int>(i));
        if (!std::all_of(written, co.end(), [&](int later) { return InTurn(partial, later); })) {
          return false;
        }
      } else if (node.value != ValueOf(partial, node.location, co.empty() ? -1 : co.back())) {
        return false;
      }
    }
    return true;
  }

  // Notes a graph that is complete, or in which somebody waits for ever.
  void End(Partial& partial) {
    bool finished = true;
    bool waits = true;  // who has not finished
    for (std::size_t t = 0; t < partial.threads.size(); ++t) {
      const Partial::Thread& thread = partial.threads[t];
      if (thread.done || !thread.started) continue;
      finished = false;
      const Statement& s = *Next(partial, t);
      if (s.kind == Statement::Kind::kJoin) continue;
      if (s.spins && NothingNewer(partial, t)) continue;
      if (s.until && !s.same) {
        const std::vector<int>& co = partial.execution.co[s.location];
        const Word newest = ValueOf(partial, s.location, co.empty() ? -1 : co.back());
        if (!s.until->Holds(newest, partial.states[t].registers) &&
            (!s.again || NothingNewer(partial, t))) {
          continue;
        }
      }
      waits = false;
    }
    if (finished) {
      result_.graphs.insert(Signature(program_, partial.execution));
      result_.outcomes.insert(Outcome(program_, partial.execution, partial.states));
    } else if (waits) {
      result_.hangs = true;
    }
  }

  const Program& program_;
  const ModelOptions options_;
  const std::size_t max_states_;
  std::vector<Code> code_;
  absl::flat_hash_set<std::string> seen_;
  Explored result_;
};

}  // namespace

Explored Enumerate(const Program& program, const ModelOptions& options, std::size_t max_states) {
  return Enumerator(program, options, max_states).Run();
}

}  // namespace heddle::explorer::oracle
