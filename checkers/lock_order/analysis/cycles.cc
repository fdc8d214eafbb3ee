// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/cycles.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "checkers/lock_order/analysis/components.h"

namespace heddle::lock_order {
namespace {

// That some thread holds lock `from` in the mode of chain `held` when it acquires by `acquired`.
struct Step {
  uint32_t held;
  uint32_t acquired;
};

// All the ways in which lock `to` was acquired while `from` was held.
struct Edge {
  uint32_t from;
  uint32_t to;
  std::vector<Step> steps;
};

uint64_t PairKey(uint64_t first, uint64_t second) {
  return std::min(first, second) << 32 | std::max(first, second);
}

}  // namespace

// One call of CycleFinder::Find.
class CycleSearch {
 public:
  CycleSearch(CycleFinder& finder, const Graph& graph, Segments& segments)
      : finder_(finder), graph_(graph), segments_(segments), budget_(finder.options_.budget) {}

  std::vector<Cycle> Run() {
    NumberLocks();
    FindDependencies();
    const ComponentsInput input{graph_.chains, lock_of_, locks_, is_dependency_};
    component_ = FindComponents(input);
    std::map<uint32_t, std::vector<uint32_t>> dependencies;  // by component
    for (uint32_t c = 1; c < graph_.chains.size(); ++c) {
      if (!is_dependency_[c]) continue;
      const uint32_t component = ComponentOfLock(lock_of_[graph_.chains[c].node]);
      if (component == ComponentOfChain(graph_.chains[c].parent))
        dependencies[component].push_back(c);
    }
    for (const auto& [component, chains] : dependencies) SearchComponent(chains);
    finder_.exhausted_ = budget_ == 0;
    std::vector<Cycle> shortest_first;
    for (auto& [length, cycles] : found_) {
      std::move(cycles.begin(), cycles.end(), std::back_inserter(shortest_first));
    }
    return shortest_first;
  }

 private:
  // Without classes, every node is a lock of its own. Semaphores that are no locks drop out.
  void NumberLocks() {
    lock_of_.resize(graph_.nodes.size(), kNoLock);
    for (uint32_t n = 1; n < graph_.nodes.size(); ++n) {
      if ((graph_.nodes[n].flags & kNodeForeignPost) != 0) continue;
      lock_of_[n] = finder_.LockOf(n);
      locks_ = std::max(locks_, lock_of_[n] + 1);
    }
    writers_.resize(graph_.nodes.size());
    for (std::size_t v = 1; v < graph_.visits.size(); ++v) {
      const Visit& visit = graph_.visits[v];
      const Chain& chain = graph_.chains[visit.chain];
      if ((chain.flags & kShared) != 0 ||
          graph_.nodes[chain.node].kind != kRwPreferWriterNonrecursive) {
        continue;
      }
      writers_[chain.node].push_back(static_cast<uint32_t>(v));
    }
    stamp_.resize(graph_.nodes.size());
    stamp_shared_.resize(graph_.nodes.size());
  }

  void FindDependencies() {
    is_dependency_.resize(graph_.chains.size());
    for (uint32_t c = 1; c < graph_.chains.size(); ++c) {
      const Chain& chain = graph_.chains[c];
      is_dependency_[c] = chain.parent != 0 && finder_.first_visit_[c] != 0 &&
                          (chain.flags & (kTry | kRecursive)) == 0 &&
                          lock_of_[chain.node] != kNoLock;
    }
  }

  uint32_t ComponentOfLock(uint32_t lock) const { return component_[lock]; }
  uint32_t ComponentOfChain(uint32_t chain) const { return component_[locks_ + chain]; }

  bool Spend(uint64_t steps = 1) {
    budget_ -= std::min(budget_, steps);
    return budget_ != 0;
  }

  uint32_t FirstVisit(uint32_t chain) const { return finder_.first_visit_[chain]; }
  uint32_t NextVisit(uint32_t visit) const { return finder_.next_visit_[visit]; }

