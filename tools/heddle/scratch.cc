// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

// Of a directory that its owner has locked, and of one before that.
constexpr char kLocked[] = "heddle_tool_";
constexpr char kNew[] = "heddle_new_";

// The directory's descriptor, with the lock on it; -1: another process has that, or there is none.
int Lock(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return -1;
}

bool IsOwn(int fd) {
  struct stat about{};
  return fstat(fd, &about) == 0 && about.st_uid == geteuid();
}

// Removes what processes have left that were killed: directories that nobody has locked.
void Sweep(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator it(parent, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    if (!absl::StartsWith(it->path().filename().string(), kLocked)) continue;
    const int fd = Lock(it->path().string());
    if (fd < 0) continue;
    std::error_code ignored;
    if (IsOwn(fd)) fs::remove_all(it->path(), ignored);
    close(fd);
  }
}

}  // namespace

Scratch::Scratch(absl::string_view purpose) {
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  const bool usable = !error && temporary.string().find(':') == std::string::npos;
  const fs::path parent = usable ? temporary : "/tmp";
  Sweep(parent);
  std::string made = (parent / absl::StrCat(kNew, purpose, ".XXXXXX")).string();
  if (mkdtemp(made.data()) == nullptr) return;
  // From its last name on it is for others to look at, so it is locked before.
  lock_ = Lock(made);
  const std::string letters = made.substr(made.rfind('.'));
  path_ = (parent / absl::StrCat(kLocked, purpose, ".", getpid(), letters)).string();
  if (lock_ < 0 || rename(made.c_str(), path_.c_str()) != 0) path_ = made;
}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  if (lock_ >= 0) close(lock_);
}

}  // namespace heddle
