// SPDX-License-Identifier: Apache-2.0
//
// What the file locks share: the result of an operation, and the back-off between two attempts.
#ifndef HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_STATUS_H_
#define HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_STATUS_H_

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

#include "primitives/platform.h"

namespace heddle {

// Success, or why not, as an errno value. Taking a lock on a file fails for reasons that no mutex
// has (permissions, a full disk, a directory that is gone), and a caller that ignores one runs
// without exclusion: hence [[nodiscard]], and hence neither file lock fits std::scoped_lock, which
// ignores it.
//   EAGAIN     somebody else has it             ETIMEDOUT  the deadline passed
//   EDEADLK    this object holds it already     EPERM      unlock: this process does not hold it
//   EINTR      a signal ended the wait          ESTALE     unlock: it had been taken away meanwhile
//   any other  what the kernel said
class [[nodiscard]] FileLockStatus {
 public:
  constexpr FileLockStatus() = default;
  // A result of Platform::Files: >= 0 is success, otherwise -errno.
  static constexpr FileLockStatus of(int result) {
    return FileLockStatus(result < 0 ? -result : 0);
  }

  constexpr bool ok() const { return error_ == 0; }
  constexpr explicit operator bool() const { return ok(); }
  constexpr bool busy() const { return error_ == EAGAIN; }
  constexpr bool timed_out() const { return error_ == ETIMEDOUT; }
  constexpr int error() const { return error_; }
  std::string message() const { return std::system_category().message(error_); }

  friend constexpr bool operator==(FileLockStatus, FileLockStatus) = default;

 private:
  constexpr explicit FileLockStatus(int error) : error_(error) {}

  int error_ = 0;
};

namespace file_lock_internal {

// The pause between two attempts where the kernel offers no wait: 50 us, doubled up to 10 ms.
template <Platform P>
class PollBackoff {
 public:
  explicit PollBackoff(Deadline deadline) : deadline_(deadline) {}

  // False when the deadline has passed.
  bool wait() {
    if (P::Clock::expired(deadline_)) return false;
    if constexpr (P::kExhaustive) {
      P::yield();
    } else {
      typename P::template Atomic<std::uint32_t> nobody{0};
      static_cast<void>(P::park(&nobody, 0, std::min(deadline_, P::Clock::now() + pause_)));
      pause_ = std::min<std::chrono::microseconds>(pause_ * 2, std::chrono::milliseconds(10));
    }
    return true;
  }

 private:
  Deadline deadline_;
  std::chrono::microseconds pause_{50};
};

}  // namespace file_lock_internal
}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_STATUS_H_
