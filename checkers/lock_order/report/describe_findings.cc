// SPDX-License-Identifier: Apache-2.0
// What is said of each kind of finding.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/describe.h"

namespace heddle::lock_order {

void Describer::Fill(const Cycle& cycle, ReportFinding& report) {
  report.kind = cycle.by_class ? "cycle:class" : cycle.times_out ? "cycle:timed" : "cycle";
  report.headline = cycle.by_class
                        ? "lock-order inversion between classes of locks (potential deadlock)"
                        : "lock-order inversion (potential deadlock)";
  report.similar = cycle.similar;
  for (const CycleEdge& edge : cycle.edges) {
    absl::StrAppend(&report.path, Id(graph_.chains[edge.held].node, report), " -> ");
  }
  absl::StrAppend(&report.path, Id(graph_.chains[cycle.edges[0].held].node, report));
  for (const CycleEdge& edge : cycle.edges) {
    ReportEdge link;
    link.thread = ThreadText(edge.thread);
    link.from = LockIndex(graph_.chains[edge.held].node, report);
    link.to = LockIndex(graph_.chains[edge.acquired].node, report);
    link.stacks.push_back(Held(edge.held, report));
    link.stacks.push_back(Acquired(edge.acquired, report));
    AddOthersHeld(edge.acquired, edge.held, report, link);
    report.edges.push_back(std::move(link));
  }
  if (cycle.by_class) {
    report.remarks.emplace_back(
        "The cycle is one of classes: not the same locks met in this run, locks of the same "
        "classes "
        "did.");
  }
  if (cycle.times_out) {
    report.remarks.emplace_back(
        "At least one of these waits has a time limit: the threads block each other until it is "
        "reached, then go on.");
  }
  if (cycle.condition_wait) {
    report.remarks.emplace_back(
        "A condition wait releases its mutex and takes it again on return; other locks stay held "
        "meanwhile, which makes the order different.");
  }
  if (cycle.reader_writer) {
    report.remarks.emplace_back(
        "Readers alone do not block each other; these do when a writer waits in between, since "
        "this "
        "kind of lock lets writers go first.");
  }
  report.advice =
      "Acquire these locks in one order everywhere, or both at once (std::scoped_lock), or hold a "
      "third lock around both orders.";
}

void Describer::Fill(const Deadlock& deadlock, ReportFinding& report) {
  report.kind = "deadlock";
  const std::size_t n = deadlock.members.size();
  report.headline = n == 1 ? "deadlock: a thread waits for itself"
                           : absl::StrCat("deadlock: ", n, " threads wait for each other");
  for (std::size_t i = 0; i < n; ++i) {
    const DeadlockMember& member = deadlock.members[i];
    absl::StrAppend(&report.path, "T", member.thread, " waits for ", Id(member.wanted, report),
                    member.waits_behind ? ", behind the waiting writer T" : ", held by T",
                    deadlock.members[(i + 1) % n].thread, i + 1 < n ? "; " : "");
  }
  for (std::size_t i = 0; i < n; ++i) {
    const DeadlockMember& member = deadlock.members[i];
    const DeadlockMember& before = deadlock.members[(i + n - 1) % n];
    ReportEdge edge;
    edge.thread = ThreadText(member.thread);
    edge.from = LockIndex(before.wanted, report);
    edge.to = LockIndex(member.wanted, report);
    edge.stacks.push_back(
        {.title = before.waits_behind
                      ? absl::StrCat("it waits for ", Id(before.wanted, report), " to write, here:")
                      : absl::StrCat("it holds ", Id(before.wanted, report),
                                     Mode(graph_.nodes[before.wanted], before.held_flags),
                                     How(before.held_flags), ", acquired here:"),
         .frames = Symbolized({before.held_site})});
    std::vector<uint64_t> now;
    if (thread_stacks_ != nullptr) {
      now = thread_stacks_(graph_.info.pid, graph_.threads[member.thread].tid);
    }
    // From the caller of the lock operation on: what is inside it interests nobody.
    now.erase(now.begin(), std::find(now.begin(), now.end(), member.wanted_site));
    if (now.empty()) now.push_back(member.wanted_site);
    edge.stacks.push_back(
        {.title = absl::StrCat("and waits for ", Id(member.wanted, report),
                               Mode(graph_.nodes[member.wanted], member.wanted_flags),
                               How(member.wanted_flags), " here:"),
         .frames = Symbolized(now)});
    report.edges.push_back(std::move(edge));
  }
  for (const DeadlockMember& member : deadlock.members) {
    if (graph_.nodes[member.wanted].kind == kSemaphore) {
      report.remarks.push_back(absl::StrCat(
          Id(member.wanted, report),
          " is a semaphore and has no owner: named is the last thread that waited for it."));
    }
  }
  report.advice = n == 1 ? "Do not lock it again, or make it a recursive mutex."
                         : "Acquire these locks in one order everywhere.";
}

void Describer::Fill(const OrderViolation& violation, ReportFinding& report) {
  report.kind = violation.enforced ? "enforce" : "level";
  const Node& node = graph_.nodes[violation.node];
  const Node& other = graph_.nodes[violation.other_node];
  const std::string inner = Id(violation.node, report);
  const std::string outer = Id(violation.other_node, report);
  const bool by_address = (node.flags & other.flags & kNodeByAddress) != 0 &&
                          node.name == other.name && node.level == other.level;
  report.headline =
      violation.enforced
          ? absl::StrCat("lock hierarchy violation: ", inner, " acquired while ", outer, " is held")
      : by_address ? absl::StrCat("lock order violation: ", inner, " acquired while ", outer,
                                  ", of the same class at a greater address, is held")
                   : absl::StrCat("lock level violation: ", inner, " (level ", node.level,
                                  ") acquired while ", outer, " (level ", other.level, ") is held");
  ReportEdge edge;
  edge.thread = ThreadText(violation.thread);
  edge.from = LockIndex(violation.other_node, report);
  edge.to = LockIndex(violation.node, report);
  uint32_t held = violation.held;
  while (held != 0 && graph_.chains[held].node != violation.other_node) {
    held = graph_.chains[held].parent;
  }
  if (held != 0) edge.stacks.push_back(Held(held, report));
  if (violation.acquired != 0) {
    edge.stacks.push_back(Acquired(violation.acquired, report));
  } else {
    edge.stacks.push_back({.title = absl::StrCat("and acquires ", inner, " here:"),
                           .frames = StackFrames(violation.stack, 0)});
  }
  report.edges.push_back(std::move(edge));
  report.advice =
      absl::StrCat("Acquire ", inner, " before ", outer,
                   violation.enforced ? ", or change the hierarchy."
                   : by_address       ? ": locks of this class nest in the order of addresses."
                                      : ", or change the levels.");
}

void Describer::Fill(const SignalInversion& inversion, ReportFinding& report) {
  report.kind = "signal_handler";
  const char* name = inversion.signal != 0 ? sigabbrev_np(inversion.signal) : nullptr;
  const std::string signal =
      name != nullptr ? absl::StrCat("SIG", name) : absl::StrCat("signal ", inversion.signal);
  report.headline = absl::StrCat(Id(inversion.node, report), " is taken in the handler of ", signal,
                                 " and also while ", signal, " can arrive");
  // Where each of the two happened, as far as it was recorded.
  bool inside = false;
  bool outside = false;
  for (std::size_t c = 1; c < graph_.chains.size() && !(inside && outside); ++c) {
    const Chain& chain = graph_.chains[c];
    if (chain.node != inversion.node) continue;
    bool& seen = (chain.flags & kHandler) != 0 ? inside : outside;
    if (seen) continue;
    seen = true;
    report.stacks.push_back({.title = (chain.flags & kHandler) != 0 ? "taken inside a handler here:"
                                                                    : "taken outside of it here:",
                             .frames = StackFrames(chain.stack, chain.site)});
  }
  if (report.stacks.empty()) {
    const Node& node = graph_.nodes[inversion.node];
    report.stacks.push_back(
        {.title = "first taken here:", .frames = StackFrames(node.first_stack, node.first_site)});
  }
  report.advice =
      absl::StrCat("Block ", signal, " while the lock is held, or take no lock in the handler.");
}

void Describer::Fill(const Upgrade& upgrade, ReportFinding& report) {
  report.kind = "upgrade";
  const std::string lock = Id(graph_.chains[upgrade.acquired].node, report);
  report.headline = absl::StrCat(lock, " is wanted to write by a thread that holds it to read");
  ReportEdge edge;
  edge.thread = ThreadText(upgrade.thread);
  edge.from = edge.to = LockIndex(graph_.chains[upgrade.acquired].node, report);
  if (upgrade.held != 0) edge.stacks.push_back(Held(upgrade.held, report));
  edge.stacks.push_back(Acquired(upgrade.acquired, report));
  report.edges.push_back(std::move(edge));
  report.advice =
      "Release the read lock first and check again what it protected, or write from the start.";
}

void Describer::Fill(const RecursiveRead& read, ReportFinding& report) {
  report.kind = "recursive_read";
  const std::string lock = Id(graph_.chains[read.acquired].node, report);
  report.headline =
      absl::StrCat(lock, " is read again by a thread that holds it to read, and others write it");
  ReportEdge edge;
  edge.thread = ThreadText(read.thread);
  edge.from = edge.to = LockIndex(graph_.chains[read.acquired].node, report);
  if (read.held != 0) edge.stacks.push_back(Held(read.held, report));
  edge.stacks.push_back(Acquired(read.acquired, report));
  report.edges.push_back(std::move(edge));
  report.remarks.emplace_back(
      "A writer that waits between the two reads stops the second one and waits for the first.");
  report.advice = "Read it once, or use a kind of lock that lets readers pass waiting writers.";
}

void Describer::Fill(const WaitHolding& wait, ReportFinding& report) {
  report.kind = "condition_wait";
  const uint32_t held = graph_.chains[wait.held].node;
  const uint32_t mutex = graph_.chains[wait.acquired].node;
  report.headline = absl::StrCat("waits for a condition with ", Id(mutex, report),
                                 " while it holds ", Id(held, report));
  ReportEdge edge;
  edge.thread = ThreadText(wait.thread);
  edge.from = LockIndex(held, report);
  edge.to = LockIndex(mutex, report);
  edge.stacks.push_back(Held(wait.held, report));
  edge.stacks.push_back(Acquired(wait.acquired, report));
  report.edges.push_back(std::move(edge));
  report.remarks.push_back(absl::StrCat("The wait releases only ", Id(mutex, report),
                                        "; a thread that needs ", Id(held, report),
                                        " before it can signal waits for ever."));
  report.advice = "Release the other lock before the wait.";
}

void Describer::Fill(const Misuse& misuse, ReportFinding& report) {
  const Event& event = graph_.events[misuse.event];
  const std::string lock = event.node != 0 ? Id(event.node, report) : "a lock";
  const std::string thread = ThreadText(event.thread);
  const std::string other = event.other != 0 && event.other != event.thread
                                ? absl::StrCat("; ", ThreadText(event.other), " holds it")
                                : "";
  switch (event.kind) {
    case kEventExitHolding:
      report.kind = "thread_exit";
      report.headline = absl::StrCat(thread, " ended while it held ", lock);
      report.advice = "Release it on every way out of the thread.";
      break;
    case kEventUnlockNotHeld:
      report.kind = "unlock_not_held";
      report.headline = absl::StrCat(thread, " released ", lock, " without holding it", other);
      report.advice = "Release a lock in the thread that acquired it, once.";
      break;
    case kEventDestroyHeld:
      report.kind = "destroy_held";
      report.headline = absl::StrCat(lock, " was destroyed while it was held", other);
      report.advice = "Release it first, and let nobody use it any more.";
      break;
    case kEventFreeHeld:
      report.kind = "free_held";
      report.headline = absl::StrCat("the memory of ", lock, " was freed while it was held", other);
      report.advice = "Release it first, and let nobody use it any more.";
      break;
    case kEventBlockingCall: {
      report.kind = "blocking_call";
      const std::string call = graph_.String(event.name);
      report.headline = absl::StrCat(call.empty() ? "a blocking call" : absl::StrCat(call, "()"),
                                     " was called while ", lock, " was held");
      report.advice = "Make the call without the lock: all that wait for it wait for the call too.";
      break;
    }
    case kEventAssertHeld:
      report.kind = "assert_held";
      report.headline = absl::StrCat(lock, " is not held by ", thread);
      report.advice = "Acquire it before, or correct the assertion.";
      break;
    case kEventAssertNotHeld:
      report.kind = "assert_not_held";
      report.headline = absl::StrCat(lock, " is held by ", thread);
      report.advice = "Release it before, or correct the assertion.";
      break;
    default:
      report.kind = "condition_two_mutexes";
      report.headline = absl::StrCat("two threads wait at one condition variable, one with ", lock,
                                     event.other_node != 0
                                         ? absl::StrCat(", one with ", Id(event.other_node, report))
                                         : ", one with another mutex");
      report.advice = "Use one mutex with each condition variable.";
      break;
  }
  if (event.stack != 0) {
    report.stacks.push_back(
        {.title = absl::StrCat(thread, ", here:"), .frames = StackFrames(event.stack, 0)});
  }
  for (uint32_t c = event.chain; c != 0; c = graph_.chains[c].parent) {
    if (graph_.chains[c].node == event.node) {
      report.stacks.push_back(
          {.title = absl::StrCat(lock, " was acquired here:"),
           .frames = StackFrames(graph_.chains[c].stack, graph_.chains[c].site)});
      break;
    }
  }
}

}  // namespace heddle::lock_order
