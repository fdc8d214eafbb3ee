// SPDX-License-Identifier: Apache-2.0
//
// What an operating system's schedule has shown once, it need not show again; the explorer repeats
// exactly.
#ifndef HEDDLE_TOOLS_HEDDLE_ASK_EXPLORER_H_
#define HEDDLE_TOOLS_HEDDLE_ASK_EXPLORER_H_

#include <string>
#include <vector>

#include "checkers/scenario/verdict.h"
#include "tools/heddle/suite.h"

namespace heddle {

// Asks the explorer for an execution of the same scenario that fails: first for the one that was
// recorded when it failed on real threads, and for those that depart from it a little; then for any
// of all executions. In words, with the command that replays what it has found.
std::string AskTheExplorer(const VerdictRecord& failure,
                           const std::vector<ScenarioBinary>& explorers, const std::string& out);

// What the explorer's answers amount to. `guided` is null where nothing was recorded, `any` where
// it was not asked for.
std::string TellAnswers(const VerdictRecord* guided, const VerdictRecord* any);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_ASK_EXPLORER_H_
