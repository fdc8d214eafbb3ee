// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/scratch.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

class ScratchTest : public testing::Test {
 protected:
  ScratchTest() {
    const char* const given = std::getenv("TEST_TMPDIR");
    parent_ = fs::path(given == nullptr ? "/tmp" : given) / "scratch_test";
    fs::remove_all(parent_);
    fs::create_directories(parent_);
    setenv("TMPDIR", parent_.c_str(), 1);
  }
  ~ScratchTest() override {
    unsetenv("TMPDIR");
    fs::remove_all(parent_);
  }

  std::ptrdiff_t Entries() const {
    return std::distance(fs::directory_iterator(parent_), fs::directory_iterator());
  }

  fs::path parent_;
};

// A process that has a directory with a file in it, until it is killed.
class Owner {
 public:
  Owner() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      const Scratch scratch("test");
      std::ofstream(scratch.path() + "/program") << "text";
      const std::string path = scratch.path() + "\n";
      if (write(ends[1], path.data(), path.size()) < 0) _exit(1);
      while (true) pause();
    }
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) path_ += c;
    close(ends[0]);
    close(ends[1]);
  }
  ~Owner() { Kill(); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  void Kill() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }

  const std::string& path() const { return path_; }

 private:
  pid_t child_ = -1;
  std::string path_;
};

TEST_F(ScratchTest, IsGoneInTheEnd) {
  {
    const Scratch scratch("test");
    EXPECT_EQ(fs::path(scratch.path()).parent_path(), parent_);
    std::ofstream(scratch.path() + "/file") << "text";
    EXPECT_EQ(Entries(), 1);
  }
  EXPECT_EQ(Entries(), 0);
}

TEST_F(ScratchTest, WhatAKilledProcessHasLeftGoesWithTheNext) {
  Owner owner;
  ASSERT_TRUE(fs::exists(owner.path() + "/program"));
  owner.Kill();
  EXPECT_TRUE(fs::exists(owner.path() + "/program"));
  const Scratch next("other");
  EXPECT_FALSE(fs::exists(owner.path()));
  EXPECT_EQ(Entries(), 1);
}

TEST_F(ScratchTest, WhatAnotherProcessUsesStays) {
  const Owner owner;
  fs::create_directory(parent_ / "heddle_new_test.abcdef");
  fs::create_directory(parent_ / "somebody_elses");
  fs::create_directory(parent_ / "target");
  fs::create_directory_symlink(parent_ / "target", parent_ / "heddle_tool_link.1.abcdef");
  {
    const Scratch next("test");
  }
  EXPECT_TRUE(fs::exists(owner.path() + "/program"));
  EXPECT_TRUE(fs::exists(parent_ / "heddle_new_test.abcdef")) << "it may not be locked yet";
  EXPECT_TRUE(fs::exists(parent_ / "somebody_elses"));
  EXPECT_TRUE(fs::exists(parent_ / "heddle_tool_link.1.abcdef"));
  EXPECT_TRUE(fs::exists(parent_ / "target"));
}

TEST_F(ScratchTest, ManyAtOnceDoNotMeet) {
  for (int round = 0; round < 20; ++round) {
    std::array<pid_t, 8> children{};
    for (pid_t& child : children) {
      child = fork();
      if (child != 0) continue;
      const Scratch scratch("test");
      std::ofstream(scratch.path() + "/file") << "text";
      const Scratch second("test");
      const bool there = fs::exists(scratch.path() + "/file") && fs::exists(second.path());
      _exit(there ? 0 : 1);
    }
    for (const pid_t child : children) {
      int status = -1;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
  }
}

}  // namespace
}  // namespace heddle
