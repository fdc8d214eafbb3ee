// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/history_reader.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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

// What a read gave is what was written, however a number is written.
TEST(HistoryReader, NumbersThatAreNoIntegers) {
  for (const auto& [written, read] : {std::pair("1.5", "1.50"),
                                      {"2.5e3M", "2500.0"},
                                      {"3.0", "3"},
                                      {"1e300", "1.0e+300"},
                                      {"100000000000000000000N", "100000000000000000000"}}) {
    const absl::StatusOr<History> history =
        ReadHistory(absl::StrCat("{:process 0 :type :invoke :f :write :value ", written,
                                 "}{:process 0 :type :ok :f :write :value ", written,
                                 "}{:process 0 :type :invoke :f :read}"
                                 "{:process 0 :type :ok :f :read :value ",
                                 read, "}"),
                    SpecOf("register"));
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->operations[0].argument, history->operations[1].result) << written;
  }
}

TEST(HistoryReader, WholeSets) {
  const std::string read = "{:process 0 :type :invoke :f :read}{:process 0 :type :ok :f :read";
  const absl::StatusOr<History> history = ReadHistory(
      absl::StrCat(read, " :value #{3 1}}", read, " :value [1 3 1]}", read, " :value []}"),
      SpecOf("set"));
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->sets.size(), 3U);
  EXPECT_EQ(history->sets[0], (std::vector<Value>{1, 3}));
  EXPECT_EQ(history->sets[1], history->sets[0]);
  EXPECT_TRUE(history->sets[2].empty());
  EXPECT_EQ(Describe(SpecOf("set"), history->operations[1], *history), "read() -> [1 3]");
  EXPECT_EQ(Problem("set", read + " :value 3}"), "line 1: the result of read is no list");
  EXPECT_EQ(Problem("set", read + "}"), "line 1: the result of read is no list");
}

// One operation for each item: one after the other where that is known, else at any time.
TEST(HistoryReader, Drains) {
  const std::string begin =
      "{:process 4 :type :invoke :f :enqueue :value 7}{:process 4 :type :ok :f :enqueue :value 7}"
      "{:process 0 :type :invoke :f :drain}";
  const std::string end =
      "{:process 0 :type :ok :f :drain :value [7 8]}{:process 4 :type :invoke :f :dequeue}";
  const absl::StatusOr<History> alone = ReadHistory(begin + end, SpecOf("queue"));
  ASSERT_TRUE(alone.ok()) << alone.status();
  ASSERT_EQ(alone->operations.size(), 4U);
  EXPECT_EQ(alone->operations[1].result, 7);
  EXPECT_EQ(alone->operations[2].result, 8);
  EXPECT_EQ(alone->operations[2].process, 0);
  EXPECT_LT(alone->operations[1].done, alone->operations[2].invoke);
  EXPECT_LT(alone->operations[2].done, alone->operations[3].invoke);

  const absl::StatusOr<History> among = ReadHistory(
      absl::StrCat(begin, "{:process 3 :type :invoke :f :dequeue}", end), SpecOf("queue"));
  ASSERT_TRUE(among.ok()) << among.status();
  ASSERT_EQ(among->operations.size(), 5U);
  EXPECT_EQ(among->operations[2].result, 8);
  EXPECT_EQ(among->operations[2].process, 5);
  EXPECT_EQ(among->operations[1].invoke, among->operations[2].invoke);
  EXPECT_EQ(among->operations[1].done, among->operations[2].done);

  EXPECT_EQ(Problem("queue", begin), "line 1: nobody knows what a drain without an end has taken");
  EXPECT_EQ(Problem("queue", begin + "{:process 0 :type :ok :f :drain :value 7}"),
            "line 1: the result of drain is no list");
  EXPECT_EQ(Problem("queue", begin + "{:process 0 :type :fail :f :drain}"), "");
}

// What a client answers is not always what it was asked for.
TEST(HistoryReader, AnswersOfAnotherKind) {
  EXPECT_EQ(Problem("queue",
                    "{:process 0 :type :invoke :f :enqueue :value 1}"
                    "{:process 0 :type :ok :f :enqueue :value \"OK\"}"),
            "");
  EXPECT_EQ(Problem("counter",
                    "{:process 0 :type :invoke :f :fetch_add :value 1}"
                    "{:process 0 :type :ok :f :fetch_add :value 0}"),
            "");
  EXPECT_EQ(Problem("kv",
                    "{:process 0 :type :invoke :f :put :key 1 :value \"a\"}"
                    "{:process 0 :type :ok :f :put :key 1 :value nil}"),
            "");
}

TEST(HistoryReader, ListsOfTransactions) {
  const NamedSpec& spec = SpecOf("transactions");
  const absl::StatusOr<History> history = ReadHistory(
      "{:process 0 :type :invoke :f :txn :value [[:append 1 \"a b\"] [:r 1 nil] [:r 2 nil]]}\n"
      "{:process 0 :type :ok :f :txn :value [[:append 1 \"a b\"] [:r 1 [7 \"a b\"]] [:r 2 "
      "nil]]}\n"
      "{:process 1 :type :invoke :f :txn :value [[:append 1 7] [:w 2 3] [:r 1 nil]]}\n"
      "{:process 1 :type :info :f :txn :value [[:append 1 7] [:w 2 3] [:r 1 nil]]}\n",
      spec);
  ASSERT_TRUE(history.ok()) << history.status();
  const std::string shown = Describe(spec, history->operations[0], *history);
  EXPECT_EQ(shown, R"(txn(append 1 "a\040b", r 1 [7 "a\040b"], r 2 nil))");
  EXPECT_EQ(Describe(spec, history->operations[1], *history), "txn(append 1 7, w 2 3, r 1 ?) -> ?");
  const absl::StatusOr<History> again = ReadHistory(WriteJsonHistory(*history, spec), spec);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Describe(spec, again->operations[0], *again), shown);
  EXPECT_TRUE(again->accesses[1].list);
  EXPECT_FALSE(again->accesses[2].list);
}

