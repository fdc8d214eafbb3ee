// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/json.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace heddle::lock_order {
namespace {

using nlohmann::json;

std::string Hexadecimal(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

json Frames(const std::vector<ReportFrame>& frames) {
  json list = json::array();
  for (const ReportFrame& frame : frames) {
    json object = {{"pc", Hexadecimal(frame.pc)}};
    if (!frame.function.empty()) object["function"] = frame.function;
    if (!frame.file.empty()) object["file"] = frame.file;
    if (frame.line > 0) object["line"] = frame.line;
    if (frame.column > 0) object["column"] = frame.column;
    if (!frame.directory.empty()) object["directory"] = frame.directory;
    if (!frame.module.empty()) {
      object["module"] = frame.module;
      object["offset"] = Hexadecimal(frame.offset);
    }
    if (frame.inlined) object["inlined"] = true;
    list.push_back(std::move(object));
  }
  return list;
}

json Stacks(const std::vector<ReportStack>& stacks) {
  json list = json::array();
  for (const ReportStack& stack : stacks) {
    list.push_back({{"title", stack.title}, {"frames", Frames(stack.frames)}});
  }
  return list;
}

json Locks(const ReportFinding& finding) {
  json list = json::array();
  for (const ReportLock& lock : finding.locks) {
    json object = {{"id", lock.id},
                   {"label", lock.label},
                   {"kind", lock.kind},
                   {"class", lock.lock_class},
                   {"address", Hexadecimal(lock.address)}};
    if (!lock.created.empty()) object["created"] = Frames(lock.created);
    list.push_back(std::move(object));
  }
  return list;
}

json Edges(const ReportFinding& finding) {
  json list = json::array();
  for (const ReportEdge& edge : finding.edges) {
    list.push_back({{"thread", edge.thread},
                    {"from", finding.locks[edge.from].id},
                    {"to", finding.locks[edge.to].id},
                    {"stacks", Stacks(edge.stacks)}});
  }
  return list;
}

}  // namespace

std::string ReportAsJson(const Report& report) {
  json findings = json::array();
  for (const ReportFinding& finding : report.findings) {
    findings.push_back({{"kind", finding.kind},
                        {"headline", finding.headline},
                        {"path", finding.path},
                        {"program", finding.program},
                        {"pid", finding.pid},
                        {"locks", Locks(finding)},
                        {"edges", Edges(finding)},
                        {"stacks", Stacks(finding.stacks)},
                        {"remarks", finding.remarks},
                        {"advice", finding.advice},
                        {"similar", finding.similar}});
  }
  json suppressions = json::array();
  for (const SuppressionCount& count : report.suppressions) {
    suppressions.push_back({{"pattern", count.pattern}, {"matches", count.matches}});
  }
  const json document = {{"version", 1},
                         {"tool", "heddle lockorder"},
                         {"findings", std::move(findings)},
                         {"suppressed", report.suppressed},
                         {"suppressions", std::move(suppressions)},
                         {"notes", report.notes}};
  // Names may be in any encoding.
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace heddle::lock_order
