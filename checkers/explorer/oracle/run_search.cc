// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/run_search.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/oracle/interpreter.h"
#include "checkers/explorer/oracle/signature.h"
#include "checkers/explorer/search/program_clocks.h"

namespace heddle::explorer::oracle {
namespace {

constexpr std::uint8_t kSize = sizeof(Word);

class Until final : public Admits {
 public:
  Until(const Condition& condition, const Registers& registers, int turn, int partner,
        std::optional<Value> expected)
      : condition_(condition),
        registers_(registers),
        turn_(turn),
        partner_(partner),
        expected_(expected) {}
  bool operator()(Value value) override {
    return value == expected_ || condition_.Holds(static_cast<Word>(value), registers_);
  }
  int turn() const override { return turn_; }
  bool elsewhere() const override { return partner_ >= 0; }
  int partner() const override { return partner_; }
  bool MayFail(Value value) override { return (*this)(value); }

 private:
  const Condition& condition_;
  const Registers& registers_;
  const int turn_;
  const int partner_;
  const std::optional<Value> expected_;  // of a step's compare-exchange
};

Site SiteOf(int thread, const ThreadState& state) {
  return 0x1000 * (static_cast<Site>(thread) + 1) + static_cast<Site>(state.pc);
}

class Runner {
 public:
  Runner(const Program& program, const Options& options, const RunOptions& run)
      : program_(program), options_(options), run_(run), search_(options) {
    if (!program.has_main) {
      for (const auto create : {true, false}) {
        for (std::size_t thread = 1; thread < program.threads.size(); ++thread) {
          main_.push_back({.kind = create ? Statement::Kind::kCreate : Statement::Kind::kJoin,
                           .thread = static_cast<int>(thread)});
        }
      }
    }
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
      code_.emplace_back(i == 0 && !program.has_main ? main_ : program.threads[i]);
    }
  }

  Searched Run() {
    if (run_.ask_after != 0) search_.Estimate();
    while (search_.Begin()) {
      // It has started anew, without symmetry.
      if (executions_ > 0 && search_.counts().events == 0) result_ = {};
      Execute();
      if (!result_.failure.empty()) break;
      const std::uint64_t executions = ++executions_;
      const Counts& counts = search_.counts();
      if (counts.complete + counts.blocked == run_.ask_after) result_.done = search_.Done();
      if (executions == run_.reset_after) {
        search_.Reset();
        result_ = {};
      }
      if (executions == run_.split_after) {
        for (std::size_t pieces = search_.Split(); pieces > 0; --pieces) {
          search_.ChoosePiece(pieces / 2);
          while (search_.Begin()) Execute();
        }
        break;
      }
    }
    result_.counts = search_.counts();
    result_.left_out = search_.LeftOut();
    result_.symmetric = search_.Symmetric();
    const bool exhaustive = options_.strategy == Strategy::kExhaustive;
    if (result_.failure.empty() && exhaustive && !search_.Complete()) {
      result_.failure = "the search was cut";
    }
    return std::move(result_);
  }

  // Runs the one graph of the text; its signature.
  std::string Replay(const std::string& text) {
    if (!search_.Restore(text)) return "cannot be restored";
    if (!search_.Begin()) return "is not explored after it was restored";
    Execute();
    if (search_.Begin()) return "is not the only one after it was restored";
    return result_.graphs.empty() ? "is not complete after it was restored"
                                  : *result_.graphs.begin();
  }

 private:
  void Execute() {
    states_.assign(code_.size(), {});
    places_.assign(search_.graph().locations(), -1);
    program_thread_.assign(kMaxThreads, 0);
    search_thread_.assign(code_.size(), kNoThread);
    search_thread_[0] = 0;
    last_created_ = 0;
    for (ThreadId thread = search_.Next(); thread != kNoThread; thread = search_.Next()) {
      while (Step(thread)) {
      }
    }
    (search_.Estimates() ? result_.events_for_done : result_.events) += search_.graph().size();
    const Ending ending = search_.End();
    if (ending == Ending::kComplete) Complete();
    if (ending == Ending::kHang) result_.hangs = true;
    if (ending == Ending::kFailed) result_.failure = search_.Failure();
  }

