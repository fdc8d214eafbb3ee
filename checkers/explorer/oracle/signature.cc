// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/signature.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace heddle::explorer::oracle {

std::string Signature(const Program& program, const Execution& execution) {
  std::vector<std::string> names(execution.nodes.size());
  std::vector<int> counts(program.threads.size());
  for (std::size_t i = 0; i < execution.nodes.size(); ++i) {
    const Node& node = execution.nodes[i];
    if (node.kind == Node::Kind::kThread) continue;
    names[i] = absl::StrCat(node.thread, ".", counts[node.thread]++);
  }
  std::vector<std::string> threads(program.threads.size());
  for (const Node& node : execution.nodes) {
    std::string& out = threads[node.thread];
    if (node.kind == Node::Kind::kThread) continue;
    if (node.kind == Node::Kind::kFence) {
      absl::StrAppend(&out, " F");
    } else if (node.kind == Node::Kind::kChoose) {
      absl::StrAppend(&out, " ?", node.value);
    } else {
      const bool read = node.kind == Node::Kind::kRead;
      absl::StrAppend(&out,
                      read          ? " R"
                      : node.update ? " U"
                                    : " W",
                      program.locations[node.location], "=", node.value);
      if (read) absl::StrAppend(&out, "<", node.reads_from < 0 ? "init" : names[node.reads_from]);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (!threads[i].empty()) absl::StrAppend(&out, i, ":", threads[i], " | ");
  }
  for (std::size_t i = 0; i < execution.co.size(); ++i) {
    if (execution.co[i].size() < 2) continue;
    absl::StrAppend(&out, program.locations[i], ":");
    for (const int write : execution.co[i]) absl::StrAppend(&out, " ", names[write]);
    absl::StrAppend(&out, " | ");
  }
  return out;
}

std::string Outcome(const Program& program, const Execution& execution,
                    const std::vector<ThreadState>& threads) {
  std::string out;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    for (int reg = 0; reg < kRegisters; ++reg) {
      const Word value = threads[i].registers[reg];
      if (value != 0) absl::StrAppend(&out, i, ".r", reg, "=", value, " ");
    }
  }
  for (std::size_t i = 0; i < execution.co.size(); ++i) {
    const std::vector<int>& co = execution.co[i];
    const Word value = co.empty() ? program.initial[i] : execution.nodes[co.back()].value;
    absl::StrAppend(&out, program.locations[i], "=", value, " ");
  }
  return out;
}

}  // namespace heddle::explorer::oracle
