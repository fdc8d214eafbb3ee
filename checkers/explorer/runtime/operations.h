// SPDX-License-Identifier: Apache-2.0
//
// What a modelled function (a mutex, a condition variable, ...) is written with. It runs on the
// stack of the program thread that called it, and nothing of it is seen but its operations:
//
//   extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) {
//     if (!Exploring()) return HEDDLE_REAL(pthread_mutex_lock)(mutex);
//     Call call("pthread_mutex_lock", HEDDLE_CALLER, "mutex");
//     LockWord(call, &mutex->__data.__lock);
//
// Each operation may switch to other threads. Neither may code here allocate memory by libc's
// functions, nor keep anything in variables of its own: an execution may end at any operation, and
// only the program's memory is put back for the next one. State belongs into the primitive's own
// memory, through operations; what the threads' order does not matter for, into Fiber (fiber.h).
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATIONS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATIONS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/state.h"

// The instruction of the program behind its call of this function.
#define HEDDLE_CALLER reinterpret_cast<::heddle::explorer::Site>(__builtin_return_address(0))

// Of a function that a program calls in the C library's stead.
#define HEDDLE_INTERPOSE extern "C" __attribute__((visibility("default")))

namespace heddle::explorer {

// Goes over to the scheduler; returns when the operation is done. Some never return.
inline void Perform(Operation& operation) { heddle_explorer_perform(&operation); }

// Ends a trial of whether the thread comes back unchanged: it does something that is seen.
[[noreturn]] void EndTrial();

// A call of a modelled function by the program.
class Call {
 public:
  Call(const char* name, Site site, const char* waits_for = nullptr)
      : name_(name), waits_for_(waits_for), site_(site) {
    if (state().trial) EndTrial();
  }
  // Of a function that fails rather than waits. It must keep nothing where it fails: a loop around
  // it that changes nothing waits for what ends it, as one around an atomic operation does.
  static Call ThatPolls(const char* name, Site site) { return Call(name, site, true); }

  ThreadId thread() const { return state().current->id; }
  Fiber& fiber() const { return *state().current; }
  Site site() const { return site_; }

  template <typename T>
  T Load(const T* address, Order order, Admits* admits = nullptr) {
    Operation operation = On(Operation::Kind::kLoad, address, sizeof(T), order);
    operation.admits = admits;
    Perform(operation);
    return FromValue<T>(operation.answer.value);
  }

  template <typename T>
  void Store(T* address, T value, Order order) {
    Operation operation = On(Operation::Kind::kStore, address, sizeof(T), order);
    operation.value = ToValue(value);
    Perform(operation);
  }

  // Returns what the location held.
  template <typename T>
  T Modify(T* address, Rmw rmw, T operand, Order order, Admits* admits = nullptr) {
    Operation operation = On(Operation::Kind::kUpdate, address, sizeof(T), order);
    operation.update = {.operation = rmw, .operand = ToValue(operand)};
    operation.admits = admits;
    Perform(operation);
    return FromValue<T>(operation.answer.value);
  }

  // Returns success. `admits` is asked about values that it would find.
  template <typename T>
  bool CompareExchange(T* address, T& expected, T desired, Order order, Order failure,
                       Admits* admits = nullptr) {
    Operation operation = On(Operation::Kind::kUpdate, address, sizeof(T), order);
    operation.update = {.operation = Rmw::kCompareExchange,
                        .operand = ToValue(desired),
                        .expected = ToValue(expected),
                        .failure = failure};
    operation.admits = admits;
    Perform(operation);
    expected = FromValue<T>(operation.answer.value);
    return operation.answer.success;
  }

  // What it goes by besides what its first operation is on (thread_state.h).
  void TakesToo(std::uint64_t first, std::uint64_t second) {
    arguments_[0] = first;
    arguments_[1] = second;
  }
  void TakesToo(const void* first, const void* second) {
    TakesToo(reinterpret_cast<std::uintptr_t>(first), reinterpret_cast<std::uintptr_t>(second));
  }
  // From here on what it does orders nothing for the program (Access::internal).
  void SetInternal() { internal_ = true; }
  // What it waits for is a wake-up at the word, which holds `value`.
  void SetSleepsOn(const std::uint32_t* word, std::uint32_t value) {
    word_ = reinterpret_cast<std::uintptr_t>(word);
    slept_on_ = value;
  }
  // What follows is on a lock's word, which nothing else looks at but who takes it, or tries to.
  void SetLocks(bool locks) { locks_ = locks; }
  // What this call waits for has a time limit, from here on or no more.
  void SetExpires(bool expires) { expires_ = expires; }