  void SearchComponent(const std::vector<uint32_t>& chains) {
    uint32_t name = kNoLock;  // of the component, for `searched_`: its smallest lock
    uint64_t visits = 0;
    absl::flat_hash_set<uint32_t> threads;
    absl::flat_hash_set<uint32_t> locks;
    for (const uint32_t c : chains) {
      name = std::min(name, lock_of_[graph_.chains[c].node]);
      locks.insert(lock_of_[graph_.chains[c].node]);
      for (uint32_t v = FirstVisit(c); v != 0; v = NextVisit(v)) {
        threads.insert(graph_.visits[v].thread);
        ++visits;
      }
    }
    if (threads.size() < 2 || locks.size() < 2) return;
    const std::pair<uint64_t, uint64_t> size{chains.size(), visits};
    if (finder_.searched_[name] == size) return;

    edges_.clear();
    edge_at_.clear();
    out_.clear();
    pair_possible_.clear();
    edges_possible_.clear();
    for (const uint32_t c : chains) AddEdges(c);
    std::vector<uint32_t> starts(locks.begin(), locks.end());
    std::sort(starts.begin(), starts.end());
    const std::size_t longest = std::min(threads.size(), locks.size());
    for (length_ = 2; length_ <= longest && budget_ != 0; ++length_) {
      deeper_ = false;
      for (const uint32_t start : starts) {
        start_ = start;
        on_path_.assign(1, start);
        path_.clear();
        Extend(start);
      }
      if (!deeper_) break;
    }
    if (budget_ != 0) finder_.searched_[name] = size;
  }

  // What of the component's locks was held when `acquired` was: nearest first, each lock once, in
  // the strongest mode.
  void AddEdges(uint32_t acquired) {
    const uint32_t to = lock_of_[graph_.chains[acquired].node];
    const uint32_t component = ComponentOfLock(to);
    absl::flat_hash_map<uint32_t, uint32_t> held;  // lock: chain
    // Above a chain outside the component there is no lock of the component.
    for (uint32_t c = graph_.chains[acquired].parent; c != 0 && ComponentOfChain(c) == component;
         c = graph_.chains[c].parent) {
      if (!Spend()) return;
      const uint32_t from = lock_of_[graph_.chains[c].node];
      if (from == kNoLock || from == to || ComponentOfLock(from) != component) continue;
      const auto [at, added] = held.try_emplace(from, c);
      if (!added && (graph_.chains[c].flags & kShared) == 0) at->second = c;
    }
    for (const auto& [from, c] : held) {
      const auto [at, added] = edge_at_.try_emplace({from, to}, edges_.size());
      if (added) {
        edges_.push_back({.from = from, .to = to, .steps = {}});
        out_[from].push_back(at->second);
      }
      edges_[at->second].steps.push_back({.held = c, .acquired = acquired});
    }
  }

  // path_ leads from start_ to `at`. Looks for cycles of length_ edges in which start_ is the
  // smallest lock.
  void Extend(uint32_t at) {
    if (path_.size() + 1 == length_) {
      const auto closing = edge_at_.find({at, start_});
      if (closing != edge_at_.end() && Spend() && PossibleWithPath(closing->second)) {
        path_.push_back(closing->second);
        Close();
        path_.pop_back();
      }
      // Is there any point in looking for longer ones?
      deeper_ = deeper_ || out_.contains(at);
      return;
    }
    const auto out = out_.find(at);
    if (out == out_.end()) return;
    for (const uint32_t edge : out->second) {
      if (!Spend()) return;
      const uint32_t to = edges_[edge].to;
      if (to <= start_ || std::find(on_path_.begin(), on_path_.end(), to) != on_path_.end())
        continue;
      if (!PossibleWithPath(edge)) continue;
      path_.push_back(edge);
      on_path_.push_back(to);
      Extend(to);
      on_path_.pop_back();
      path_.pop_back();
    }
  }

  bool PossibleWithPath(uint32_t edge) {
    return std::all_of(path_.begin(), path_.end(),
                       [this, edge](uint32_t other) { return EdgesPossible(edge, other); });
  }

