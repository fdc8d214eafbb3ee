// SPDX-License-Identifier: Apache-2.0
//
// Compiling and linking a program for the explorer.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORE_BUILD_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORE_BUILD_H_

#include <string>
#include <vector>

#include "tools/heddle/explore_options.h"

namespace heddle::explore {

// Command lines, without running them.
std::vector<std::string> CompileCommand(const Options& options, const std::string& source,
                                        const std::string& object);
std::vector<std::string> LinkCommand(const Options& options,
                                     const std::vector<std::string>& objects,
                                     const std::string& runtime, const std::string& program);

// The runtime's archive: HEDDLE_EXPLORE_RUNTIME, or the one beside this tool.
std::string RuntimeArchive();

// Builds `program`, with objects in `directory`. The compiler's messages go to standard error.
// With --unseen=warn `unseen` gets the objects that are not instrumented.
// Returns an exit status: kExitOk, kExitUsage, kExitInternal, kExitInterrupted.
int Build(const Options& options, const std::string& directory, const std::string& program,
          std::vector<std::string>& unseen);

}  // namespace heddle::explore

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORE_BUILD_H_
