// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/history_reader.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/named_spec.h"
#include "gtest/gtest.h"

namespace heddle::linearizability {
namespace {

const NamedSpec& SpecOf(absl::string_view name) {
  const NamedSpec* spec = FindNamedSpec(name);
  EXPECT_NE(spec, nullptr) << name;
  return *spec;
}

std::string Problem(absl::string_view spec, absl::string_view text) {
  const absl::StatusOr<History> history = ReadHistory(text, SpecOf(spec));
  return history.ok() ? "" : std::string(history.status().message());
}

TEST(HistoryReader, ReadsOperations) {
  const absl::StatusOr<History> history = ReadHistory(
      "{\"process\": 1, \"f\": \"enqueue\", \"value\": \"x\", \"invoke\": 2, \"return\": 5}\n\n"
      "{\"process\": 2, \"f\": \"pop\", \"result\": null, \"invoke\": 3, \"return\": 3}\n"
      "{\"process\": 2, \"f\": \"pop\", \"invoke\": 4, \"return\": null}\n",
      SpecOf("queue"));
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->operations.size(), 3U);
  const Operation& push = history->operations[0];
  EXPECT_EQ(push.process, 1);
  EXPECT_EQ(push.invoke, 2U);
  EXPECT_EQ(push.done, 5U);
  EXPECT_EQ(*history->texts.Text(push.argument), "x");
  EXPECT_EQ(history->operations[1].result, kNone);
  EXPECT_TRUE(history->operations[2].pending());
}

TEST(HistoryReader, ReadsWhatJepsenWrites) {
  const absl::StatusOr<History> history = ReadHistory(
      "; a test\n"
      "{:process 0, :type :invoke, :f :cas, :value [1 2], :time 5}\n"
      "{:process :nemesis, :type :info, :f :kill, :value nil}\n"
      "#jepsen.history.Op{:index 1 :process 1 :type :invoke :f :read :value nil}\n"
      "{:process 2, :type :invoke, :f :write, :value 3}\n"
      "{:process 0, :type :fail, :f :cas, :value [1 2]}\n"
      "{:process 1, :type :ok, :f :read, :value nil :error #_gone [\"a\\n\" #{1 2} \\newline "
      "1.5]}\n"
      "{:process 2, :type :info, :f :write, :value 3, :error :timeout}\n",
      SpecOf("cas-register"));
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->operations.size(), 2U) << "the one that failed did not happen";
  EXPECT_EQ(history->operations[0].result, kNone);
  EXPECT_TRUE(history->operations[1].pending());
  EXPECT_LT(history->operations[0].invoke, history->operations[1].invoke);
}

TEST(HistoryReader, IndependentKeys) {
  const absl::StatusOr<History> history = ReadHistory(
      "[{:process 0 :type :invoke :f :write :value [7 1]} {:process 0 :type :ok :f :write :value "
      "[7 1]}"
      " {:process 1 :type :invoke :f :cas :value [8 [nil 2]]}"
      " {:process 0 :type :invoke :f :read :value [7 nil]} {:process 0 :type :ok :f :read :value "
      "[7 1]}]",
      SpecOf("cas-register"));
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->operations[0].key, 7);
  EXPECT_EQ(history->operations[0].argument, 1);
  EXPECT_EQ(history->operations[1].key, 8);
  EXPECT_EQ(history->operations[1].expected, kNone);
  EXPECT_EQ(history->operations[1].argument, 2);
  EXPECT_EQ(history->operations[2].result, 1);
}

