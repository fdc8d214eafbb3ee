// SPDX-License-Identifier: Apache-2.0
//
// From findings, which are numbers of records, to words.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DESCRIBE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DESCRIBE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/report/model.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

// The present stack of a thread of a live process, innermost first; empty: not to be had.
using ThreadStack = std::vector<uint64_t> (*)(uint32_t pid, uint32_t tid);

class Describer {
 public:
  // Locks are named M<next_id> and up; describers of one report share the counter.
  Describer(const Graph& graph, Symbolizer& symbolizer, uint32_t& next_id)
      : graph_(graph), symbolizer_(symbolizer), next_id_(next_id) {}

  ReportFinding Describe(const Finding& finding);

  // For deadlocks: where the threads are now.
  void SetThreadStacks(ThreadStack stacks) { thread_stacks_ = stacks; }

  // "mutex", "rwlock", ...
  static const char* KindName(uint8_t kind);
  // The declared name, the variable, or the address.
  std::string Label(uint32_t node);

 private:
  void Fill(const Cycle& cycle, ReportFinding& report);
  void Fill(const Deadlock& deadlock, ReportFinding& report);
  void Fill(const OrderViolation& violation, ReportFinding& report);
  void Fill(const SignalInversion& inversion, ReportFinding& report);
  void Fill(const Upgrade& upgrade, ReportFinding& report);
  void Fill(const RecursiveRead& read, ReportFinding& report);
  void Fill(const WaitHolding& wait, ReportFinding& report);
  void Fill(const Misuse& misuse, ReportFinding& report);

  // " to read", " to write", or nothing for locks that have one mode.
  static std::string Mode(const Node& node, uint8_t flags);
  static std::string How(uint8_t flags);

  std::size_t LockIndex(uint32_t node, ReportFinding& report);
  std::string Id(uint32_t node, ReportFinding& report);
  std::string ThreadText(uint32_t thread) const;
  std::vector<ReportFrame> Symbolized(const std::vector<uint64_t>& pcs);
  std::vector<ReportFrame> StackFrames(uint32_t stack, uint64_t site);
  ReportStack Held(uint32_t chain, ReportFinding& report);
  ReportStack Acquired(uint32_t chain, ReportFinding& report);
  void AddOthersHeld(uint32_t chain, uint32_t but, ReportFinding& report, ReportEdge& edge);

  const Graph& graph_;
  Symbolizer& symbolizer_;
  ThreadStack thread_stacks_ = nullptr;
  uint32_t& next_id_;
  absl::flat_hash_map<uint32_t, uint32_t> ids_;  // by node
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DESCRIBE_H_
