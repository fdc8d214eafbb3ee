// SPDX-License-Identifier: Apache-2.0
//
// What `heddle explore` cannot use: one line says why, the exit status is 2, and nothing is lost
// that was found.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"
#include "tools/heddle/explore.h"

namespace heddle::explore {
namespace {

namespace fs = std::filesystem;

constexpr char kLocks[] = "--binary=checkers/explorer/programs/locks";
constexpr char kWrong[] = "--binary=checkers/explorer/programs/wrong";

class ExploreInputTest : public testing::Test {
 protected:
  int Run(const std::vector<std::string>& arguments) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = RunExplore(arguments);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return status;
  }

  // Of right programs and of wrong ones: `arguments` make it unusable, and one line has `problem`.
  void ExpectRefused(const std::vector<std::string>& arguments, absl::string_view problem) {
    EXPECT_EQ(Run(arguments), 2) << output_ << errors_;
    EXPECT_EQ(output_, "");
    EXPECT_TRUE(absl::StrContains(errors_, problem)) << errors_ << "\nwanted: " << problem;
    const absl::string_view text = absl::StripSuffix(errors_, "\n");
    EXPECT_FALSE(absl::StrContains(text, '\n')) << "more than a line: " << errors_;
    EXPECT_TRUE(absl::StartsWith(errors_, "heddle explore") || absl::StartsWith(errors_, "error: "))
        << errors_;
  }

  static std::string Directory() {
    const char* const given = std::getenv("TEST_TMPDIR");
    return given == nullptr ? "/tmp" : given;
  }

  // A file with that text, executable where it is to be.
  static std::string File(const std::string& name, absl::string_view text,
                          bool executable = false) {
    std::string path = absl::StrCat(Directory(), "/", name);
    EXPECT_TRUE(WriteFile(path, text).ok());
    fs::permissions(path, executable ? fs::perms::owner_all : fs::perms::owner_read);
    return path;
  }

