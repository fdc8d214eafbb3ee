// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/verdict.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace heddle {
namespace {

constexpr std::array<std::string_view, 19> kNames = {
    "pass",
    "assertion",
    "race",
    "deadlock",
    "livelock",
    "lost_wakeup",
    "use_after_free",
    "double_free",
    "out_of_bounds",
    "leak",
    "uninitialized",
    "bad_unlock",
    "destroyed_in_use",
    "nonlinearizable",
    "forbidden_outcome",
    "crash",
    "missed",
    "incomplete",
    "error",
};
constexpr std::array<std::string_view, 3> kGrades = {"acceptable", "interesting", "forbidden"};

static_assert(kNames.size() == static_cast<std::size_t>(Verdict::kError) + 1);

template <class T>
nlohmann::ordered_json OrNull(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

template <class T>
std::optional<T> Optional(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

}  // namespace

std::string_view ToString(Verdict verdict) { return kNames[static_cast<std::size_t>(verdict)]; }

std::optional<Verdict> VerdictFromString(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

std::string ToString(VerdictSet set) {
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!set.contains(static_cast<Verdict>(i))) continue;
    if (!text.empty()) text += '|';
    text += kNames[i];
  }
  return text;
}

std::string_view ToString(Grade grade) { return kGrades[static_cast<std::size_t>(grade)]; }

std::optional<Grade> GradeFromString(std::string_view text) {
  for (std::size_t i = 0; i < kGrades.size(); ++i) {
    if (kGrades[i] == text) return static_cast<Grade>(i);
  }
  return std::nullopt;
}

std::string ToJson(const VerdictRecord& record) {
  nlohmann::ordered_json json;
  json["scenario"] = record.scenario;
  json["primitive"] = record.primitive;
  json["mutant"] = OrNull(record.mutant);
  json["threads"] = record.threads;
  json["engine"] = record.engine;
  json["mode"] = record.mode;
  json["executions"] = record.executions;
  json["blocked"] = record.blocked;
  json["complete"] = record.complete;
  json["seconds"] = record.seconds;
  json["verdict"] = ToString(record.verdict);
  json["expected"] = record.expected;
  json["ok"] = record.ok;
  json["counterexample"] = OrNull(record.counterexample);
  json["seed"] = OrNull(record.seed);
  if (record.schedule) json["schedule"] = *record.schedule;
  for (const OutcomeCount& count : record.outcomes) {
    json["outcomes"].push_back({{"outcome", count.outcome},
                                {"count", count.count},
                                {"grade", ToString(count.grade)},
                                {"sentence", count.sentence}});
  }
  for (const VariantRecord& variant : record.variants) {
    json["variants"].push_back({{"name", variant.name},
                                {"executions", variant.executions},
                                {"seconds", variant.seconds},
                                {"verdict", ToString(variant.verdict)}});
  }
  if (record.variants_left_out != 0) json["variants_left_out"] = record.variants_left_out;
  if (!record.reason.empty()) json["reason"] = record.reason;
  if (!record.ok && !record.detail.empty()) json["detail"] = record.detail;
  // Symbol names and log excerpts need not be UTF-8.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<VerdictRecord> VerdictRecordFromJson(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  try {
    VerdictRecord record;
    record.scenario = json.at("scenario").get<std::string>();
    record.primitive = json.at("primitive").get<std::string>();
    record.mutant = Optional<std::string>(json, "mutant");
    record.threads = json.at("threads").get<int>();
    record.engine = json.at("engine").get<std::string>();
    record.mode = json.at("mode").get<std::string>();
    record.executions = json.at("executions").get<std::uint64_t>();
    record.blocked = json.at("blocked").get<std::uint64_t>();
    record.complete = json.at("complete").get<bool>();
    record.seconds = json.at("seconds").get<double>();
    const auto verdict = VerdictFromString(json.at("verdict").get<std::string>());
    if (!verdict) return std::nullopt;
    record.verdict = *verdict;
    record.expected = json.at("expected").get<std::string>();
    record.ok = json.at("ok").get<bool>();
    record.counterexample = Optional<std::string>(json, "counterexample");
    record.seed = Optional<std::uint64_t>(json, "seed");
    record.schedule = Optional<std::string>(json, "schedule");
    for (const auto& count : json.value("outcomes", nlohmann::json::array())) {
      const auto grade = GradeFromString(count.at("grade").get<std::string>());
      if (!grade) return std::nullopt;
      record.outcomes.push_back({.outcome = count.at("outcome").get<std::string>(),
                                 .count = count.at("count").get<std::uint64_t>(),
                                 .grade = *grade,
                                 .sentence = count.at("sentence").get<std::string>()});
    }
    for (const auto& variant : json.value("variants", nlohmann::json::array())) {
      const auto ended = VerdictFromString(variant.at("verdict").get<std::string>());
      if (!ended) return std::nullopt;
      record.variants.push_back({.name = variant.at("name").get<std::string>(),
                                 .executions = variant.at("executions").get<std::uint64_t>(),
                                 .seconds = variant.at("seconds").get<double>(),
                                 .verdict = *ended});
    }
    record.variants_left_out = json.value("variants_left_out", 0);
    record.reason = Optional<std::string>(json, "reason").value_or("");
    record.detail = Optional<std::string>(json, "detail").value_or("");
    return record;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace heddle
