// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_TOOLS_HEDDLE_SCRATCH_H_
#define HEDDLE_TOOLS_HEDDLE_SCRATCH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace heddle {

// A new directory for temporary files, removed with what is in it: by whoever makes the next one if
// this process is killed, which the lock on the directory tells. Its path has no colon, which
// separates the options of our runtimes. The path is empty where none could be made.
class Scratch {
 public:
  explicit Scratch(absl::string_view purpose);  // part of its name
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_SCRATCH_H_