  std::string output_;
  std::string errors_;
};

TEST_F(ExploreInputTest, OptionsAreCheckedBeforeAnythingRuns) {
  const std::map<std::string, std::string> kProblems = {
      {"--schedule=1,2,1", "unknown option --schedule"},
      {"--nosuch", "unknown option --nosuch"},
      {"-q", "unknown option -q"},
      {"--model=tso", "bad value 'tso' for option --model: want rc11 or sc"},
      {"--model=", "option --model needs a value"},
      {"--model", "option --model needs a value"},
      {"--time=x", "bad value 'x' for option --time"},
      {"--time=0", "bad value '0' for option --time"},
      {"--time=-3s", "bad value '-3s' for option --time"},
      {"--time=1e300", "bad value '1e300' for option --time"},
      {"--jobs=0", "want a positive number up to 1024"},
      {"--jobs=-1", "want a positive number up to 1024"},
      {"--jobs=1025", "want a positive number up to 1024"},
      {"--jobs=99999999999999999999", "want a positive number up to 1024"},
      {"--unroll=0", "want a positive number up to 60000"},
      {"--unroll=60001", "want a positive number up to 60000"},
      {"--unroll=1e3", "want a positive number up to 60000"},
      {"--pct=0", "want a positive number up to 1000"},
      {"--pct=1001", "want a positive number up to 1000"},
      {"--preemptions=1001", "want a number up to 1000"},
      {"--preemptions=few", "want a number up to 1000"},
      {"--max_executions=0", "want a positive number"},
      {"--random=0", "want a positive number"},
      {"--random=many", "want a positive number"},
      {"--seed=-1", "want a number"},
      {"--switch=nan", "want a probability"},
      {"--switch=1.5", "want a probability"},
      {"--symmetry=maybe", "want on or off"},
      {"--unseen=ignore", "want refuse, warn or allow"},
      {"--shard=0/3", "want a share such as 2/3, of 512 at most"},
      {"--shard=4/3", "want a share such as 2/3, of 512 at most"},
      {"--shard=1/513", "want a share such as 2/3, of 512 at most"},
      {"--shard=1", "want a share such as 2/3, of 512 at most"},
      {"--shard=1/2/3", "want a share such as 2/3, of 512 at most"},
      {"--piece=a:b", "want a piece"},
      {"--in-step=on", "option --in-step takes no value"},
      {"--library", "--library is for --weaken"},
      {"--keep=/tmp/program", "--binary is built already"},
      {"--compiler=g++", "--binary is built already"},
      {"-O3", "--binary is built already"},
      {"-lm", "--binary is built already"},
      {"x.c", "--binary and source files exclude each other"},
  };
  for (const auto& [option, problem] : kProblems) {
    SCOPED_TRACE(option);
    ExpectRefused({kLocks, option}, problem);
  }
  ExpectRefused({}, "no program");
  ExpectRefused({"--", "mutex", "2"}, "no program");
}

TEST_F(ExploreInputTest, ThePieceOfAnotherSearchIsNone) {
  for (const char* const piece : {"garbage", "a;b", ";9/2", ";0/0", "; /"}) {
    SCOPED_TRACE(piece);
    ExpectRefused({kLocks, absl::StrCat("--piece=", piece), "--", "mutex", "2"}, "is no piece");
  }
}

TEST_F(ExploreInputTest, WhatIsNoProgramIsSaid) {
  const std::string whole = *ReadFile("checkers/explorer/programs/locks");
  const std::map<std::string, std::string> kProblems = {
      {"nowhere", "nowhere: No such file or directory"},
      {Directory(), "Permission denied"},
      {"/bin/true", "/bin/true: not linked with the explorer's runtime"},
      {File("readable", "text"), "Permission denied"},
      {File("empty", "", true), "Exec format error"},
      {File("script", "#!/bin/sh\nexit 7\n", true), "not linked with the explorer's runtime"},
      {File("garbage",
            "\x7f"
            "ELF garbage",
            true),
       "Exec format error"},
      {File("cut_off", whole.substr(0, whole.size() / 50), true), ""},
  };
  for (const auto& [program, problem] : kProblems) {
    SCOPED_TRACE(program);
    ExpectRefused({absl::StrCat("--binary=", program), "--", "mutex", "2"}, problem);
  }
  ExpectRefused({"nowhere.c"}, "nowhere.c: No such file or directory");
  ExpectRefused({"nowhere.o"}, "nowhere.o: No such file or directory");
  ExpectRefused({Directory()}, "neither a C nor a C++ file nor an object");
  ExpectRefused({File("text.txt", "text")}, "neither a C nor a C++ file nor an object");
  ExpectRefused({File("text.o", "text")}, "text.o: no object and no archive");
  ExpectRefused({"--compiler=no-such-compiler", File("right.c", "int main(void) { return 0; }")},
                "no-such-compiler: No such file or directory");
}

TEST_F(ExploreInputTest, TheCompilersAndTheLinkersMessagesAreShown) {
  const auto expect = [&](const std::vector<std::string>& arguments, absl::string_view message) {
    EXPECT_EQ(Run(arguments), 2) << output_ << errors_;
    EXPECT_EQ(output_, "");
    EXPECT_TRUE(absl::StrContains(errors_, message)) << errors_;
    EXPECT_TRUE(absl::EndsWith(errors_, "\nheddle explore: the program was not built\n"))
        << errors_;
  };
  expect({File("wrong.c", "int main(void) { return nothing; }\n")},
         "wrong.c:1:25: error: use of undeclared identifier 'nothing'");
  expect({File("nothing.cc", "int Nothing() { return 0; }\n")}, "undefined reference to `main'");
  expect({File("main.c", "int main(void) { return 0; }\n"), "-lnosuchlibrary"}, "-lnosuchlibrary");
}

TEST_F(ExploreInputTest, TheLoopThatIsCutIsNamed) {
  const std::string source = File("turns.cc",
                                  "#include <atomic>\n"
                                  "#include <thread>\n"
                                  "std::atomic<int> flag;\n"
                                  "int main() {\n"
                                  "  std::thread setter([] { flag = 1; });\n"
                                  "  int turns = 0;\n"
                                  "  while (flag.load() == 0) {\n"
                                  "    ++turns;\n"
                                  "  }\n"
                                  "  setter.join();\n"
                                  "  return turns > 50 ? 1 : 0;\n"
                                  "}\n");
  for (const char* jobs : {"--jobs=1", "--jobs=2"}) {
    EXPECT_EQ(Run({"--unroll=20", jobs, source}), 1) << output_ << errors_;
    EXPECT_TRUE(absl::StrContains(output_, "a loop makes more turns than unroll=20")) << output_;
    EXPECT_TRUE(absl::StrContains(output_, "turns.cc:7")) << output_;
  }
}

TEST_F(ExploreInputTest, AnObjectWithoutInstrumentationIsNoPass) {
  const std::string object = absl::StrCat(Directory(), "/touch.o");
  const std::string touch = File("touch.c", "void Touch(int* p) { *p = 1; }\n");
  ASSERT_EQ(std::system(absl::StrCat("clang-22 -c ", touch, " -o ", object).c_str()), 0);
  const std::string source =
      File("touches.c", "void Touch(int*);\nint main(void) { int i; Touch(&i); return 0; }\n");
  ExpectRefused({source, object}, "touch.o: not compiled with -fsanitize=thread");
  EXPECT_EQ(Run({"--unseen=warn", source, object}), 1) << output_ << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "incomplete")) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "touch.o")) << output_;
  EXPECT_EQ(Run({"--unseen=allow", source, object}), 0) << output_ << errors_;
  const std::string archive = absl::StrCat(Directory(), "/touch.a");
  ASSERT_EQ(std::system(absl::StrCat("ar rcs ", archive, " ", object).c_str()), 0);
  ExpectRefused({source, archive}, "touch.a(touch.o): not compiled with -fsanitize=thread");
  ASSERT_EQ(
      std::system(absl::StrCat("clang-22 -fsanitize=thread -c ", touch, " -o ", object).c_str()),
      0);
  EXPECT_EQ(Run({source, object}), 0) << output_ << errors_;
}

