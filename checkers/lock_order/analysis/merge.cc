// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/merge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/graph_writer.h"

namespace heddle::lock_order {
namespace {

constexpr uint64_t kModuleRange = uint64_t{1} << 40;

class Merger {
 public:
  explicit Merger(const MergeOptions& options) : options_(options) {
    merged_.origin_of_thread.push_back(0);
  }

  void Add(const Graph& from, uint32_t number) {
    from_ = &from;
    AddModules();
    AddStacks();
    const auto first_node = AddNodes();
    const auto chain_base = static_cast<uint32_t>(to().chains.size() - 1);
    const auto chain = [chain_base](uint32_t index) { return index == 0 ? 0 : chain_base + index; };
    for (std::size_t i = 1; i < from.chains.size(); ++i) {
      Chain record = from.chains[i];
      record.parent = chain(record.parent);
      record.node = first_node[record.node];
      record.site = Moved(record.site);
      record.stack = MovedStack(record.stack);
      to().chains.push_back(record);
    }
    const auto thread_base = static_cast<uint32_t>(to().threads.size() - 1);
    processes_.insert_or_assign(from.info.pid, std::pair(thread_base, from.threads.size()));
    const auto thread = [thread_base](uint32_t i) { return i == 0 ? 0 : thread_base + i; };
    for (std::size_t i = 1; i < from.threads.size(); ++i) {
      Thread record = from.threads[i];
      record.creator = thread(record.creator);
      record.creator_chain = chain(record.creator_chain);
      record.create_stack = MovedStack(record.create_stack);
      record.wanted = 0;
      record.depth = 0;
      record.alive = 2;
      if (!options_.one_run && i == 1 && from.info.pid != 0) record.tid = kMainThreadId;
      if (i == 1) Forked(record);
      to().threads.push_back(record);
      merged_.origin_of_thread.push_back(number);
    }
    for (std::size_t i = 1; i < from.visits.size(); ++i) {
      Visit record = from.visits[i];
      record.chain = chain(record.chain);
      record.thread = thread(record.thread);
      to().visits.push_back(record);
    }
    for (std::size_t i = 1; i < from.events.size(); ++i) {
      Event record = from.events[i];
      record.thread = thread(record.thread);
      record.other = thread(record.other);
      // Barriers have numbers of their own; those of different graphs are different ones.
      if (record.kind == kEventBarrier) {
        record.node =
            barriers_.try_emplace({number, record.node}, barriers_.size() + 1).first->second;
      } else {
        record.node = first_node[record.node];
      }
      record.other_node = first_node[record.other_node];
      record.name = Named(record.name);
      record.stack = MovedStack(record.stack);
      record.chain = chain(record.chain);
      to().events.push_back(record);
    }
    GraphInfo& info = to().info;
    info.program =
        number == 0 || info.program == from.info.program ? from.info.program : "(several)";
    info.acquisitions += from.info.acquisitions;
    info.slow_paths += from.info.slow_paths;
    info.wall_nanoseconds = std::max(info.wall_nanoseconds, from.info.wall_nanoseconds);
  }

  MergedGraph Take() { return std::move(merged_); }

 private:
  Graph& to() { return merged_.graph; }

  // The first thread of a child goes on where its parent's thread forked.
  void Forked(Thread& record) const {
    const GraphInfo& info = from_->info;
    const auto parent = processes_.find(static_cast<uint32_t>(info.parent_pid));
    if (!options_.one_run || info.parent_pid == 0 || record.creator != 0 ||
        parent == processes_.end() || info.parent_thread == 0 ||
        info.parent_thread >= parent->second.second) {
      return;
    }
    record.creator = parent->second.first + info.parent_thread;
    record.creator_segment = info.parent_segment;
  }

  uint32_t Named(uint32_t string) {
    if (string == 0) return 0;
    const std::string text = from_->String(string);
    const auto [at, added] = strings_.try_emplace(text, 0);
    if (added) at->second = AddString(to(), text);
    return at->second;
  }

  void AddModules() {
    module_.assign(from_->modules.size(), 0);
    for (std::size_t i = 1; i < from_->modules.size(); ++i) {
      Module module = from_->modules[i];
      const std::string key =
          module.build_id_bytes != 0 ? BuildIdHex(module) : from_->String(module.path);
      const auto [at, added] = modules_.try_emplace(key, 0);
      if (added) {
        at->second = static_cast<uint32_t>(to().modules.size());
        const uint64_t base = at->second * kModuleRange;
        module.begin = module.bias = base;
        module.end = base + kModuleRange;
        module.path = Named(module.path);
        to().modules.push_back(module);
      }
      module_[i] = at->second;
    }
  }

