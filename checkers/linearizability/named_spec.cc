// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/named_spec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/databases.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/linearizability/specs/registers.h"
#include "checkers/linearizability/specs/texts.h"

namespace heddle::linearizability {
namespace {

constexpr FunctionForm kRegister[] = {
    {RegisterSpec::kRead, "read get", Argument::kNothing, Answer::kValue},
    {RegisterSpec::kWrite, "write set put", Argument::kValue},
};
constexpr FunctionForm kCasRegister[] = {
    {RegisterSpec::kRead, "read get", Argument::kNothing, Answer::kValue},
    {RegisterSpec::kWrite, "write set put", Argument::kValue},
    {RegisterSpec::kCas, "cas compare_and_set compare_exchange", Argument::kPair, Answer::kBoolean},
};
constexpr FunctionForm kCounter[] = {
    {CounterSpec::kAdd, "add inc increment", Argument::kCount},
    {CounterSpec::kGet, "read get", Argument::kNothing, Answer::kNumber},
    {CounterSpec::kFetchAdd, "fetch_add", Argument::kCount, Answer::kNumber},
};
constexpr FunctionForm kContainer[] = {
    {kPush, "push enqueue enq try_push", Argument::kValue, Answer::kMaybe},
    {kPop, "pop dequeue deq try_pop", Argument::kNothing, Answer::kValue},
    {kPop, "drain", Argument::kNothing, Answer::kItems},
};
constexpr FunctionForm kDeque[] = {
    {DequeSpec::kPushFront, "push_front", Argument::kValue, Answer::kMaybe},
    {DequeSpec::kPushBack, "push_back", Argument::kValue, Answer::kMaybe},
    {DequeSpec::kPopFront, "pop_front", Argument::kNothing, Answer::kValue},
    {DequeSpec::kPopBack, "pop_back", Argument::kNothing, Answer::kValue},
};
constexpr FunctionForm kSet[] = {
    {SetSpec::kAdd, "add insert", Argument::kValue, Answer::kBoolean},
    {SetSpec::kRemove, "remove erase", Argument::kValue, Answer::kBoolean},
    {SetSpec::kContains, "contains", Argument::kValue, Answer::kBoolean},
    {SetSpec::kSize, "size", Argument::kNothing, Answer::kNumber},
    {SetSpec::kRead, "read", Argument::kNothing, Answer::kSet},
};
constexpr FunctionForm kMap[] = {
    {MapSpec::kGet, "get read", Argument::kNothing, Answer::kValue},
    {MapSpec::kPut, "put write", Argument::kValue},
    {MapSpec::kInsert, "insert", Argument::kValue, Answer::kBoolean},
    {MapSpec::kErase, "erase remove", Argument::kNothing, Answer::kBoolean},
    {MapSpec::kCas, "cas compare_and_set", Argument::kPair, Answer::kBoolean},
    {MapSpec::kSize, "size", Argument::kNothing, Answer::kNumber},
};
constexpr FunctionForm kMutex[] = {
    {kLock, "lock acquire"},
    {kTryLock, "try_lock", Argument::kNothing, Answer::kBoolean},
    {kUnlock, "unlock release"},
};
constexpr FunctionForm kRwLock[] = {
    {RwLockSpec::kLock, "lock"},
    {RwLockSpec::kTryLock, "try_lock", Argument::kNothing, Answer::kBoolean},
    {RwLockSpec::kUnlock, "unlock"},
    {RwLockSpec::kLockShared, "lock_shared"},
    {RwLockSpec::kTryLockShared, "try_lock_shared", Argument::kNothing, Answer::kBoolean},
    {RwLockSpec::kUnlockShared, "unlock_shared"},
};
constexpr FunctionForm kSemaphore[] = {
    {SemaphoreSpec::kAcquire, "acquire", Argument::kCount},
    {SemaphoreSpec::kTryAcquire, "try_acquire", Argument::kCount, Answer::kBoolean},
    {SemaphoreSpec::kRelease, "release", Argument::kCount},
};
constexpr FunctionForm kKeyValue[] = {
    {KeyValueSpec::kGet, "get read", Argument::kNothing, Answer::kValue},
    {KeyValueSpec::kPut, "put write", Argument::kValue},
    {KeyValueSpec::kAppend, "append", Argument::kValue},
};
constexpr FunctionForm kTransactions[] = {
    {TransactionSpec::kTransact, "txn", Argument::kAccesses},
};

constexpr NamedSpec kSpecs[] = {
    {"register", kRegister, false, "initial"},
    {"cas-register", kCasRegister, false, "initial"},
    {"counter", kCounter, false, "initial"},
    {"queue", kContainer, false, "capacity"},
    {"stack", kContainer, false, "capacity"},
    {"deque", kDeque, false, "capacity"},
    {"priority-queue", kContainer, false, "capacity"},
    {"set", kSet, false, ""},
    {"map", kMap, true, ""},
    {"mutex", kMutex, false, ""},
    {"rwlock", kRwLock, false, ""},
    {"semaphore", kSemaphore, false, "initial most"},
    {"kv", kKeyValue, true, ""},
    {"transactions", kTransactions, false, "initial"},
};

template <Spec S>
std::unique_ptr<Model> Make(S spec) {
  return std::make_unique<ModelOf<S>>(std::move(spec));
}

std::string FormatAnswer(const FunctionForm& form, const Operation& op, const History& history) {
  const Texts& texts = history.texts;
  if (op.pending()) return " -> ?";
  switch (form.answer) {
    case Answer::kDone:
      return "";
    case Answer::kMaybe:
      return op.result == 0 ? " -> false" : "";
    case Answer::kBoolean:
      return op.result == 0 ? " -> false" : " -> true";
    case Answer::kSet:
      return absl::StrCat(" -> [",
                          absl::StrJoin(history.sets[static_cast<std::size_t>(op.result)], " ",
                                        [&texts](std::string* out, Value element) {
                                          absl::StrAppend(out, FormatValue(element, texts));
                                        }),
                          "]");
    default:
      return absl::StrCat(" -> ", FormatValue(op.result, texts));
  }
}

std::string FormatAccessed(const Access& access, const Texts& texts) {
  if (!access.list) return FormatValue(access.value, texts);
  const std::string* text = texts.Text(access.value);
  const absl::string_view list = text == nullptr ? "" : absl::StripTrailingAsciiWhitespace(*text);
  return access.write ? std::string(list) : absl::StrCat("[", list, "]");
}

}  // namespace

const FunctionForm* NamedSpec::Find(absl::string_view function) const {
  for (const FunctionForm& form : functions) {
    for (const absl::string_view name : absl::StrSplit(form.names, ' ')) {
      if (name == function) return &form;
    }
  }
  return nullptr;
}

const FunctionForm& NamedSpec::Form(std::int32_t function) const {
  for (const FunctionForm& form : functions) {
    if (form.function == function) return form;
  }
  return functions.front();
}

std::span<const NamedSpec> NamedSpecs() { return kSpecs; }

const NamedSpec* FindNamedSpec(absl::string_view name) {
  for (const NamedSpec& spec : kSpecs) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::unique_ptr<Model> MakeModel(const NamedSpec& spec, const SpecOptions& options,
                                 const History& history) {
  const bool given = options.initial != kNone;
  if (spec.name == "register" || spec.name == "cas-register") {
    return Make(RegisterSpec{.initial = options.initial});
  }
  if (spec.name == "counter") return Make(CounterSpec{.initial = given ? options.initial : 0});
  if (spec.name == "queue") {
    if (options.per_producer) return Make(PerProducerQueueSpec{});
    if (options.relaxed) return Make(RelaxedQueueSpec{.k = options.k});
    return Make(QueueSpec{.capacity = options.capacity});
  }
  if (spec.name == "stack") return Make(StackSpec{.capacity = options.capacity});
  if (spec.name == "deque") return Make(DequeSpec{.capacity = options.capacity});
  if (spec.name == "priority-queue") return Make(PriorityQueueSpec{.capacity = options.capacity});
  if (spec.name == "set") return Make(SetSpec{.sets = &history.sets});
  if (spec.name == "map") return Make(MapSpec{});
  if (spec.name == "mutex") return Make(MutexSpec{});
  if (spec.name == "rwlock") return Make(RwLockSpec{});
  if (spec.name == "semaphore") {
    return Make(SemaphoreSpec{.initial = given ? options.initial : 0, .most = options.most});
  }
  if (spec.name == "kv") return Make(KeyValueSpec(&history.texts));
  return Make(TransactionSpec{.accesses = &history.accesses,
                              .initial = options.initial,
                              .texts = JoinedTexts(&history.texts)});
}

std::string Describe(const NamedSpec& spec, const Operation& op, const History& history) {
  const FunctionForm& form = spec.Form(op.function);
  const absl::string_view name = form.names.substr(0, form.names.find(' '));
  const Texts& texts = history.texts;
  std::vector<std::string> arguments;
  if (form.argument == Argument::kAccesses) {
    for (Value i = op.key; i < op.key + op.argument; ++i) {
      const Access& access = history.accesses[static_cast<std::size_t>(i)];
      const bool known = access.write || !op.pending();
      arguments.push_back(absl::StrCat(access.list && access.write ? "append "
                                       : access.write              ? "w "
                                                                   : "r ",
                                       FormatValue(access.key, texts), " ",
                                       known ? FormatAccessed(access, texts) : "?"));
    }
    return absl::StrCat(name, "(", absl::StrJoin(arguments, ", "), ")",
                        op.pending() ? " -> ?" : "");
  }
  if (op.key != kNone) arguments.push_back(FormatValue(op.key, texts));
  if (form.argument == Argument::kPair) arguments.push_back(FormatValue(op.expected, texts));
  if (form.argument == Argument::kValue || form.argument == Argument::kPair ||
      (form.argument == Argument::kCount && op.argument != 1)) {
    arguments.push_back(FormatValue(op.argument, texts));
  }
  return absl::StrCat(name, "(", absl::StrJoin(arguments, ", "), ")",
                      FormatAnswer(form, op, history));
}

}  // namespace heddle::linearizability
