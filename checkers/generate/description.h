// SPDX-License-Identifier: Apache-2.0
//
// What a subject tells a tool about itself, and programs as text.
#ifndef HEDDLE_CHECKERS_GENERATE_DESCRIPTION_H_
#define HEDDLE_CHECKERS_GENERATE_DESCRIPTION_H_

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/generate/program.h"

namespace heddle::generate {

// "push(1) | pop | final: pop".
std::string FormatProgram(const Program& program, std::span<const Action> actions);

// Empty, or what is wrong with the text, in words and with the column.
std::string ReadProgram(std::string_view text, std::span<const Action> actions, Program& program);

struct SubjectDescription {
  std::string name;    // "queue/mpmc_ring"
  std::string mutant;  // empty: the shipped code
  std::string type;    // "MpmcRingSubject"
  std::string model;   // that registers it
  std::vector<Action> actions;
  std::shared_ptr<std::deque<std::string>> names;  // of the actions
};

// One line of JSON.
std::string DescriptionToJson(std::string_view name, std::string_view mutant, std::string_view type,
                              std::string_view model, std::span<const Action> actions);
std::optional<SubjectDescription> DescriptionFromJson(std::string_view line);

}  // namespace heddle::generate

#endif  // HEDDLE_CHECKERS_GENERATE_DESCRIPTION_H_