// Of each, the line and what is wrong.
TEST(HistoryReader, RefusesWithLineAndReason) {
  const auto edn = [](absl::string_view text) { return Problem("cas-register", text); };
  const auto json = [](absl::string_view text) { return Problem("queue", text); };
  constexpr absl::string_view kPush =
      R"({"process": 0, "f": "push", "value": 1, "invoke": 1, "return": 3})";

  EXPECT_EQ(json(""), "line 1: no operation");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n{\"process\": 0, \"f\": \"po")),
            "line 2: not a JSON object, or cut off");
  EXPECT_EQ(json("{}"), "line 1: no process");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n[1]")), "line 2: not a JSON object");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n", kPush)),
            "line 2: process 0 begins an operation before another one of it (line 1) has ended");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "value": 1, "invoke": 4, "return": 3})"),
            "line 1: the operation returns before it is invoked");
  EXPECT_EQ(json(R"({"process": 0, "f": "peek", "invoke": 1})"),
            "line 1: unknown operation 'peek': queue has push, pop");
  EXPECT_EQ(json(R"({"process": 0, "f": 5, "invoke": 1})"), "line 1: f is not a name");
  EXPECT_EQ(json(R"({"process": -1, "f": "pop", "invoke": 1})"),
            "line 1: the process is no number of 0 to 2147483647");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop"})"), "line 1: no time of invoke");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "invoke": "1"})"),
            "line 1: the time of invoke is not an integer");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "invoke": -1})"),
            "line 1: the time of invoke is negative");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "invoke": 1, "return": 2})"),
            "line 1: pop has no result");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "invoke": 1, "return": 2, "result": 1.5})"),
            "line 1: 1.5 is not an integer of 64 bits");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "invoke": 1, "return": 2, "result": {}})"),
            "line 1: a value is neither a number nor a text");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "invoke": 1})"), "line 1: push needs a value");
  EXPECT_EQ(json(R"({"process": 0, "f": "pop", "value": 3, "invoke": 1})"),
            "line 1: pop takes no value");
  EXPECT_EQ(json(R"({"process": 0, "process": 1, "f": "pop", "invoke": 1})"),
            "line 1: \"process\" twice");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "value": -9223372036854775808, "invoke": 1})"),
            "line 1: the number -9223372036854775808 is too small");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n{\"process\": 1, \"type\": \"invoke\", \"f\": \"pop\"}")),
            "line 2: events (with a type) and whole operations are mixed");
  EXPECT_EQ(
      json(absl::StrCat(kPush, "\n{\"process\": 1, \"f\": \"pop\", \"key\": 1, \"invoke\": 9}")),
      "line 2: only some operations name a key");
  EXPECT_EQ(Problem("kv", R"({"process": 1, "f": "get", "invoke": 9})"),
            "line 1: the operation names no key");
  EXPECT_EQ(
      Problem("set", R"({"process":1,"f":"add","value":1,"invoke":9,"return":10,"result":1})"),
      "line 1: the result of add is not true or false");
  EXPECT_EQ(Problem("transactions", R"({"process":1,"f":"txn","value":[["x",1,2]],"invoke":9})"),
            "line 1: an access is not [r key value] or [w key value]");

  EXPECT_EQ(edn("{:process 0, :type :invoke, :f :read"), "line 1: cut off: no '}'");
  EXPECT_EQ(edn("\n[{:process 0, :type :invoke, :f :read}"),
            "line 2: this list is cut off: no ']'");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :write :value \"a"),
            "line 1: cut off within a string");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :read :value nil}\n"
                "{:process 0 :type :invoke :f :read :value nil}"),
            "line 2: process 0 begins an operation before its last one (line 1) has ended");
  EXPECT_EQ(edn("{:process 0 :type :ok :f :read :value nil}"),
            "line 1: process 0 ends an operation that it has not begun");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :write :value 1}"),
            "line 2: process 0 ends write, but has begun read (line 1)");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :write :value 1}\n"
                "{:process 0 :type :info :f :write :value 1}\n{:process 0 :type :invoke :f :read}"),
            "line 3: process 0 goes on after an operation (line 1) that nobody knows the end of: "
            "it needs another number");
  EXPECT_EQ(edn("{:process 0 :type :begin :f :read}"),
            "line 1: unknown type 'begin': want invoke, ok, fail or info");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :cas :value 3}"), "line 1: cas needs [expected new]");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f}"), "line 1: a map has a key without a value");
  EXPECT_EQ(edn("{:process 0 :process 1}"), "line 1: a map has the key process twice");
  EXPECT_EQ(edn("}"), "line 1: unexpected '}'");
  EXPECT_EQ(edn(std::string(1000, '[')), "line 1: nested too deep");
  EXPECT_EQ(edn("5"), "line 1: not an operation: no map");
}

struct Example {
  const char* spec;
  bool ok;
  // process, operation, value, result, invoke, return; "-" is not given.
  const char* lines;
};

