// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/printable.h"
#include "checkers/lock_order/report/source_lines.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

using testing::TempDir;

TEST(Printable, SpellsOutWhatMisleads) {
  EXPECT_EQ(Printable("void f(int)"), "void f(int)");
  EXPECT_EQ(Printable("größe 锁 🔒"), "größe 锁 🔒");
  EXPECT_EQ(Printable("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(Printable("a\u202eb\u2066c"), "a\\u{202e}b\\u{2066}c") << "reorders text";
  EXPECT_EQ(Printable("\u009b31m"), "\\u{9b}31m") << "a control sequence to some terminals";
  EXPECT_EQ(Printable("\xff\xc3"), "\\xff\\xc3") << "not UTF-8";
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
  EXPECT_EQ(Printable(std::string(1, '\0')), "\\x00");
}

TEST(SystemInclude, IsTheNameBetweenTheBrackets) {
  const struct {
    const char* file;
    const char* include;
  } kCases[] = {
      {"/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/bits/std_mutex.h",
       "bits/std_mutex.h"},
      {"/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/x86_64-linux-gnu/c++/12/bits/gthr.h",
       "bits/gthr.h"},
      {"/usr/include/c++/13/x86_64-linux-gnu/bits/gthr.h", "bits/gthr.h"},
      {"/usr/include/c++/12/mutex", "mutex"},
      {"/usr/lib/llvm-22/bin/../include/c++/v1/__mutex/lock_guard.h", "__mutex/lock_guard.h"},
      {"/usr/lib/llvm-22/lib/clang/22/include/immintrin.h", "immintrin.h"},
      {"/usr/include/x86_64-linux-gnu/sys/wait.h", "sys/wait.h"},
      {"/usr/include/pthread.h", "pthread.h"},
      {"/usr/local/include/boost/thread.hpp", "boost/thread.hpp"},
      {"/opt/cross/include/c++/12/mutex", "mutex"},
      {"/usr/src/app/include/queue.h", ""},
      {"/home/me/include/queue.h", ""},
      {"bank.cc", ""},
      {"", ""},
  };
  for (const auto& test : kCases) EXPECT_EQ(SystemInclude(test.file), test.include) << test.file;
}

TEST(ShortPath, IsRelativeBelowTheDirectory) {
  EXPECT_EQ(ShortPath("/src/app/net/a.cc", "/src/app"), "net/a.cc");
  EXPECT_EQ(ShortPath("/src/app2/a.cc", "/src/app"), "/src/app2/a.cc");
  EXPECT_EQ(ShortPath("/src/app/x/../a.cc", "/src/app"), "a.cc");
  EXPECT_EQ(ShortPath("/src/app/a.cc", ""), "/src/app/a.cc");
  EXPECT_EQ(ShortPath("/a.cc", "/"), "/a.cc");
  EXPECT_EQ(ShortPath("./a.cc", "/src"), "a.cc");
  EXPECT_EQ(ShortPath("/proc/self/cwd/net/a.cc", "/src"), "net/a.cc");
  EXPECT_EQ(ShortPath("/usr/include/c++/12/mutex", "/src"), "<mutex>");
}

ReportFrame Frame(const std::string& function, const std::string& file, const std::string& module) {
  ReportFrame frame;
  frame.pc = 0x1000;
  frame.function = function;
  frame.file = file;
  frame.line = file.empty() ? 0 : 2;
  frame.module = module;
  return frame;
}

std::vector<ReportFrame> ThreadStack() {
  return {Frame("std::mutex::lock()", "/usr/include/c++/12/bits/std_mutex.h", "/bin/app"),
          Frame("Pay()", "/src/bank.cc", "/bin/app"),
          Frame("std::invoke()", "/usr/include/c++/12/bits/invoke.h", "/bin/app"),
          Frame("main::{lambda}", "/src/main.cc", "/bin/app"),
          Frame("", "", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"),
          Frame("run(void*)", "/h/checkers/lock_order/runtime/interpose_thread.cc", "/bin/app"),
          Frame("", "", "/opt/libheddle_lockorder.so"),
          Frame("start_thread", "./nptl/pthread_create.c", "/lib/x86_64-linux-gnu/libc.so.6")};
}

TEST(FramesOfInterest, AreTheProgramsOwn) {
  EXPECT_EQ(FramesOfInterest(ThreadStack()), (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(PlaceOf(ThreadStack())->function, "Pay()");
}

TEST(FramesOfInterest, KeepALibraryThatCallsBack) {
  const auto frames =
      std::vector{Frame("Compare()", "/src/a.cc", "/bin/app"),
                  Frame("qsort", "./stdlib/qsort.c", "/lib/libc.so.6"),
                  Frame("main", "/src/a.cc", "/bin/app"), Frame("_start", "", "/bin/app")};
  EXPECT_EQ(FramesOfInterest(frames), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(FramesOfInterest, AreAllWhereNoneIsTheProgramsOwn) {
  const auto frames = std::vector{Frame("", "", "/lib/libc.so.6"), Frame("", "", "/lib/libc.so.6")};
  EXPECT_EQ(FramesOfInterest(frames), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(FramesOfInterest({}).empty());
  EXPECT_EQ(PlaceOf(std::vector<ReportFrame>{}), nullptr);
}

TEST(Excerpt, PointsAtTheColumn) {
  EXPECT_EQ(Excerpt("  lock_guard hold(m);", 12, 14, 2),
            "    12 |   lock_guard hold(m);\n"
            "       |              ^\n");
  EXPECT_EQ(Excerpt("\tf();", 7, 2, 0),
            "   7 |     f();\n"
            "     |     ^\n");
  EXPECT_EQ(Excerpt("/* größe */ f();\r", 7, 15, 0),
            "   7 | /* größe */ f();\n"
            "     |             ^\n");
  EXPECT_EQ(Excerpt("f();", 7, 0, 0), "   7 | f();\n");
  EXPECT_EQ(Excerpt("f();", 7, 99, 0), "   7 | f();\n") << "the file is another one";
  EXPECT_EQ(Excerpt("", 7, 1, 0), "   7 | \n");
  EXPECT_EQ(Excerpt("a\x1b[31m\u202e()", 7, 1, 0),
            "   7 | a\\x1b[31m\\u{202e}()\n"
            "     | ^\n");
}

TEST(Excerpt, CutsLongLinesAroundTheColumn) {
  const std::string line = std::string(300, 'a') + "X" + std::string(300, 'b');
  const std::string text = Excerpt(line, 1, 301, 0);
  const std::string first = text.substr(0, text.find('\n'));
  const std::string second = text.substr(text.find('\n') + 1);
  EXPECT_LT(first.size(), 110U);
  ASSERT_NE(second.find('^'), std::string::npos);
  EXPECT_EQ(first[second.find('^')], 'X') << text;
}

// A source file and, written after it, a module.
struct Project {
  explicit Project(const std::string& name) : directory(absl::StrCat(TempDir(), "/", name)) {
    mkdir(directory.c_str(), 0700);
    Write("bank.cc", "void Pay() {\n  std::lock_guard hold(mutex);\n}\n");
    Write("app", "");
  }
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(absl::StrCat(directory, "/", file)) << text;
  }
  // `seconds` after the epoch.
  void Date(const std::string& file, time_t seconds) const {
    const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0},
                               {.tv_sec = seconds, .tv_nsec = 0}};
    utimensat(AT_FDCWD, absl::StrCat(directory, "/", file).c_str(), times, 0);
  }
  ReportFrame At(const std::string& file, int line) const {
    ReportFrame frame = Frame("Pay()", file, absl::StrCat(directory, "/app"));
    frame.line = line;
    frame.column = 19;
    return frame;
  }
  std::string directory;
};

TEST(SourceLines, AreFoundWhereverThePathLeads) {
  const Project project("found");
  const std::string line = "  std::lock_guard hold(mutex);";
  SourceLines here(project.directory);
  EXPECT_EQ(here.At(project.At("bank.cc", 2)), line);
  EXPECT_EQ(here.At(project.At("/proc/self/cwd/bank.cc", 2)), line);
  SourceLines elsewhere("/");
  EXPECT_EQ(elsewhere.At(project.At(absl::StrCat(project.directory, "/bank.cc"), 2)), line);
  EXPECT_FALSE(elsewhere.At(project.At("bank.cc", 2)).has_value());
  ReportFrame compiled_there = project.At("bank.cc", 2);
  compiled_there.directory = project.directory;
  EXPECT_EQ(elsewhere.At(compiled_there), line);
}

TEST(SourceLines, AreNotGuessed) {
  const Project project("guessed");
  EXPECT_FALSE(SourceLines(project.directory).At(project.At("bank.cc", 200)).has_value());
  EXPECT_FALSE(SourceLines(project.directory).At(project.At("bank.cc", 0)).has_value());
  EXPECT_FALSE(SourceLines(project.directory).At(project.At("missing.cc", 1)).has_value());
  EXPECT_FALSE(SourceLines("/dev").At(project.At("zero", 1)).has_value());
  project.Date("app", 1000);
  project.Date("bank.cc", 1001);
  EXPECT_FALSE(SourceLines(project.directory).At(project.At("bank.cc", 2)).has_value())
      << "changed since";
  project.Date("bank.cc", 999);
  EXPECT_TRUE(SourceLines(project.directory).At(project.At("bank.cc", 2)).has_value());
}

TEST(Text, ShowsThePlaceWithItsLineAndLeavesTheRestOut) {
  const Project project("text");
  ReportFinding finding;
  finding.kind = "thread_exit";
  finding.headline = "a headline";
  std::vector<ReportFrame> frames = ThreadStack();
  frames[1] = project.At(absl::StrCat(project.directory, "/bank.cc"), 2);
  finding.stacks = {{.title = "here:", .frames = frames}};
  SourceLines sources(project.directory);
  EXPECT_EQ(FindingAsText(finding, {.full_stacks = false, .sources = &sources}),
            "==================\n"
            "WARNING: heddle: a headline\n"
            "    here:\n"
            "      #1 Pay() bank.cc:2:19\n"
            "            2 |   std::lock_guard hold(mutex);\n"
            "              |                   ^\n"
            "      #3 main::{lambda} /src/main.cc:2\n"
            "==================\n");
  const std::string full = FindingAsText(finding, {.full_stacks = true, .sources = &sources});
  for (const char* part :
       {"#0 std::mutex::lock() /usr/include/c++/12/bits/std_mutex.h:2\n", "#2 std::invoke() ",
        "#4 0x1000 (/usr/lib/x86_64-linux-gnu/libstdc++.so.6+0x0)\n", "#7 start_thread "}) {
    EXPECT_NE(full.find(part), std::string::npos) << full;
  }
  EXPECT_NE(full.find(absl::StrCat("#1 Pay() ", project.directory, "/bank.cc:2:19\n")),
            std::string::npos);
}

}  // namespace
}  // namespace heddle::lock_order