  bool EdgesPossible(uint32_t first, uint32_t second) {
    const auto [known, added] = edges_possible_.try_emplace(PairKey(first, second), false);
    if (!added) return known->second;
    bool possible = false;
    for (const Step& a : edges_[first].steps) {
      for (const Step& b : edges_[second].steps) {
        if (!Spend()) return false;
        possible = possible || ChainsPossible(a.acquired, b.acquired);
        if (possible) break;
      }
      if (possible) break;
    }
    edges_possible_[PairKey(first, second)] = possible;
    return possible;
  }

  // Can some thread be at the acquisition `first` while another one is at `second`?
  bool ChainsPossible(uint32_t first, uint32_t second) {
    const auto [known, added] = pair_possible_.try_emplace(PairKey(first, second), false);
    if (!added) return known->second;
    bool possible = false;
    if (!Guarded(first, second)) {
      for (uint32_t v = FirstVisit(first); v != 0 && !possible; v = NextVisit(v)) {
        for (uint32_t w = FirstVisit(second); w != 0 && !possible; w = NextVisit(w)) {
          if (!Spend()) return false;
          possible = VisitsPossible(v, w);
        }
      }
    }
    pair_possible_[PairKey(first, second)] = possible;
    return possible;
  }

  // Marks what is held when `acquired` is acquired.
  void Stamp(uint32_t acquired) {
    if (stamped_ == acquired) return;
    stamped_ = acquired;
    ++stamp_now_;
    for (uint32_t c = graph_.chains[acquired].parent; c != 0; c = graph_.chains[c].parent) {
      Spend();
      const Chain& chain = graph_.chains[c];
      const bool shared = (chain.flags & kShared) != 0;
      stamp_shared_[chain.node] =
          shared && (stamp_[chain.node] != stamp_now_ || stamp_shared_[chain.node]);
      stamp_[chain.node] = stamp_now_;
    }
  }

  // Both hold a lock that two cannot hold at once.
  bool Guarded(uint32_t first, uint32_t second) {
    Stamp(first);
    for (uint32_t c = graph_.chains[second].parent; c != 0; c = graph_.chains[c].parent) {
      if (!Spend()) return true;
      const Chain& chain = graph_.chains[c];
      if (stamp_[chain.node] != stamp_now_ || lock_of_[chain.node] == kNoLock) continue;
      if (!stamp_shared_[chain.node] || (chain.flags & kShared) == 0) return true;
    }
    return false;
  }

  bool Holds(uint32_t acquired, uint32_t node) {
    for (uint32_t c = graph_.chains[acquired].parent; c != 0; c = graph_.chains[c].parent) {
      Spend();
      if (graph_.chains[c].node == node) return true;
    }
    return false;
  }

  bool VisitsPossible(uint32_t first, uint32_t second) {
    const Visit& a = graph_.visits[first];
    const Visit& b = graph_.visits[second];
    return !SameThread(a.thread, b.thread) && !GuardedByOthers(a, b) && !GuardedByOthers(b, a) &&
           segments_.Concurrent(a, b);
  }

  bool SameThread(uint32_t first, uint32_t second) const {
    return first == second || (graph_.info.pid == 0 && graph_.threads[first].tid == kMainThreadId &&
                               graph_.threads[second].tid == kMainThreadId);
  }

  // A lock that another thread held around the whole life of a's thread excludes b if b holds it,
  // or yet another thread does so for b. Not if it is the same hold: it then protects neither from
  // the other.
  bool GuardedByOthers(const Visit& a, const Visit& b) {
    const auto guards = finder_.guards_.find(a.thread);
    if (guards == finder_.guards_.end()) return false;
    const auto others = finder_.guards_.find(b.thread);
    for (const auto& [node, owner] : guards->second) {
      if (owner != b.thread && Holds(b.chain, node)) return true;
      if (others == finder_.guards_.end()) continue;
      for (const auto& [other_node, other_owner] : others->second) {
        if (node == other_node && owner != other_owner) return true;
      }
    }
    return false;
  }

