// SPDX-License-Identifier: Apache-2.0
//
// pthread_create and what threads do with each other; thread-specific data and destructors.
#include "checkers/explorer/runtime/threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <unwind.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "checkers/explorer/runtime/initializers.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

[[gnu::always_inline]] inline std::uintptr_t StackPointer() {
  std::uintptr_t pointer;
  asm("movq %%rsp, %0" : "=r"(pointer));
  return pointer;
}

[[noreturn]] void FinishThread() {
  Fiber& fiber = *state().current;
  if (state().trial && (fiber.destructor_count != 0 || fiber.key_limit != 0)) EndTrial();
  DestroyThreadLocals();
  if (!fiber.keeps_specific) DestroySpecific(fiber);
  Operation operation;
  operation.kind = Operation::Kind::kFinish;
  Perform(operation);
  __builtin_trap();
}

// What C's pthread_cleanup_push() keeps in its frame: glibc's __pthread_unwind_buf_t.
struct Cleanup {
  jmp_buf* place() { return reinterpret_cast<jmp_buf*>(this); }

  struct {
    __jmp_buf registers;
    int mask_was_saved;
  } saved;
  void* before;
  void* unused[3];
};

// Before the unwinder leaves a frame. At the thread's first one, all destructors and handlers have
// run.
_Unwind_Reason_Code StopAtCleanup(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                  _Unwind_Exception*, _Unwind_Context* context, void*) {
  const Fiber& fiber = *state().current;
  const bool end = (actions & _UA_END_OF_STACK) != 0;
  auto* const cleanup = static_cast<Cleanup*>(fiber.cleanup);
  if (cleanup != nullptr &&
      (end || _Unwind_GetCFA(context) > reinterpret_cast<std::uintptr_t>(cleanup))) {
    longjmp(*cleanup->place(), 1);
  }
  if (end) FinishThread();
  return _URC_NO_REASON;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) void heddle_explorer_thread_main() {
  Fiber& fiber = *state().current;
  fiber.result = fiber.function(fiber.argument);
  FinishThread();
}

Fiber& FiberOf(Call& call, pthread_t handle) {
  const pthread_t thread = (handle >> 12) - 1;
  Fiber* const fiber = (handle & 0xfff) == 0 && thread < kMaxThreads
                           ? state().scheduler->Thread(static_cast<ThreadId>(thread))
                           : nullptr;
  if (fiber == nullptr) {
    call.Found(verdict::kCrash, "%#lx is no thread's handle", static_cast<unsigned long>(handle));
  }
  return *fiber;
}

int DoCreateThread(Call& call, pthread_t* handle, bool detached, void* (*function)(void*),
                   void* argument) {
  Operation operation = call.Make(Operation::Kind::kCreate);
  operation.function = function;
  operation.argument = argument;
  operation.detached = detached;
  // The handle is there when the new thread runs; but what is known of it is told after that.
  call.Writes(handle, sizeof *handle);
  Perform(operation);
  *handle = HandleOf(static_cast<ThreadId>(operation.answer.value));
  return 0;
}

int DoJoinThread(Call& call, pthread_t handle, void** result, bool expires) {
  Fiber& fiber = FiberOf(call, handle);
  if (fiber.id == call.thread()) return EDEADLK;
  if (fiber.detached || fiber.joined) return EINVAL;
  if (expires || !fiber.finished ||
      !state().scheduler->JoinAtOnce(fiber.id, call.site(), StackPointer())) {
    call.SetExpires(expires);
    Operation operation = call.Make(Operation::Kind::kJoin);
    operation.number = fiber.id;
    Perform(operation);
  }
  // Nobody sees the end of the thread that ends the program.
  if (fiber.ends_program) ExitThreadAtOnce();
  fiber.joined = true;
  if (result != nullptr) {
    call.Writes(result, sizeof *result);
    *result = fiber.result;
  }
  return 0;
}

int DoDetachThread(Call& call, pthread_t handle) {
  Fiber& fiber = FiberOf(call, handle);
  if (fiber.detached || fiber.joined) return EINVAL;
  CountEffect();
  fiber.detached = true;
  return 0;
}

void ExitThread(void* result) {
  Fiber& fiber = *state().current;
  fiber.result = result;
  static_assert(sizeof(_Unwind_Exception) <= sizeof fiber.unwinding);
  auto* const exception = new (fiber.unwinding) _Unwind_Exception{};
  _Unwind_ForcedUnwind(exception, StopAtCleanup, nullptr);
  FinishThread();
}

void ExitThreadAtOnce() {
  Fiber& fiber = *state().current;
  fiber.ends_program = true;
  Operation operation;
  operation.kind = Operation::Kind::kFinish;
  Perform(operation);
  __builtin_trap();
}