  // False when another thread is to go on.
  bool Step(ThreadId id) {
    const int thread = program_thread_[static_cast<std::size_t>(id)];
    ThreadState& state = states_[static_cast<std::size_t>(thread)];
    const Statement* s = code_[static_cast<std::size_t>(thread)].Next(state);
    if (s == nullptr) {
      search_.Finish(id);
      return false;
    }
    if (s->kind == Statement::Kind::kTurn) {
      state.turn = search_.Position(id);
      ++state.pc;
      return true;
    }
    const auto position = static_cast<std::size_t>(search_.Position(id));
    const Answer answer = Tell(id, *s, state, SiteOf(thread, state));
    if (answer.action != Action::kGo || s->kind == Statement::Kind::kAssume) return false;
    ++state.pc;
    switch (s->kind) {
      case Statement::Kind::kLoad:
      case Statement::Kind::kUpdate:
      case Statement::Kind::kChoose:
        state.registers[static_cast<std::size_t>(s->reg)] = static_cast<Word>(answer.value);
        break;
      case Statement::Kind::kCreate:
        program_thread_[static_cast<std::size_t>(answer.value)] = s->thread;
        search_thread_[static_cast<std::size_t>(s->thread)] = static_cast<ThreadId>(answer.value);
        last_created_ = s->thread;
        break;
      default:
        break;
    }
    if (s->kind == Statement::Kind::kLoad || s->kind == Statement::Kind::kStore ||
        s->kind == Statement::Kind::kUpdate) {
      const Graph& graph = search_.graph();
      const LocationId location = graph[graph.thread(id)[position]].location;
      if (location >= places_.size()) places_.resize(location + 1, -1);
      places_[location] = s->location;
    }
    return true;
  }

  // The thread's last read of the location, but for what it waits at now.
  int PartnerOf(ThreadId id, int location) const {
    const Graph& graph = search_.graph();
    const std::vector<EventId>& own = graph.thread(id);
    int at = search_.Position(id) - 1;
    const auto reads = [&](const Event& event) {
      return event.kind == Kind::kRead && places_[event.location] == location;
    };
    while (at > 0 && !reads(graph[own[static_cast<std::size_t>(at)]])) --at;
    return at;
  }

  Answer Tell(ThreadId id, const Statement& s, const ThreadState& state, Site site) {
    const Registers& registers = state.registers;
    Access access{.address = 0x100000 + 64 * static_cast<std::uintptr_t>(s.location),
                  .size = kSize,
                  .order = s.order,
                  .site = site,
                  .initial = 0};
    if (s.location < static_cast<int>(program_.initial.size())) {
      access.initial = program_.initial[static_cast<std::size_t>(s.location)];
    }
    const Condition always;
    Until until(s.until ? *s.until : always, registers, s.again ? state.turn : -1,
                s.same ? PartnerOf(id, s.location) : -1,
                s.same ? std::optional<Value>(s.expected.In(registers)) : std::nullopt);
    Until* const admits = s.until ? &until : nullptr;
    switch (s.kind) {
      case Statement::Kind::kLoad:
        return search_.Load(id, access, admits);
      case Statement::Kind::kStore:
        return search_.Store(id, access, s.operand.In(registers));
      case Statement::Kind::kUpdate:
        return search_.DoUpdate(id, access,
                                {.operation = s.operation,
                                 .operand = s.operand.In(registers),
                                 .expected = s.expected.In(registers),
                                 .failure = s.failure,
                                 .weak = s.weak},
                                admits);
      case Statement::Kind::kFence:
        return search_.Fence(id, s.order, site);
      case Statement::Kind::kAssume:
        return search_.Block(id, s.spins ? state.turn : -1, site);
      case Statement::Kind::kChoose:
        return search_.Choose(id, s.choices, site);
      case Statement::Kind::kCreate:
        return search_.Create(id, site, Like(s.thread));
      case Statement::Kind::kJoin:
        return search_.Join(id, search_thread_[static_cast<std::size_t>(s.thread)], site);
      case Statement::Kind::kIf:
      case Statement::Kind::kTurn:
        break;
    }
    return {};
  }

