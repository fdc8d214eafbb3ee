// SPDX-License-Identifier: Apache-2.0
#include "checkers/generate/description.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "checkers/generate/program.h"

namespace heddle::generate {
namespace {

void AppendPart(std::string_view label, const Part& part, std::span<const Action> actions,
                std::string& text) {
  if (!text.empty()) text += " | ";
  text += label;
  bool first = true;
  for (const Call& call : part.all()) {
    if (!std::exchange(first, false)) text += ", ";
    const Action& action = actions[static_cast<std::size_t>(call.action)];
    text += action.name;
    for (std::size_t i = 0; i < action.arity(); ++i) {
      text += (i == 0 ? "(" : ", ") + std::to_string(call.values[i]);
    }
    if (action.arity() != 0) text += ')';
  }
}

std::string Known(std::span<const Action> actions) {
  std::string text = "; there are";
  for (const Action& action : actions) {
    text += text.back() == 'e' ? " " : ", ";
    text += action.name;
  }
  return text;
}

}  // namespace

std::string FormatProgram(const Program& program, std::span<const Action> actions) {
  std::string text;
  if (program.beginning.size != 0) AppendPart("initial: ", program.beginning, actions, text);
  for (const Part& part : program.running()) AppendPart("", part, actions, text);
  if (program.end.size != 0) AppendPart("final: ", program.end, actions, text);
  return text;
}

std::string ReadProgram(std::string_view text, std::span<const Action> actions, Program& program) {
  const ParseResult result = ParseProgram(text, actions, program);
  if (result.ok()) return "";
  std::string problem = "column " + std::to_string(result.column) + ": " + result.problem;
  if (std::string_view(result.problem) == "no such operation") problem += Known(actions);
  return problem;
}

std::string DescriptionToJson(std::string_view name, std::string_view mutant, std::string_view type,
                              std::string_view model, std::span<const Action> actions) {
  nlohmann::json json = {{"subject", name},
                         {"mutant", mutant},
                         {"type", type},
                         {"model", model},
                         {"actions", nlohmann::json::array()}};
  for (const Action& action : actions) {
    nlohmann::json arguments = nlohmann::json::array();
    for (std::size_t i = 0; i < action.arity(); ++i) {
      const Argument& argument = action.arguments[i];
      arguments.push_back({{"field", static_cast<int>(argument.field)},
                           {"least", argument.least},
                           {"most", argument.most},
                           {"fresh", argument.fresh}});
    }
    json["actions"].push_back({{"name", action.name},
                               {"function", action.function},
                               {"arguments", std::move(arguments)},
                               {"role", action.role},
                               {"gives", action.gives},
                               {"blocks", action.blocks},
                               {"meets", action.meets}});
  }
  return json.dump();
}

std::optional<SubjectDescription> DescriptionFromJson(std::string_view line) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  SubjectDescription subject;
  subject.names = std::make_shared<std::deque<std::string>>();
  try {
    subject.name = json.at("subject").get<std::string>();
    subject.mutant = json.at("mutant").get<std::string>();
    subject.type = json.at("type").get<std::string>();
    subject.model = json.at("model").get<std::string>();
    for (const nlohmann::json& each : json.at("actions")) {
      Action action;
      action.name = subject.names->emplace_back(each.at("name").get<std::string>());
      action.function = each.at("function").get<std::int32_t>();
      std::size_t count = 0;
      for (const nlohmann::json& argument : each.at("arguments")) {
        if (count == kMostArguments) return std::nullopt;
        action.arguments[count++] = {
            .field = static_cast<Argument::Field>(argument.at("field").get<int>()),
            .least = argument.at("least").get<int>(),
            .most = argument.at("most").get<int>(),
            .fresh = argument.at("fresh").get<bool>()};
      }
      action.role = each.at("role").get<int>();
      action.gives = each.at("gives").get<int>();
      action.blocks = each.at("blocks").get<bool>();
      action.meets = each.at("meets").get<int>();
      subject.actions.push_back(action);
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return subject;
}

}  // namespace heddle::generate
