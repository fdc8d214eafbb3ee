// SPDX-License-Identifier: Apache-2.0
#include "stress/context.h"

#include <unistd.h>

#include <source_location>
#include <string_view>

#include "checkers/scenario/description.h"
#include "stress/failure.h"

namespace heddle {
namespace stress {

void ThreadContext::Stop(Verdict verdict, std::string_view message, Location where) {
  RecordFailure(verdict, message, where, group_, reported_index(), number_);
  for (;;) pause();
}

}  // namespace stress

void Fail(Verdict verdict, std::string_view message, std::source_location where) {
  const stress::ThreadContext* self = stress::ThreadContext::Current();
  stress::RecordFailure(verdict, message, where, self == nullptr ? 0 : self->group(),
                        self == nullptr ? -1 : self->reported_index(),
                        self == nullptr ? 0 : self->number());
}

}  // namespace heddle