void DestroyThreadLocals() {
  Fiber& fiber = *state().current;
  while (fiber.destructor_count > 0) {
    const Destructor destructor = fiber.destructors[--fiber.destructor_count];
    destructor.function(destructor.object);
  }
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                                    void* (*function)(void*), void* argument) {
  if (!Exploring()) {
    CheckNativeThread();
    static auto* const real =
        reinterpret_cast<decltype(&pthread_create)>(RealFunction("pthread_create"));
    return real(handle, attributes, function, argument);
  }
  Call call("pthread_create", HEDDLE_CALLER);
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &detached);
  return DoCreateThread(call, handle, detached == PTHREAD_CREATE_DETACHED, function, argument);
}

HEDDLE_INTERPOSE int pthread_join(pthread_t handle, void** result) {
  if (!Exploring()) {
    static auto* const real =
        reinterpret_cast<decltype(&pthread_join)>(RealFunction("pthread_join"));
    return real(handle, result);
  }
  Call call("pthread_join", HEDDLE_CALLER, "join");
  return DoJoinThread(call, handle, result, false);
}

HEDDLE_INTERPOSE int pthread_detach(pthread_t handle) {
  if (!Exploring()) {
    static auto* const real =
        reinterpret_cast<decltype(&pthread_detach)>(RealFunction("pthread_detach"));
    return real(handle);
  }
  Call call("pthread_detach", HEDDLE_CALLER);
  return DoDetachThread(call, handle);
}

HEDDLE_INTERPOSE void pthread_exit(void* result) {
  if (!Exploring()) {
    static auto* const real =
        reinterpret_cast<decltype(&pthread_exit)>(RealFunction("pthread_exit"));
    real(result);
    __builtin_unreachable();
  }
  CountEffect();
  ExitThread(result);
}

// pthread_cleanup_push() and _pop() of C, where it has no exceptions.
HEDDLE_INTERPOSE void __pthread_register_cancel(__pthread_unwind_buf_t* buffer) {
  if (!Exploring()) return HEDDLE_REAL(__pthread_register_cancel)(buffer);
  CountEffect();
  Fiber& fiber = *state().current;
  reinterpret_cast<Cleanup*>(buffer)->before = fiber.cleanup;
  fiber.cleanup = buffer;
}

HEDDLE_INTERPOSE void __pthread_unregister_cancel(__pthread_unwind_buf_t* buffer) {
  if (!Exploring()) return HEDDLE_REAL(__pthread_unregister_cancel)(buffer);
  CountEffect();
  state().current->cleanup = reinterpret_cast<Cleanup*>(buffer)->before;
}

// The handler has run: the next one.
HEDDLE_INTERPOSE void __pthread_unwind_next(__pthread_unwind_buf_t* buffer) {
  if (!Exploring()) {
    HEDDLE_REAL(__pthread_unwind_next)(buffer);
    __builtin_unreachable();
  }
  Fiber& fiber = *state().current;
  fiber.cleanup = reinterpret_cast<Cleanup*>(buffer)->before;
  ExitThread(fiber.result);
}

HEDDLE_INTERPOSE pthread_t pthread_self() noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<pthread_t (*)()>(RealFunction("pthread_self"));
    return real();
  }
  return HandleOf(state().current->id);
}

HEDDLE_INTERPOSE int sched_yield() noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<int (*)()>(RealFunction("sched_yield"));
    return real();
  }
  return 0;
}

namespace {

int AddRealDestructor(void (*function)(void*), void* object, void* library) {
  static auto* const real = reinterpret_cast<int (*)(void (*)(void*), void*, void*)>(
      RealFunction("__cxa_thread_atexit_impl"));
  return real(function, object, library);
}

// Those of the lowest place are called last.
void AddDestructor(const Destructor& destructor, bool last, Site site) {
  CountEffect();
  Fiber& fiber = *state().current;
  if (fiber.destructor_count == kMaxDestructors) {
    Call("thread_local", site)
        .Unsupported("more than %d thread_local variables with destructors", kMaxDestructors);
  }
  Destructor* const end = fiber.destructors.items + fiber.destructor_count++;
  *end = destructor;
  if (last) std::rotate(fiber.destructors.items, end, end + 1);
}

}  // namespace

// The C++ library registers destructors of thread_local variables by it.
HEDDLE_INTERPOSE int __cxa_thread_atexit_impl(void (*function)(void*), void* object,
                                              void* library) noexcept {
  if (!Exploring()) return AddRealDestructor(function, object, library);
  AddDestructor({.function = function, .object = object}, false, HEDDLE_CALLER);
  return 0;
}

// What include/future has called behind all of those.
HEDDLE_INTERPOSE void heddle_explorer_at_thread_exit(void (*function)(void*), void* object) {
  if (!Exploring()) {
    AddRealDestructor(function, object, nullptr);
    return;
  }
  AddDestructor({.function = function, .object = object}, true, HEDDLE_CALLER);
}
