// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/axioms.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "checkers/explorer/oracle/relation.h"

namespace heddle::explorer::oracle {
namespace {

struct Relations {
  int size = 0;
  EventSet all = 0;
  EventSet reads = 0, writes = 0, fences = 0;
  EventSet releases = 0, acquires = 0, seq_cst = 0, atomics = 0;
  Relation po{0}, rf{0}, co{0}, rmw{0}, thread{0}, same_location{0};
};

// The initial writes come after the nodes; they are before all in program order.
Relations Build(const Execution& execution) {
  const int nodes = static_cast<int>(execution.nodes.size());
  const int locations = static_cast<int>(execution.co.size());
  Relations r;
  r.size = nodes + locations;
  if (r.size > kMaxEvents) std::abort();
  r.all = r.size == kMaxEvents ? ~EventSet{0} : Only(r.size) - 1;
  r.po = r.rf = r.co = r.rmw = r.thread = r.same_location = Relation(r.size);
  for (int i = 0; i < nodes; ++i) {
    const Node& node = execution.nodes[i];
    if (node.kind == Node::Kind::kRead) r.reads |= Only(i);
    if (node.kind == Node::Kind::kWrite) r.writes |= Only(i);
    if (node.kind == Node::Kind::kFence) r.fences |= Only(i);
    const bool ordered = node.kind != Node::Kind::kThread && node.kind != Node::Kind::kChoose;
    if (ordered && IsRelease(node.order)) r.releases |= Only(i);
    if (ordered && IsAcquire(node.order)) r.acquires |= Only(i);
    if (ordered && node.order == Order::kSeqCst) r.seq_cst |= Only(i);
    if (ordered && node.order != Order::kPlain) r.atomics |= Only(i);
    for (int j = 0; j < i; ++j) {
      const Node& before = execution.nodes[j];
      if (before.thread == node.thread) r.po.Add(j, i);
      if (before.location >= 0 && before.location == node.location) {
        r.same_location.Add(i, j);
        r.same_location.Add(j, i);
      }
    }
    if (node.kind == Node::Kind::kRead) {
      r.rf.Add(node.reads_from >= 0 ? node.reads_from : nodes + node.location, i);
    }
    if (node.synchronizes >= 0) r.thread.Add(node.synchronizes, i);
    if (node.update) {
      int read = i - 1;
      while (execution.nodes[read].thread != node.thread) --read;
      r.rmw.Add(read, i);
    }
  }
  for (int location = 0; location < locations; ++location) {
    const int init = nodes + location;
    r.writes |= Only(init);
    for (int i = 0; i < nodes; ++i) {
      r.po.Add(init, i);
      if (execution.nodes[i].location == location) {
        r.same_location.Add(init, i);
        r.same_location.Add(i, init);
      }
    }
    const std::vector<int>& order = execution.co[location];
    for (std::size_t i = 0; i < order.size(); ++i) {
      r.co.Add(init, order[i]);
      for (std::size_t j = i + 1; j < order.size(); ++j) r.co.Add(order[i], order[j]);
    }
  }
  return r;
}

Relation SynchronizesWith(const Relations& r, bool release_sequence_cxx11) {
  const Relation head = Relation::Identity(r.size, r.writes & r.atomics);
  const Relation later = (r.po & r.same_location).Between(r.writes, r.writes & r.atomics);
  const Relation sequence =
      (release_sequence_cxx11 ? head | later : head) * (r.rf * r.rmw).Closure().OrEqual();
  const Relation release =
      Relation::Identity(r.size, r.releases) | r.po.Between(r.fences & r.releases, r.all);
  const Relation acquire =
      Relation::Identity(r.size, r.acquires) | r.po.Between(r.all, r.fences & r.acquires);
  return release * sequence * r.rf.Between(r.all, r.reads & r.atomics) * acquire;
}

// acyclic(psc)
bool SeqCstInOneOrder(const Relations& r, const Relation& hb, const Relation& eco,
                      const Relation& rb) {
  if ((r.seq_cst & (r.seq_cst - 1)) == 0) return true;  // at most one event
  const EventSet fences = r.fences & r.seq_cst;
  const Relation other_location = r.po - r.same_location;
  const Relation scb =
      r.po | other_location * hb * other_location | (hb & r.same_location) | r.co | rb;
  const Relation sc = Relation::Identity(r.size, r.seq_cst);
  const Relation base = (sc | hb.Between(fences, r.all)) * scb * (sc | hb.Between(r.all, fences));
  const Relation between_fences = (hb | hb * eco * hb).Between(fences, fences);
  return (base | between_fences).Acyclic();
}

}  // namespace

int LastRead(const Execution& execution, int thread, int location) {
  const auto last =
      std::find_if(execution.nodes.rbegin(), execution.nodes.rend(), [&](const Node& node) {
        return node.thread == thread && node.kind == Node::Kind::kRead && node.location == location;
      });
  return last == execution.nodes.rend() ? -1 : last->reads_from;
}

bool Consistent(const Execution& execution, const ModelOptions& options) {
  const Relations r = Build(execution);
  const Relation rb = r.rf.Inverse() * r.co;
  if (!(r.rmw & (rb * r.co)).Empty()) return false;  // atomicity
  if (options.model == Model::kSc) return (r.po | r.thread | r.rf | r.co | rb).Acyclic();

  if (!(r.po | r.thread | r.rf).Acyclic()) return false;  // no value out of thin air
  const Relation hb =
      (r.po | r.thread | SynchronizesWith(r, options.release_sequence_cxx11)).Closure();
  const Relation eco = (r.rf | r.co | rb).Closure();
  if (!hb.Irreflexive() || !(hb * eco).Irreflexive()) return false;  // coherence
  return SeqCstInOneOrder(r, hb, eco, rb);
}

}  // namespace heddle::explorer::oracle