TEST(HistoryReader, TakesTheLineEndsAndTheMarkOfOtherSystems) {
  for (const absl::string_view text :
       {"\xEF\xBB\xBF{\"process\": 0, \"f\": \"pop\", \"invoke\": 1}\r\n\r\n",
        "\xEF\xBB\xBF{:process 0, :type :invoke, :f :pop}\r\n"}) {
    const absl::StatusOr<History> history = ReadHistory(text, SpecOf("queue"));
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->operations.size(), 1U);
  }
}

// Of each, the line and what is wrong.
TEST(HistoryReader, RefusesWithLineAndReason) {
  const auto edn = [](absl::string_view text) { return Problem("cas-register", text); };
  const auto json = [](absl::string_view text) { return Problem("queue", text); };
  constexpr absl::string_view kPush =
      R"({"process": 0, "f": "push", "value": 1, "invoke": 1, "return": 3})";

  EXPECT_EQ(json(""), "line 1: no operation");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n{\"process\": 0, \"f\": \"po")),
            "line 2: not a JSON object, or cut off (at byte 24)");
  EXPECT_EQ(json("{}"), "line 1: no process");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "value": NaN, "invoke": 1})"),
            "line 1: not a JSON object, or cut off (at byte 38)");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "value": 1e400, "invoke": 1})"),
            "line 1: a number is out of range");
  EXPECT_EQ(json("{\"process\": 0, \"f\": \"push\", \"value\": \"\xff\"}"),
            "line 1: not a JSON object, or cut off (at byte 39)");
  EXPECT_EQ(json(absl::StrCat("{\"process\": ", std::string(100'000, '['))),
            "line 1: not a JSON object, or cut off (at byte 100013)");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n[1]")),
            "line 2: a list: want one JSON object in each line, and nothing around them");
  EXPECT_EQ(json(absl::StrCat("[", kPush, ",\n", kPush, "]")),
            "line 1: a list: want one JSON object in each line, and nothing around them");
  EXPECT_EQ(json(absl::StrCat(kPush, "\n", kPush)),
            "line 2: process 0 begins an operation before another one of it (line 1) has ended");
  EXPECT_EQ(json(R"({"process": 0, "f": "push", "value": 1, "invoke": 4, "return": 3})"),
            "line 1: the operation returns before it is invoked");
  EXPECT_EQ(json(R"({"process": 0, "f": "peek", "invoke": 1})"),
            "line 1: unknown operation 'peek': queue has push, pop, drain");
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
  EXPECT_EQ(Problem("priority-queue", R"({"process": 0, "f": "push", "value": 1.5, "invoke": 1})"),
            "line 1: 1.5 is not an integer of 64 bits");
  EXPECT_EQ(Problem("priority-queue", R"({"process": 0, "f": "push", "value": "x", "invoke": 1})"),
            "line 1: a text, where only integers have an order: \"x\"");
  EXPECT_EQ(Problem("counter", R"({"process": 0, "f": "add", "value": 1.5, "invoke": 1})"),
            "line 1: the value of add is not an integer");
  EXPECT_EQ(Problem("semaphore", R"({"process": 0, "f": "acquire", "value": -1, "invoke": 1})"),
            "line 1: the value of acquire is negative");
  EXPECT_EQ(json(R"({"process": "a", "f": "pop", "invoke": 1})"),
            "line 1: the process is no number of 0 to 2147483647");
  EXPECT_EQ(json(R"({"process": "nemesis", "f": "kill", "invoke": 1})"),
            "line 1: no operation of a process that counts");
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
            "line 1: an access is not [r key value], [w key value] or [append key element]");
  EXPECT_EQ(Problem("transactions",
                    R"({"process":1,"f":"txn","value":[["w",1,2],["append",1,2]],"invoke":9})"),
            "line 1: the key 1 has a list here and a value elsewhere");

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
  std::string discarded;
  for (int i = 0; i < 1'000'000; ++i) discarded += "#_";
  EXPECT_EQ(edn(discarded), "line 1: nested too deep");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :write :value ##NaN}"),
            "line 1: NaN is not an integer of 64 bits, nor a finite number");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :write :value 1x}"),
            "line 1: 1x is not an integer of 64 bits, nor a finite number");
  EXPECT_EQ(edn("{:process \"0\" :type :invoke :f :read}"),
            "line 1: the process is no number of 0 to 2147483647");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :write :value 1}\n"
                "{:process 0 :type :ok :f :write :value 2}"),
            "line 2: write ends with another value than it began with (line 1)");
  EXPECT_EQ(edn("{:process 0 :type :invoke :f :cas :value [7 [1 2]]}\n"
                "{:process 0 :type :ok :f :cas :value [7 [1 3]]}"),
            "line 2: cas ends with another value than it began with (line 1)");
  EXPECT_EQ(edn("5"), "line 1: not an operation: no map");
}

}  // namespace
}  // namespace heddle::linearizability