  void Fence(Order order);
  // Each of 0..choices-1 is explored.
  int Choose(int choices);
  // Of a wait with a time limit: whether it ends at that.
  bool Expires();
  // Gives this execution up: assume(false).
  [[noreturn]] void Block();
  // An error of the program: ends the exploration. printf-like.
  [[noreturn]] void Found(const char* verdict, const char* format, ...)
      __attribute__((format(printf, 3, 4)));
  [[noreturn]] void Report(Fault& fault);
  // Something that is not modelled: ends the exploration without a verdict about the program.
  [[noreturn]] void Unsupported(const char* format, ...) __attribute__((format(printf, 2, 3)));

  // Plain accesses of the function to the program's memory, as far as races and lifetime go.
  void Reads(const void* address, std::size_t size);
  void Writes(const void* address, std::size_t size);

  // The end of an object that threads synchronize by: what others do with it must come before.
  void Destroys(const void* address, std::size_t size, const char* what);

  Operation Make(Operation::Kind kind) const {
    Operation operation;
    operation.kind = kind;
    operation.name = name_;
    operation.waits_for = waits_for_;
    operation.access.site = site_;
    operation.access.internal = internal_;
    operation.word = word_;
    operation.slept_on = slept_on_;
    operation.expires = expires_;
    operation.locks = locks_;
    operation.polls = polls_;
    operation.arguments[0] = arguments_[0];
    operation.arguments[1] = arguments_[1];
    operation.first = !std::exchange(begun_, true);
    return operation;
  }

 private:
  Call(const char* name, Site site, bool polls)
      : name_(name), waits_for_(nullptr), site_(site), polls_(polls) {}

  Operation On(Operation::Kind kind, const void* address, std::size_t size, Order order) const {
    Operation operation = Make(kind);
    operation.access.address = reinterpret_cast<std::uintptr_t>(address);
    operation.access.size = static_cast<std::uint8_t>(size);
    operation.access.order = order;
    // A wild pointer faults here, on the program's thread.
    *static_cast<const volatile char*>(address);
    return operation;
  }

  template <typename T>
  static Value ToValue(T value) {
    Value result = 0;
    std::memcpy(&result, &value, sizeof value);
    return result;
  }
  template <typename T>
  static T FromValue(Value value) {
    T result;
    std::memcpy(&result, &value, sizeof result);
    return result;
  }

  const char* name_;
  const char* waits_for_;
  Site site_;
  bool expires_ = false;
  bool polls_ = false;
  bool locks_ = false;
  bool internal_ = false;
  std::uintptr_t word_ = 0;
  std::uint32_t slept_on_ = 0;
  std::uint64_t arguments_[2] = {};
  mutable bool begun_ = false;
};

// A value that a waiting operation takes.
template <typename Predicate>
class AdmitsIf final : public Admits {
 public:
  explicit AdmitsIf(Predicate predicate) : predicate_(predicate) {}
  bool operator()(Value value) override { return predicate_(value); }

 private:
  Predicate predicate_;
};

// Of a function that has nothing to do with this execution's events but is a sign of life: a trial
// ends, and the thread has changed something that its stack does not show.
inline void CountEffect() {
  if (state().trial) EndTrial();
  ++state().current->loop.effects;
}

// A block of the program's heap, which free() takes back: `name` is what has been called.
void* AllocateFor(const char* name, std::size_t size, Site site);

// Memory that a program maps for itself: whole pages of zeros, which are put back for each
// execution. Null: before main() there is no more.
void* MapFor(const char* name, std::size_t size, Site site);
// Takes all of it back. False: that is not what was mapped there.
bool UnmapFor(const char* name, void* memory, std::size_t size, Site site);

// The next definition of `name` behind the runtime's: libc's own.
void* RealFunction(const char* name);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_OPERATIONS_H_