// For each specification at least one history that is right only because operations overlap, and
// one that is wrong.
constexpr Example kExamples[] = {
    {"register", true, "0 write 1 - 1 10|1 read - 1 2 3|2 read - null 2 3"},
    {"register", false, "0 write 1 - 1 10|1 read - 1 2 3|2 read - null 4 5"},
    {"cas-register", true,
     "0 write 1 - 1 2|0 cas [1,2] true 3 9|1 cas [2,3] true 4 5|2 read - 3 6 7"},
    {"cas-register", false, "0 write 1 - 1 2|0 cas [1,2] true 3 9|1 cas [1,3] true 4 8"},
    {"counter", true, "0 add 2 - 1 9|1 read - 0 2 3|1 fetch_add 1 2 4 5|1 read - 3 6 7"},
    {"counter", false, "0 add 2 - 1 9|1 read - 2 2 3|1 read - 0 4 5"},
    {"queue", true, "0 push 1 true 1 9|1 push 2 true 2 8|2 pop - 2 3 4|2 pop - 1 5 6"},
    {"queue", false, "0 push 1 true 1 2|0 push 2 true 3 4|1 pop - 2 5 6"},
    {"queue", false, "0 push 1 true 1 2|1 pop - null 3 4|2 pop - 1 5 6"},
    {"stack", true, "0 push 1 true 1 2|0 push 2 true 3 9|1 pop - 1 4 5|1 pop - 2 6 7"},
    {"stack", false, "0 push 1 true 1 2|0 push 2 true 3 4|1 pop - 1 5 6"},
    {"deque", true,
     "0 push_back 1 true 1 2|0 push_front 2 true 3 9|1 pop_front - 2 4 5|1 pop_back - 1 6 7"},
    {"deque", false, "0 push_back 1 true 1 2|0 push_front 2 true 3 4|1 pop_back - 2 5 6"},
    {"priority-queue", true, "0 push 2 true 1 2|0 push 1 true 3 9|1 pop - 2 4 5|1 pop - 1 6 7"},
    {"priority-queue", false, "0 push 2 true 1 2|0 push 1 true 3 4|1 pop - 2 5 6"},
    {"set", true,
     "0 add 1 true 1 9|1 contains 1 false 2 3|1 contains 1 true 4 5|1 remove 1 true 6 7"},
    {"set", false, "0 add 1 true 1 9|1 add 1 true 2 8"},
    {"map", true, "0 put k=1 - 1 9|1 get k null 2 3|1 get k 1 4 5|1 size - 1 6 7"},
    {"map", false, "0 insert k=1 true 1 9|1 get k 1 2 3|1 size - 0 4 5"},
    {"mutex", true, "0 lock - - 1 4|1 try_lock - false 3 9|0 unlock - - 5 8"},
    {"mutex", false, "0 lock - - 1 2|1 lock - - 3 4|0 unlock - - 5 6"},
    {"rwlock", true,
     "0 lock_shared - - 1 2|1 lock_shared - - 3 4|2 try_lock - false 5 6|0 unlock_shared - - 7 8"},
    {"rwlock", false, "0 lock_shared - - 1 2|1 lock - - 3 4"},
    {"semaphore", true, "0 acquire - - 1 9|1 release - - 3 4|2 try_acquire - false 5 6"},
    {"semaphore", false, "0 release - - 1 2|1 acquire - - 3 4|2 acquire - - 5 6"},
    {"kv", true, "0 append k=\"a\" - 1 9|1 append k=\"b\" - 2 8|2 get k \"ba\" 10 11"},
    {"kv", false, "0 append k=\"a\" - 1 2|1 append k=\"b\" - 3 4|2 get k \"ba\" 10 11"},
    {"transactions", true,
     "0 txn [[\"w\",1,5],[\"w\",2,6]] - 1 9|1 txn [[\"r\",1,5],[\"r\",2,6]] - 2 3"},
    {"transactions", false,
     "0 txn [[\"w\",1,5],[\"w\",2,6]] - 1 9|1 txn [[\"r\",1,5],[\"r\",2,null]] - 2 3"},
};

std::string AsJson(const Example& example) {
  std::string text;
  for (const absl::string_view line : absl::StrSplit(example.lines, '|')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    absl::StrAppend(&text, "{\"process\": ", words[0], ", \"f\": \"", words[1], "\"");
    std::string value = words[2];
    if (value[0] == 'k') {
      absl::StrAppend(&text, ", \"key\": \"k\"");
      value = value.size() > 2 ? value.substr(2) : "-";
    }
    if (value != "-") absl::StrAppend(&text, ", \"value\": ", value);
    if (words[3] != "-") absl::StrAppend(&text, ", \"result\": ", words[3]);
    absl::StrAppend(&text, ", \"invoke\": ", words[4], ", \"return\": ", words[5], "}\n");
  }
  return text;
}

TEST(HistoryReader, ExamplesOfEverySpecification) {
  for (const NamedSpec& spec : NamedSpecs()) {
    bool good = false;
    bool bad = false;
    for (const Example& example : kExamples) {
      if (example.spec != spec.name) continue;
      SCOPED_TRACE(absl::StrCat(example.spec, ": ", example.lines));
      const std::string text = AsJson(example);
      const absl::StatusOr<History> history = ReadHistory(text, spec);
      ASSERT_TRUE(history.ok()) << history.status();
      const absl::StatusOr<Result> result =
          Check(history->operations, *MakeModel(spec, {}, *history));
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(result->judgement, example.ok ? Judgement::kOk : Judgement::kViolated);
      (example.ok ? good : bad) = true;
      // What is written reads as the same.
      const absl::StatusOr<History> again = ReadHistory(WriteJsonHistory(*history, spec), spec);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->operations, history->operations);
      EXPECT_EQ(again->accesses, history->accesses);
    }
    EXPECT_TRUE(good && bad) << spec.name << " has no example";
  }
}

}  // namespace
}  // namespace heddle::linearizability
