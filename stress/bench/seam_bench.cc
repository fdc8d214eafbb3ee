// SPDX-License-Identifier: Apache-2.0
//
// What the platform seam costs: the ticket lock against the same algorithm in bare std::atomic.
#include "primitives/mutex/ticket_lock.h"
#include "primitives/mutex/ticket_lock_codegen_test/hand_written_ticket_lock.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

[[maybe_unused]] const bool kRegistered = [] {
  const char* const ours = "ticket_lock";
  const char* const reference = "std_atomic_ticket_lock";
  RegisterPair("seam/uncontended", Timing::kLoop, {ours, LockAlone<TicketLock<>>},
               {reference, LockAlone<HandWrittenTicketLock>});
  RegisterPair("seam/2_threads", Timing::kFixed, {ours, LockTogether<TicketLock<>, 2>},
               {reference, LockTogether<HandWrittenTicketLock, 2>});
  return true;
}();

}  // namespace
}  // namespace heddle::bench
