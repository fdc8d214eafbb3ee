// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/silence.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cstddef>

namespace heddle::explorer {

Silence* Silence::current = nullptr;

Silence::Silence() {
  fflush(stdout);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    int& kept = kept_[static_cast<std::size_t>(stream)];
    kept = fcntl(stream, F_DUPFD_CLOEXEC, 3);
    if (nowhere >= 0 && kept >= 0) dup2(nowhere, stream);
  }
  if (nowhere >= 0) close(nowhere);
  current = this;
}

Silence::~Silence() {
  if (current == this) End();
}

void Silence::Break() {
  while (current != nullptr) current->End();
}

void Silence::End() {
  fflush(stdout);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    int& kept = kept_[static_cast<std::size_t>(stream)];
    if (kept < 0) continue;
    dup2(kept, stream);
    close(kept);
    kept = -1;
  }
  current = outer_;
}

}  // namespace heddle::explorer