TEST_F(ExploreInputTest, WhatIsNotModelledIsNamedWithItsPlace) {
  const std::string source = File("loads.c",
                                  "#include <dlfcn.h>\n"
                                  "int main(void) {\n"
                                  "  return dlopen(\"libm.so.6\", RTLD_NOW) == 0;\n"
                                  "}\n");
  EXPECT_EQ(Run({source}), 2) << output_;
  EXPECT_TRUE(absl::StrContains(errors_, "dlopen() is not supported")) << errors_;
  EXPECT_TRUE(absl::StrContains(errors_, "loads.c:3")) << errors_;
}

// SV-COMP's reach_error() is an error where the program does not say what it is.
TEST_F(ExploreInputTest, TheProgramsOwnReachErrorIsCalled) {
  const std::string program =
      "#include <pthread.h>\n"
      "#include <stdatomic.h>\n"
      "#include <stdlib.h>\n"
      "$0\n"
      "atomic_int x;\n"
      "static void* Set(void* unused) { atomic_store(&x, 1); return unused; }\n"
      "int main(void) {\n"
      "  pthread_t thread;\n"
      "  pthread_create(&thread, 0, Set, 0);\n"
      "  if (atomic_load(&x) == 1) reach_error();\n"
      "  return pthread_join(thread, 0);\n"
      "}\n";
  const auto run = [&](const std::string& name, absl::string_view function) {
    return Run({File(name, absl::StrReplaceAll(program, {{"$0", function}}))});
  };
  EXPECT_EQ(run("reach_none.c", "void reach_error(void);"), 1) << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "assertion: reach_error() is reached")) << output_;
  EXPECT_EQ(run("reach_abort.c", "void reach_error(void) { abort(); }"), 1) << errors_;
  EXPECT_TRUE(absl::StrContains(output_, "assertion: abort()")) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "\n      reach_error  ")) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "reach_abort.c:4")) << output_;
  EXPECT_EQ(run("reach_count.c", "int count; void reach_error(void) { ++count; }"), 0) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "pass exhaustive (RC11), 2 executions")) << output_;
}

