// SPDX-License-Identifier: Apache-2.0
//
// C11's threads.h: threads and thread-specific storage. Mutexes and the like are in sync/c11.cc.
#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

#include <cstdint>

#include "checkers/explorer/runtime/initializers.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

static_assert(sizeof(thrd_t) == sizeof(pthread_t) && sizeof(tss_t) == sizeof(pthread_key_t));

int AsC11(int error) { return error == 0 ? thrd_success : thrd_error; }

// A thread's result of int, in a pointer as glibc has it.
void* AsPointer(int result) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(result)); }
int AsInt(void* result) { return static_cast<int>(reinterpret_cast<std::intptr_t>(result)); }

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int thrd_create(thrd_t* handle, thrd_start_t function, void* argument) {
  if (!Exploring()) {
    CheckNativeThread();
    return HEDDLE_REAL(thrd_create)(handle, function, argument);
  }
  Call call("thrd_create", HEDDLE_CALLER);
  // Of what it returns, the half that is an int is looked at.
  auto* const untyped = reinterpret_cast<void (*)()>(function);
  return AsC11(
      DoCreateThread(call, handle, false, reinterpret_cast<void* (*)(void*)>(untyped), argument));
}

HEDDLE_INTERPOSE int thrd_join(thrd_t handle, int* result) {
  if (!Exploring()) return HEDDLE_REAL(thrd_join)(handle, result);
  Call call("thrd_join", HEDDLE_CALLER, "join");
  void* pointer = nullptr;
  const int error = DoJoinThread(call, handle, &pointer, false);
  if (error == 0 && result != nullptr) {
    call.Writes(result, sizeof *result);
    *result = AsInt(pointer);
  }
  return AsC11(error);
}

HEDDLE_INTERPOSE int thrd_detach(thrd_t handle) {
  if (!Exploring()) return HEDDLE_REAL(thrd_detach)(handle);
  Call call("thrd_detach", HEDDLE_CALLER);
  return AsC11(DoDetachThread(call, handle));
}

HEDDLE_INTERPOSE void thrd_exit(int result) {
  if (!Exploring()) {
    HEDDLE_REAL(thrd_exit)(result);
    __builtin_unreachable();
  }
  CountEffect();
  ExitThread(AsPointer(result));
}

HEDDLE_INTERPOSE thrd_t thrd_current() {
  if (!Exploring()) return HEDDLE_REAL(thrd_current)();
  return HandleOf(state().current->id);
}

HEDDLE_INTERPOSE int thrd_sleep(const timespec* duration, timespec* rest) {
  if (!Exploring()) return HEDDLE_REAL(thrd_sleep)(duration, rest);
  return nanosleep(duration, rest) == 0 ? 0 : -2;
}

HEDDLE_INTERPOSE void thrd_yield() {
  if (!Exploring()) HEDDLE_REAL(thrd_yield)();
}

HEDDLE_INTERPOSE int tss_create(tss_t* key, tss_dtor_t destructor) {
  if (!Exploring()) return HEDDLE_REAL(tss_create)(key, destructor);
  return AsC11(pthread_key_create(key, destructor));
}

HEDDLE_INTERPOSE void tss_delete(tss_t key) {
  if (!Exploring()) return HEDDLE_REAL(tss_delete)(key);
  pthread_key_delete(key);
}

HEDDLE_INTERPOSE void* tss_get(tss_t key) {
  if (!Exploring()) return HEDDLE_REAL(tss_get)(key);
  return pthread_getspecific(key);
}

HEDDLE_INTERPOSE int tss_set(tss_t key, void* value) {
  if (!Exploring()) return HEDDLE_REAL(tss_set)(key, value);
  return AsC11(pthread_setspecific(key, value));
}