  uint64_t InModule(uint32_t module, uint64_t address) {
    return to().modules[module_[module]].bias + (address - from_->modules[module].bias);
  }

  uint64_t Moved(uint64_t pc) {
    const uint32_t module = pc == 0 ? 0 : ModuleAt(*from_, pc - 1);
    return module == 0 ? pc : InModule(module, pc);
  }

  void AddStacks() {
    stack_base_ = static_cast<uint32_t>(to().stacks.size() - 1);
    const uint64_t frame_base = to().frames.size();
    for (const Frame& frame : from_->frames) to().frames.push_back({Moved(frame.pc)});
    for (std::size_t i = 1; i < from_->stacks.size(); ++i) {
      Stack stack = from_->stacks[i];
      stack.first_frame += frame_base;
      to().stacks.push_back(stack);
    }
  }
  uint32_t MovedStack(uint32_t stack) const { return stack == 0 ? 0 : stack_base_ + stack; }

  // What makes locks of several graphs one lock; empty: nothing does.
  std::string SameAs(const Node& node) {
    if (is_shared(node)) {
      return absl::StrCat("shared ", from_->info.host, " ", node.identity, " ", node.kind);
    }
    // A destroyed lock's place may be used again.
    if (node.address == 0 || (node.flags & kNodeDestroyed) != 0 || !options_.module_of_variable) {
      return "";
    }
    const uint32_t module = options_.module_of_variable(*from_, node.address);
    return module == 0 ? "" : absl::StrCat("at ", InModule(module, node.address));
  }

  std::vector<uint32_t> AddNodes() {
    std::vector<uint32_t> moved(from_->nodes.size());
    std::map<std::string, uint32_t> seen_here;  // a second generation is not the first one
    for (std::size_t i = 1; i < from_->nodes.size(); ++i) {
      Node node = from_->nodes[i];
      std::string same = SameAs(node);
      if (!same.empty() && !seen_here.emplace(same, 0).second) same.clear();
      const uint32_t module =
          !same.empty() && !is_shared(node) ? options_.module_of_variable(*from_, node.address) : 0;
      if (module != 0) node.address = InModule(module, node.address);
      node.name = Named(node.name);
      node.first_site = Moved(node.first_site);
      node.first_stack = MovedStack(node.first_stack);
      auto index = static_cast<uint32_t>(to().nodes.size());
      if (!same.empty()) {
        const auto [at, added] = same_.try_emplace(same, index);
        if (!added) {
          index = at->second;
          Node& known = to().nodes[index];
          known.flags |= node.flags;
          known.waits += node.waits;
          known.wait_nanoseconds += node.wait_nanoseconds;
          known.longest_wait = std::max(known.longest_wait, node.longest_wait);
          moved[i] = index;
          continue;
        }
      }
      to().nodes.push_back(node);
      moved[i] = index;
    }
    return moved;
  }

  const MergeOptions& options_;
  MergedGraph merged_;
  const Graph* from_ = nullptr;
  std::vector<uint32_t> module_;  // of the graph being added: number in the merged one
  uint32_t stack_base_ = 0;
  std::map<uint32_t, std::pair<uint32_t, std::size_t>> processes_;  // by pid: thread base and count
  std::map<std::string, uint32_t> modules_;
  std::map<std::string, uint32_t> strings_;
  std::map<std::string, uint32_t> same_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> barriers_;
};

}  // namespace

MergedGraph MergeGraphs(const std::vector<const Graph*>& graphs, const MergeOptions& options) {
  Merger merger(options);
  // Parents before their children.
  std::vector<std::size_t> order(graphs.size());
  for (std::size_t i = 0; i < graphs.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&graphs](std::size_t a, std::size_t b) {
    return std::pair(graphs[a]->info.wall_nanoseconds, a) <
           std::pair(graphs[b]->info.wall_nanoseconds, b);
  });
  for (const std::size_t i : order) merger.Add(*graphs[i], static_cast<uint32_t>(i));
  return merger.Take();
}

}  // namespace heddle::lock_order