  // Does waiting for the last lock of `acquired` wait for who holds `held`?
  bool Conflict(uint32_t acquired, uint32_t held, bool& readers) const {
    const Chain& wanted = graph_.chains[acquired];
    if ((wanted.flags & graph_.chains[held].flags & kShared) == 0) return true;
    readers = true;
    return !writers_[wanted.node].empty();
  }

  // path_ is a cycle of edges: looks for steps and visits that make it real.
  void Close() {
    std::vector<uint32_t> key;
    for (const uint32_t edge : path_) key.push_back(edges_[edge].from);  // the smallest is first
    if (finder_.reported_.contains(key)) return;
    steps_.clear();
    cycle_ = Cycle{};
    cycle_.by_class = !finder_.options_.class_of.empty();
    if (!ChooseSteps()) return;
    finder_.reported_.insert(std::move(key));
    for (const CycleEdge& edge : cycle_.edges) {
      const uint8_t flags = graph_.chains[edge.acquired].flags;
      // A condition wait's limit is that of the wait for the signal.
      cycle_.times_out |= (flags & (kTimed | kCondWait)) == kTimed;
      cycle_.condition_wait |= (flags & kCondWait) != 0;
    }
    found_[length_].push_back(cycle_);
  }

  bool ChooseSteps() {
    if (steps_.size() == path_.size()) {
      return Instances() && NoChord() && ChooseVisits();
    }
    for (const Step& step : edges_[path_[steps_.size()]].steps) {
      if (!Spend()) return false;
      const bool possible =
          std::all_of(steps_.begin(), steps_.end(), [this, &step](const Step& other) {
            return ChainsPossible(step.acquired, other.acquired);
          });
      if (!possible) continue;
      bool readers = false;
      if (!steps_.empty() && !Conflict(steps_.back().acquired, step.held, readers)) continue;
      if (steps_.size() + 1 == path_.size() &&
          !Conflict(step.acquired, steps_.front().held, readers)) {
        continue;
      }
      const bool before = cycle_.reader_writer;
      cycle_.reader_writer |= readers;
      steps_.push_back(step);
      if (ChooseSteps()) return true;
      steps_.pop_back();
      cycle_.reader_writer = before;
    }
    return false;
  }

  // With classes: at least one lock must differ, or the cycle is one of locks and reported as such.
  bool Instances() const {
    if (finder_.options_.class_of.empty()) return true;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& next = steps_[(i + 1) % steps_.size()];
      if (graph_.chains[steps_[i].acquired].node != graph_.chains[next.held].node) return true;
    }
    return false;
  }

  // No step acquires what one other than the next holds: else fewer steps make a cycle.
  bool NoChord() {
    for (std::size_t i = 0; steps_.size() > 2 && i < steps_.size(); ++i) {
      for (std::size_t j = 0; j < steps_.size(); ++j) {
        if (j == i || j == (i + 1) % steps_.size()) continue;
        if (Holds(steps_[j].acquired, graph_.chains[steps_[i].acquired].node)) return false;
      }
    }
    return true;
  }

  bool ChooseVisits() {
    if (cycle_.edges.size() == steps_.size()) return WritersOutside();
    const Step& step = steps_[cycle_.edges.size()];
    for (uint32_t v = FirstVisit(step.acquired); v != 0; v = NextVisit(v)) {
      if (!Spend()) return false;
      const bool possible =
          std::all_of(cycle_.edges.begin(), cycle_.edges.end(),
                      [this, v](const CycleEdge& other) { return VisitsPossible(v, other.visit); });
      if (!possible) continue;
      cycle_.edges.push_back({.visit = v,
                              .thread = graph_.visits[v].thread,
                              .held = step.held,
                              .acquired = step.acquired});
      if (ChooseVisits()) return true;
      cycle_.edges.pop_back();
    }
    return false;
  }

