// SPDX-License-Identifier: Apache-2.0
//
// What StressPlatform does before and after each operation.
#ifndef HEDDLE_STRESS_HOOKS_H_
#define HEDDLE_STRESS_HOOKS_H_

#include <cstdint>

#include "checkers/scenario/description.h"
#include "checkers/scenario/verdict.h"
#include "primitives/platform.h"
#include "stress/context.h"
#include "stress/operation_log.h"

namespace heddle::stress {

inline void Before(const char* name, const void* address, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Before(name, address, where);
}
inline void Before(const char* name, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Before(name, where);
}
inline void Waits() {
  if (ThreadContext* self = ThreadContext::Current()) self->Waits();
}
// Notes what the operation has read, or come to.
template <class T>
T Result(T value) {
  if (ThreadContext* self = ThreadContext::Current()) self->log().SetResult(ResultOf(value));
  return value;
}
inline bool Spurious() {
  ThreadContext* self = ThreadContext::Current();
  return self != nullptr && self->noise().Spurious();
}
inline Deadline Moved(Deadline deadline) {
  ThreadContext* self = ThreadContext::Current();
  return self == nullptr ? deadline : self->instance().deadlines.Moved(deadline);
}
// As Fail(), but the thread goes no further.
inline void Stop(Verdict verdict, const char* message, Location where) {
  if (ThreadContext* self = ThreadContext::Current()) self->Stop(verdict, message, where);
  Fail(verdict, message, where);
}

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_HOOKS_H_
