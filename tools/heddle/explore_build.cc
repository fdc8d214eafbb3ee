// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore_build.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/command_line.h"
#include "tools/heddle/explore_objects.h"
#include "tools/heddle/explore_run.h"
#include "tools/heddle/suite.h"

namespace heddle::explore {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kArchive = "heddle/tools/heddle/libheddle_explorer.a";
constexpr absl::string_view kIncludes = "heddle/checkers/explorer/runtime/include";

std::string Extension(const std::string& path) { return fs::path(path).extension().string(); }

bool IsC(const std::string& source) { return Extension(source) == ".c"; }

bool IsCompiled(const std::string& source) {
  for (const absl::string_view extension : {".c", ".cc", ".cpp", ".cxx", ".C", ".c++"}) {
    if (Extension(source) == extension) return true;
  }
  return false;
}

bool IsLinked(const std::string& source) {
  for (const absl::string_view extension : {".o", ".a", ".so"}) {
    if (Extension(source) == extension) return true;
  }
  return false;
}

// Clang tells by its "assignment tracking" what optimized code has left of a variable, and not
// where it is. Older ones, and those whose age the name does not say, may not know the option.
bool TracksAssignments(const std::string& compiler) {
  constexpr int kFirst = 17;
  const std::string name = fs::path(compiler).filename().string();
  int version = 0;
  return absl::SimpleAtoi(name.substr(name.rfind('-') + 1), &version) && version >= kFirst;
}

bool IsClang(const std::string& compiler) {
  return absl::StrContains(fs::path(compiler).filename().string(), "clang");
}

// Headers that stand in for the C++ library's where those hide from the instrumentation.
std::string IncludeDirectory() {
  std::string directory = absl::StrCat(RunfilesRoot(), kIncludes);
  std::error_code error;
  return fs::is_directory(directory, error) ? directory : "";
}

void Append(const std::vector<std::string>& words, std::vector<std::string>& to) {
  to.insert(to.end(), words.begin(), words.end());
}

// What is linked only where something asks for it lies beside the rest: libx.a, libx_rest.a.
std::string OptionalArchive(const std::string& runtime) {
  const fs::path path(runtime);
  return (path.parent_path() / absl::StrCat(path.stem().string(), "_rest.a")).string();
}

// Adds what of the file the instrumentation would not see. Of a shared library the runtime says it,
// whoever has linked it.
bool CheckObject(const Options& options, const std::string& path,
                 std::vector<std::string>& unseen) {
  if (options.unseen == "allow" || Extension(path) == ".so") return true;
  const absl::StatusOr<std::vector<std::string>> found = Uninstrumented(path);
  if (!found.ok()) {
    std::fprintf(stderr, "heddle explore: %s\n", std::string(found.status().message()).c_str());
    return false;
  }
  if (found->empty()) return true;
  if (options.unseen == "warn") {
    Append(*found, unseen);
    return true;
  }
  std::fprintf(stderr,
               "heddle explore: %s: not compiled with -fsanitize=thread, and so not explored "
               "(--unseen=warn goes on)\n",
               absl::StrJoin(*found, ", ").c_str());
  return false;
}

}  // namespace

std::string RuntimeArchive() {
  if (const char* given = std::getenv("HEDDLE_EXPLORE_RUNTIME"); given != nullptr) return given;
  return absl::StrCat(RunfilesRoot(), kArchive);
}

std::vector<std::string> CompileCommand(const Options& options, const std::string& source,
                                        const std::string& object) {
  std::vector<std::string> command = {options.compiler};
  if (IsC(source)) {
    Append({"-x", "c", "-std=gnu11"}, command);
  } else {
    Append({"-x", "c++", "-std=c++20"}, command);
  }
  // Tail calls would leave their callers out of the stacks that are shown.
  Append(
      {"-O2", "-g", "-fsanitize=thread", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"},
      command);
  // The explorer keeps no stacks of its own, so calls need not be told.
  if (IsClang(options.compiler)) {
    Append({"-mllvm", "-tsan-instrument-func-entry-exit=0"}, command);
    if (TracksAssignments(options.compiler)) {
      Append({"-Xclang", "-fexperimental-assignment-tracking=disabled", "-mllvm",
              "-instcombine-lower-dbg-declare=0"},
             command);
    }
    // Atomic operations of two places stay two.
    for (const char* const merges :
         {"-simplifycfg-sink-common=false", "-simplifycfg-hoist-common=false",
          "-enable-tail-merge=false"}) {
      Append({"-mllvm", merges}, command);
    }
  } else {
    Append({"--param=tsan-instrument-func-entry-exit=0"}, command);
  }
  if (const std::string directory = IncludeDirectory(); !directory.empty()) {
    Append({"-isystem", directory}, command);
  }
  Append(options.compile_flags, command);
  Append({"-c", source, "-o", object}, command);
  return command;
}

std::vector<std::string> LinkCommand(const Options& options,
                                     const std::vector<std::string>& objects,
                                     const std::string& runtime, const std::string& program) {
  std::vector<std::string> command = {options.compiler};
  Append(objects, command);
  Append({"-Wl,--whole-archive", runtime, "-Wl,--no-whole-archive", OptionalArchive(runtime),
          "-Wl,--build-id"},
         command);
  Append(options.link_flags, command);
  // The runtime is C++, whatever the program is.
  // A table that is filled lazily would be emptied before each execution.
  Append({"-pthread", "-ldl", "-lstdc++", "-Wl,-z,relro,-z,now", "-o", program}, command);
  return command;
}

int Build(const Options& options, const std::string& directory, const std::string& program,
          std::vector<std::string>& unseen) {
  std::vector<std::string> objects;
  std::vector<std::vector<std::string>> commands;
  for (const std::string& source : options.sources) {
    if (access(source.c_str(), R_OK) != 0) {
      std::fprintf(stderr, "heddle explore: %s: %s\n", source.c_str(), std::strerror(errno));
      return kExitUsage;
    }
    if (IsLinked(source)) {
      if (!CheckObject(options, source, unseen)) return kExitUsage;
      objects.push_back(source);
      continue;
    }
    if (!IsCompiled(source)) {
      std::fprintf(stderr, "heddle explore: %s: neither a C nor a C++ file nor an object\n",
                   source.c_str());
      return kExitUsage;
    }
    objects.push_back(absl::StrCat(directory, "/", objects.size(), ".o"));
    commands.push_back(CompileCommand(options, source, objects.back()));
  }
  const std::string runtime = RuntimeArchive();
  if (access(runtime.c_str(), R_OK) != 0) {
    std::fprintf(stderr, "heddle explore: %s: %s\n", runtime.c_str(), std::strerror(errno));
    return kExitInternal;
  }
  commands.push_back(LinkCommand(options, objects, runtime, program));
  for (const std::vector<std::string>& command : commands) {
    const RunResult result = RunPlain(command);
    if (result.interrupted) return kExitInterrupted;
    if (!result.started) {
      std::fprintf(stderr, "heddle explore: %s: %s\n", command[0].c_str(), result.problem.c_str());
      return kExitUsage;
    }
    if (result.status != 0) {
      std::fprintf(stderr, "heddle explore: the program was not built\n");
      return kExitUsage;
    }
  }
  return kExitOk;
}

}  // namespace heddle::explore
