// SPDX-License-Identifier: Apache-2.0
//
// What the engine's parts share about the running execution.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_RUN_STATE_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_RUN_STATE_H_

#include <cstdint>

namespace heddle::explorer_engine {

inline constexpr int kMostThreads = 8;

// The scenario's thread, or -1 in set-up and After(). Put back with the program's memory at each
// execution, and each thread's own.
inline thread_local int current_thread = -1;

// The calling thread's last file operation (explorer_files.h) is over.
void EndFileOperation();

// Files as one object: an operation has it up to the thread's next one. Each order of all the
// operations is an execution of its own then; for comparison.
inline bool files_in_turns = false;

// Of what the execution has left behind, in After().
std::uint64_t FilesDigest();

}  // namespace heddle::explorer_engine

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_RUN_STATE_H_