  // Where readers meet, a writer waits between them: a further thread each time, and all of them
  // can be there at once.
  bool WritersOutside() {
    std::vector<uint32_t> contested;  // locks
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      bool readers = false;
      Conflict(steps_[i].acquired, steps_[(i + 1) % steps_.size()].held, readers);
      if (readers) contested.push_back(graph_.chains[steps_[i].acquired].node);
    }
    std::vector<uint32_t> present;  // visits
    for (const CycleEdge& edge : cycle_.edges) present.push_back(edge.visit);
    return ChooseWriters(contested, 0, present);
  }

  bool ChooseWriters(const std::vector<uint32_t>& contested, std::size_t at,
                     std::vector<uint32_t>& present) {
    if (at == contested.size()) return true;
    for (const uint32_t writer : writers_[contested[at]]) {
      if (!Spend(present.size())) return false;
      const bool possible = std::all_of(present.begin(), present.end(), [&](uint32_t other) {
        return ChainsPossible(graph_.visits[writer].chain, graph_.visits[other].chain) &&
               VisitsPossible(writer, other);
      });
      if (!possible) continue;
      present.push_back(writer);
      if (ChooseWriters(contested, at + 1, present)) return true;
      present.pop_back();
    }
    return false;
  }

  CycleFinder& finder_;
  const Graph& graph_;
  Segments& segments_;
  uint64_t budget_;
  std::vector<uint32_t> lock_of_;  // by node
  uint32_t locks_ = 1;
  std::vector<std::vector<uint32_t>>
      writers_;  // by node where a waiting writer stops readers: visits
  std::vector<bool> is_dependency_;
  std::vector<uint32_t> component_;
  std::map<std::size_t, std::vector<Cycle>> found_;  // by length

  // Of the component being searched.
  std::vector<Edge> edges_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> edge_at_;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> out_;
  absl::flat_hash_map<uint64_t, bool> edges_possible_;
  absl::flat_hash_map<uint64_t, bool> pair_possible_;
  std::size_t length_ = 0;
  bool deeper_ = false;
  uint32_t start_ = 0;
  std::vector<uint32_t> path_;     // edges
  std::vector<uint32_t> on_path_;  // locks
  std::vector<Step> steps_;
  Cycle cycle_;

  // Locks held in the chain `stamped_`.
  uint32_t stamped_ = 0;
  uint64_t stamp_now_ = 0;
  std::vector<uint64_t> stamp_;
  std::vector<bool> stamp_shared_;
};

void CycleFinder::TakeNewRecords(const Graph& graph) {
  first_visit_.resize(graph.chains.size());
  next_visit_.resize(graph.visits.size());
  for (; visits_ < graph.visits.size(); ++visits_) {
    const uint32_t chain = graph.visits[visits_].chain;
    next_visit_[visits_] = first_visit_[chain];
    first_visit_[chain] = static_cast<uint32_t>(visits_);
  }
  for (; events_ < graph.events.size(); ++events_) {
    const Event& event = graph.events[events_];
    if (event.kind == kEventGuard) guards_[event.other].emplace_back(event.node, event.thread);
    if (event.kind == kEventJoin && graph.threads[event.other].creator == event.thread) {
      // Created and joined by a guarded thread: guarded too.
      const auto inherited = guards_.find(event.thread);
      if (inherited == guards_.end()) continue;
      const auto copy = inherited->second;
      auto& guards = guards_[event.other];
      guards.insert(guards.end(), copy.begin(), copy.end());
    }
  }
}

void CycleFinder::Forget(const Graph& graph, const Cycle& cycle) {
  std::vector<uint32_t> key;
  for (const CycleEdge& edge : cycle.edges) key.push_back(LockOf(graph.chains[edge.held].node));
  std::rotate(key.begin(), std::min_element(key.begin(), key.end()), key.end());
  reported_.erase(key);
  searched_.clear();
}

std::vector<Cycle> CycleFinder::Find(const Graph& graph, Segments& segments) {
  TakeNewRecords(graph);
  return CycleSearch(*this, graph, segments).Run();
}

}  // namespace heddle::lock_order
