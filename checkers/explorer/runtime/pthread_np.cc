// SPDX-License-Identifier: Apache-2.0
//
// What else takes a thread's handle, which the C library does not know. Joins that do not wait, or
// not for ever: each may find that the thread still runs, as every thread does for some time after
// the last thing that it does.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include <cstring>

#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

int JoinInTime(Call& call, pthread_t handle, void** result, int late) {
  FiberOf(call, handle);
  if (call.Choose(2) == 1) return late;
  return DoJoinThread(call, handle, result, true);
}

// The explorer runs its threads on one of the system's. What it is called and where and how it is
// scheduled changes nothing.
int CheckHandle(const char* name, Site site, pthread_t handle) {
  Call call(name, site);
  FiberOf(call, handle);
  return 0;
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_tryjoin_np(pthread_t handle, void** result) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_tryjoin_np)(handle, result);
  Call call("pthread_tryjoin_np", HEDDLE_CALLER, "join");
  return JoinInTime(call, handle, result, EBUSY);
}

HEDDLE_INTERPOSE int pthread_timedjoin_np(pthread_t handle, void** result,
                                          const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(pthread_timedjoin_np)(handle, result, deadline);
  Call call("pthread_timedjoin_np", HEDDLE_CALLER, "join");
  return JoinInTime(call, handle, result, ETIMEDOUT);
}

HEDDLE_INTERPOSE int pthread_clockjoin_np(pthread_t handle, void** result, clockid_t clock,
                                          const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(pthread_clockjoin_np)(handle, result, clock, deadline);
  Call call("pthread_clockjoin_np", HEDDLE_CALLER, "join");
  return JoinInTime(call, handle, result, ETIMEDOUT);
}

HEDDLE_INTERPOSE int pthread_getattr_np(pthread_t handle, pthread_attr_t* attributes) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_getattr_np)(handle, attributes);
  const Fiber* fiber = state().current;
  // Of itself it can ask in the midst of anything: sanitizers do, before each call that does not
  // return.
  const bool own =
      handle == HandleOf(fiber->id) && fiber->OnStack(reinterpret_cast<std::uintptr_t>(attributes));
  if (!own) {
    Call call("pthread_getattr_np", HEDDLE_CALLER);
    fiber = &FiberOf(call, handle);
    call.Writes(attributes, sizeof *attributes);
  }
  pthread_attr_init(attributes);
  pthread_attr_setdetachstate(attributes,
                              fiber->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
  return pthread_attr_setstack(attributes, fiber->stack_low,
                               static_cast<std::size_t>(fiber->stack_high - fiber->stack_low));
}

HEDDLE_INTERPOSE int pthread_setname_np(pthread_t handle, const char* name) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_setname_np)(handle, name);
  return CheckHandle("pthread_setname_np", HEDDLE_CALLER, handle);
}

HEDDLE_INTERPOSE int pthread_getname_np(pthread_t handle, char* name, std::size_t size) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_getname_np)(handle, name, size);
  static constexpr char kName[] = "explored";
  Call call("pthread_getname_np", HEDDLE_CALLER);
  FiberOf(call, handle);
  if (size < sizeof kName) return ERANGE;
  call.Writes(name, sizeof kName);
  memcpy(name, kName, sizeof kName);
  return 0;
}

HEDDLE_INTERPOSE int pthread_setaffinity_np(pthread_t handle, std::size_t size,
                                            const cpu_set_t* processors) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_setaffinity_np)(handle, size, processors);
  return CheckHandle("pthread_setaffinity_np", HEDDLE_CALLER, handle);
}

HEDDLE_INTERPOSE int pthread_getaffinity_np(pthread_t handle, std::size_t size,
                                            cpu_set_t* processors) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_getaffinity_np)(handle, size, processors);
  Call call("pthread_getaffinity_np", HEDDLE_CALLER);
  FiberOf(call, handle);
  if (size == 0) return EINVAL;
  // One processor, as there is one thread of the system's.
  call.Writes(processors, size);
  memset(processors, 0, size);
  CPU_SET_S(0, size, processors);
  return 0;
}

HEDDLE_INTERPOSE int pthread_setschedparam(pthread_t handle, int policy,
                                           const sched_param* parameters) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_setschedparam)(handle, policy, parameters);
  return CheckHandle("pthread_setschedparam", HEDDLE_CALLER, handle);
}

HEDDLE_INTERPOSE int pthread_setschedprio(pthread_t handle, int priority) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_setschedprio)(handle, priority);
  return CheckHandle("pthread_setschedprio", HEDDLE_CALLER, handle);
}

HEDDLE_INTERPOSE int pthread_getschedparam(pthread_t handle, int* policy,
                                           sched_param* parameters) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_getschedparam)(handle, policy, parameters);
  Call call("pthread_getschedparam", HEDDLE_CALLER);
  FiberOf(call, handle);
  call.Writes(policy, sizeof *policy);
  call.Writes(parameters, sizeof *parameters);
  *policy = SCHED_OTHER;
  *parameters = {};
  return 0;
}

HEDDLE_INTERPOSE int pthread_getcpuclockid(pthread_t handle, clockid_t* clock) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_getcpuclockid)(handle, clock);
  Call("pthread_getcpuclockid", HEDDLE_CALLER).Unsupported("%s() is not supported", __func__);
}