  // The thread created last, if this one does the same.
  ThreadId Like(int thread) const {
    const auto& threads = program_.threads;
    const auto last = static_cast<std::size_t>(last_created_);
    return last_created_ > 0 && threads[last] == threads[static_cast<std::size_t>(thread)]
               ? search_thread_[last]
               : kNoThread;
  }

  // Nothing here is internal, so both are the same.
  void CompareClocks() {
    ProgramClocks clocks(options_.release_sequence_cxx11);
    const Graph& graph = search_.graph();
    for (std::size_t i = graph.size(); i-- > 0;) {
      const auto id = static_cast<EventId>(i);
      if (graph[id].hb.count == clocks.Of(graph, id).count) continue;
      result_.failure = absl::StrCat("happens-before event ", i, " differs when computed anew");
    }
  }

  void Complete() {
    CompareClocks();
    const Execution execution = Convert(search_.graph());
    std::string signature = Signature(program_, execution);
    if (run_.save_and_restore) {
      const std::string again = Runner(program_, options_, {}).Replay(search_.Save());
      if (again != signature) result_.failure = absl::StrCat(signature, " saved: ", again);
    }
    result_.outcomes.insert(Outcome(program_, execution, states_));
    if (!result_.graphs.insert(signature).second) {
      result_.duplicates.push_back(std::move(signature));
    }
  }

  Execution Convert(const Graph& graph) {
    Execution execution;
    execution.co.resize(program_.locations.size());
    // The graph's own order, but for reads from writes that were added later.
    for (std::size_t id = 0; id < graph.size(); ++id) {
      const Event& event = graph[static_cast<EventId>(id)];
      Node node{.kind = Node::Kind::kThread,
                .thread = program_thread_[event.thread],
                .order = event.order,
                .value = static_cast<Word>(event.value)};
      if (event.kind == Kind::kRead || event.kind == Kind::kWrite) {
        node.kind = event.kind == Kind::kRead ? Node::Kind::kRead : Node::Kind::kWrite;
        node.location = event.location < places_.size() ? places_[event.location] : -1;
        if (node.location < 0) result_.failure = "a location that no operation has named";
        if (event.kind == Kind::kWrite) node.update = event.update;
        if (event.kind == Kind::kRead && event.reads_from != kInit) {
          node.reads_from = event.reads_from;
        }
      } else if (event.kind == Kind::kFence) {
        node.kind = Node::Kind::kFence;
      } else if (event.kind == Kind::kChoose) {
        node.kind = Node::Kind::kChoose;
      }
      execution.nodes.push_back(node);
    }
    for (std::size_t location = 0; location < graph.locations(); ++location) {
      if (location >= places_.size() || places_[location] < 0) continue;
      for (const EventId write : graph.location(static_cast<LocationId>(location)).writes) {
        execution.co[static_cast<std::size_t>(places_[location])].push_back(write);
      }
    }
    return execution;
  }

  const Program& program_;
  const Options options_;
  const RunOptions run_;
  Search search_;
  std::uint64_t executions_ = 0;
  std::vector<Statement> main_;  // of a program without one
  std::vector<Code> code_;
  std::vector<ThreadState> states_;
  std::vector<int> places_;              // of the graph's locations, in the program
  std::vector<int> program_thread_;      // by search's id
  std::vector<ThreadId> search_thread_;  // by program's number
  int last_created_ = 0;                 // 0: none
  Searched result_;
};

}  // namespace

Searched RunSearch(const Program& program, const Options& options, const RunOptions& run) {
  return Runner(program, options, run).Run();
}

}  // namespace heddle::explorer::oracle