// A process would end then; its threads may have done before what they do here.
TEST_F(ExploreInputTest, ThreadsRunOnWhenMainHasEnded) {
  const std::string program =
      "#include <assert.h>\n"
      "#include <pthread.h>\n"
      "#include <stdatomic.h>\n"
      "#include <stdlib.h>\n"
      "atomic_int x;\n"
      "static void* Work(void* unused) {\n"
      "  $0\n"
      "  return unused;\n"
      "}\n"
      "int main(void) {\n"
      "  pthread_t thread;\n"
      "  pthread_create(&thread, 0, Work, 0);\n"
      "  $1\n"
      "}\n";
  const auto run = [&](absl::string_view work, absl::string_view end) {
    return Run({File("ends.c", absl::StrReplaceAll(program, {{"$0", work}, {"$1", end}}))});
  };
  for (const char* const end : {"return 0;", "exit(0);"}) {
    SCOPED_TRACE(end);
    EXPECT_EQ(run("x = 1;", end), 0) << output_ << errors_;
    EXPECT_EQ(run("assert(x == 1);", end), 1) << output_ << errors_;
    EXPECT_TRUE(absl::StrContains(output_, "assertion: assertion `x == 1' fails")) << output_;
    EXPECT_TRUE(absl::StrContains(output_, "found in thread 1")) << output_;
    EXPECT_EQ(run("while (x == 0) {}", end), 1) << output_ << errors_;
    const absl::string_view what = end[0] == 'e' ? "exit()" : "the end of main()";
    EXPECT_TRUE(absl::StrContains(
        output_, absl::StrCat("livelock: thread 1 waits (await), after ", what, "\n")))
        << output_;
  }
}

TEST_F(ExploreInputTest, WhatIsWaitedForIsNamed) {
  const std::string source = File("waits.c",
                                  "#include <pthread.h>\n"
                                  "#include <semaphore.h>\n"
                                  "#include <stdatomic.h>\n"
                                  "sem_t ready;\n"
                                  "pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;\n"
                                  "atomic_int flag;\n"
                                  "static void* Posted(void* unused) {\n"
                                  "  sem_wait(&ready);\n"
                                  "  return unused;\n"
                                  "}\n"
                                  "static void* Locks(void* unused) {\n"
                                  "  pthread_mutex_lock(&mutex);\n"
                                  "  return unused;\n"
                                  "}\n"
                                  "static void* Flagged(void* unused) {\n"
                                  "  while (flag != 2) {}\n"
                                  "  return unused;\n"
                                  "}\n"
                                  "int main(void) {\n"
                                  "  pthread_t threads[3];\n"
                                  "  sem_init(&ready, 0, 0);\n"
                                  "  pthread_mutex_lock(&mutex);\n"
                                  "  flag = 1;\n"
                                  "  pthread_create(&threads[0], 0, Posted, 0);\n"
                                  "  pthread_create(&threads[1], 0, Locks, 0);\n"
                                  "  pthread_create(&threads[2], 0, Flagged, 0);\n"
                                  "  return pthread_join(threads[0], 0);\n"
                                  "}\n");
  EXPECT_EQ(Run({source}), 1) << output_ << errors_;
  for (const char* const said : {
           "thread 0 waits for thread 1 to end:",
           "thread 1 waits for the semaphore ready:",
           "thread 2 waits for the mutex mutex, held by thread 0:",
           "thread 3 waits for another value of flag, which is 1:",
           "  waits for mutex\n",
           "  waits for flag\n",
       }) {
    EXPECT_TRUE(absl::StrContains(output_, said)) << said << " is missing in\n" << output_;
  }
}

