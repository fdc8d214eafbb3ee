// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/sarif.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/lock_order/report/places.h"
#include "nlohmann/json.hpp"

namespace heddle::lock_order {
namespace {

using nlohmann::json;

std::string Uri(absl::string_view path) {
  absl::ConsumePrefix(&path, kAnonymousDirectory);
  std::string uri = !path.empty() && path[0] == '/' ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '/' || c == '.' || c == '-' || c == '_' || c == '~') {
      uri += c;
    } else {
      absl::StrAppendFormat(&uri, "%%%02X", byte);
    }
  }
  return uri;
}

json Location(const ReportFrame& frame) {
  json location = json::object();
  if (!frame.file.empty()) {
    json physical = {{"artifactLocation", {{"uri", Uri(frame.file)}}}};
    if (frame.line > 0) {
      physical["region"] = {{"startLine", frame.line}};
      if (frame.column > 0) physical["region"]["startColumn"] = frame.column;
    }
    location["physicalLocation"] = std::move(physical);
  } else if (!frame.module.empty()) {
    location["physicalLocation"] = {
        {"artifactLocation", {{"uri", Uri(frame.module)}}},
        {"address", {{"relativeAddress", frame.offset}}},
    };
  }
  if (!frame.function.empty()) {
    location["logicalLocations"] =
        json::array({{{"fullyQualifiedName", frame.function}, {"kind", "function"}}});
  }
  return location;
}

json LocationOf(const ReportStack& stack, const std::string& message) {
  const ReportFrame* place = PlaceOf(stack);
  json location = place != nullptr ? Location(*place) : json::object();
  location["message"] = {{"text", message}};
  return location;
}

json StackOf(const ReportStack& stack, const std::string& message) {
  json frames = json::array();
  for (const ReportFrame& frame : stack.frames) {
    json object = {{"location", Location(frame)}};
    if (!frame.module.empty()) object["module"] = frame.module;
    frames.push_back(std::move(object));
  }
  return {{"message", {{"text", message}}}, {"frames", std::move(frames)}};
}

std::string Message(const ReportFinding& finding) {
  std::string text = absl::StrCat(finding.headline, ".");
  if (!finding.path.empty()) absl::StrAppend(&text, " ", finding.path, ".");
  for (const std::string& remark : finding.remarks) absl::StrAppend(&text, " ", remark);
  if (!finding.advice.empty()) absl::StrAppend(&text, " ", finding.advice);
  return text;
}

// The same from run to run: addresses and thread numbers left out.
std::string Fingerprint(const ReportFinding& finding) {
  std::size_t hash = 1469598103934665603U;
  const auto add = [&hash](absl::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  };
  const auto add_stack = [&add](const ReportStack& stack) {
    for (const ReportFrame& frame : stack.frames) {
      add(frame.function);
      add(absl::StrCat(frame.offset));
    }
  };
  add(finding.kind);
  for (const ReportEdge& edge : finding.edges) {
    for (const ReportStack& stack : edge.stacks) add_stack(stack);
  }
  for (const ReportStack& stack : finding.stacks) add_stack(stack);
  return absl::StrFormat("%016x", hash);
}

json Result(const ReportFinding& finding, const std::vector<FindingKind>& kinds) {
  json result = {{"ruleId", finding.kind},
                 {"level", finding.kind == "deadlock" ? "error" : "warning"},
                 {"message", {{"text", Message(finding)}}},
                 {"partialFingerprints", {{"heddleStacks/v1", Fingerprint(finding)}}}};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (finding.kind == kinds[i].kind) result["ruleIndex"] = i;
  }
  json locations = json::array();
  json related = json::array();
  json flows = json::array();
  json stacks = json::array();
  const auto add = [&](const ReportStack& stack, const std::string& message) {
    json location = LocationOf(stack, message);
    if (locations.empty()) {
      locations.push_back(location);
    } else {
      json other = location;
      other["id"] = related.size() + 1;
      related.push_back(std::move(other));
    }
    // The standard wants them different from each other.
    json frames = StackOf(stack, message);
    if (std::find(stacks.begin(), stacks.end(), frames) == stacks.end()) {
      stacks.push_back(std::move(frames));
    }
    return location;
  };
  for (const ReportEdge& edge : finding.edges) {
    json steps = json::array();
    for (const ReportStack& stack : edge.stacks) {
      json location = add(stack, absl::StrCat(edge.thread, ": ", stack.title));
      steps.push_back({{"location", std::move(location)}});
    }
    if (!steps.empty()) flows.push_back({{"id", edge.thread}, {"locations", std::move(steps)}});
  }
  for (const ReportStack& stack : finding.stacks) add(stack, stack.title);
  result["locations"] = std::move(locations);
  if (!related.empty()) result["relatedLocations"] = std::move(related);
  if (!stacks.empty()) result["stacks"] = std::move(stacks);
  if (!flows.empty()) result["codeFlows"] = json::array({{{"threadFlows", std::move(flows)}}});
  return result;
}

}  // namespace

std::string ReportAsSarif(const Report& report) {
  const std::vector<FindingKind>& kinds = FindingKinds();
  json rules = json::array();
  for (const FindingKind& kind : kinds) {
    rules.push_back({{"id", kind.kind},
                     {"shortDescription", {{"text", kind.name}}},
                     {"fullDescription", {{"text", kind.description}}}});
  }
  json results = json::array();
  for (const ReportFinding& finding : report.findings) results.push_back(Result(finding, kinds));
  json notes = json::array();
  for (const std::string& note : report.notes) {
    notes.push_back({{"level", "note"}, {"message", {{"text", note}}}});
  }
  const json document = {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs",
       json::array({{
           {"tool", {{"driver", {{"name", "heddle lockorder"}, {"rules", std::move(rules)}}}}},
           {"invocations", json::array({{{"executionSuccessful", true},
                                         {"toolExecutionNotifications", std::move(notes)}}})},
           {"results", std::move(results)},
       }})},
  };
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace heddle::lock_order