TEST_F(ExploreInputTest, WhatIsFoundIsShownThoughItCannotBeKept) {
  for (const char* const option : {"--out=/proc/nowhere", "--out=/dev/null", "--json=/nowhere/x",
                                   "--json=/dev/full", "--html=/dev/full", "--html=/nowhere/x"}) {
    SCOPED_TRACE(option);
    EXPECT_EQ(Run({kWrong, absl::StrCat("--out=", Directory()), option, "--", "abba"}), 2)
        << output_ << errors_;
    EXPECT_TRUE(absl::StrContains(output_, "they wait for each other")) << output_;
    EXPECT_TRUE(absl::StartsWith(errors_, "heddle explore: cannot ")) << errors_;
    EXPECT_EQ(absl::StrContains(output_, "replay it:"), !absl::StartsWith(option, "--out"));
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full")) << "it was replaced by a file";
  const std::string json = absl::StrCat(Directory(), "/verdict.json");
  EXPECT_EQ(Run({kWrong, "--out=/proc/nowhere", absl::StrCat("--json=", json), "--", "abba"}), 2);
  const absl::StatusOr<std::string> text = ReadFile(json);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(VerdictRecordFromJson(*text)->verdict, Verdict::kDeadlock);
}

class ReplayInputTest : public ExploreInputTest {
 protected:
  void SetUp() override {
    EXPECT_EQ(Run({kWrong, absl::StrCat("--out=", Directory()), "--", "abba"}), 1) << errors_;
    text_ = *ReadFile(absl::StrCat(Directory(), "/wrong.explore.txt"));
  }
  void ExpectNoReplay(const std::string& file, absl::string_view problem,
                      const std::string& program = kWrong, const std::string& what = "abba") {
    SCOPED_TRACE(absl::StrCat(file, " with ", program, " ", what));
    ExpectRefused({program, absl::StrCat("--replay=", file), "--", what}, problem);
  }

  std::string text_;
};

TEST_F(ReplayInputTest, FilesThatAreNoCounterexample) {
  ExpectNoReplay("nowhere.txt", "cannot read nowhere.txt: No such file or directory");
  ExpectNoReplay(Directory(), "Is a directory");
  ExpectNoReplay(File("empty.txt", ""), "it is empty");
  ExpectNoReplay(File("prose.txt", "Once upon a time\n"), "not a heddle counterexample");
  ExpectNoReplay(
      File("newer.txt", absl::StrReplaceAll(text_, {{"counterexample 1", "counterexample 9"}})),
      "written by another version of heddle");
  ExpectNoReplay(
      File("other.txt", absl::StrReplaceAll(text_, {{"engine: explore", "engine: relacy"}})),
      "made by the engine relacy");
  for (const std::size_t length : {25, 60, 100}) {
    ExpectNoReplay(File(absl::StrCat("cut", length, ".txt"), text_.substr(0, length)), "");
  }
}

TEST_F(ReplayInputTest, PathsThatAreNoneOfThisProgram) {
  const std::size_t from = text_.find("state: ") + 7;
  const std::size_t length = text_.find('\n', from) - from;
  const auto with = [&](absl::string_view path) {
    return File("edited.txt",
                absl::StrCat(text_.substr(0, from), path, text_.substr(from + length)));
  };
  ExpectNoReplay(with("no path"), "no execution to replay");
  ExpectNoReplay(with("1 2 3;4"), "that is no execution of this program");
  ExpectNoReplay(with(text_.substr(from, length / 2)), "");
  const std::string file = absl::StrCat(Directory(), "/wrong.explore.txt");
  ExpectNoReplay(file, "", kWrong, "race");
  ExpectNoReplay(file, "", kLocks, "mutex");
}

}  // namespace
}  // namespace heddle::explore
