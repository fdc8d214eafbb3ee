// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/hints.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::explorer::report {
namespace {

bool IsInAtomicWait(const RecordedStack& stack, absl::string_view function, Namer& namer) {
  return std::any_of(stack.begin(), stack.end(), [&](std::uint64_t pc) {
    const std::vector<lock_order::ReportFrame> frames = namer.Frames(pc);
    return std::any_of(frames.begin(), frames.end(), [&](const lock_order::ReportFrame& frame) {
      return absl::EndsWith(frame.file, "/bits/atomic_wait.h") &&
             absl::StrContains(frame.function, function);
    });
  });
}

}  // namespace

std::string Hint(const Record& record, Namer& namer) {
  const bool waits =
      std::any_of(record.waits.begin(), record.waits.end(), [&](const RecordedWait& wait) {
        return wait.what == "futex" && IsInAtomicWait(wait.stack, "wait", namer);
      });
  if (!waits) return "";
  // Where nobody notifies it is the program's fault.
  const bool notifies =
      std::any_of(record.events.begin(), record.events.end(), [&](const RecordedEvent& event) {
        if (IsInAtomicWait(event.stack, "notify", namer)) return true;
        // The library's last call may be a jump, which leaves no frame of its own. Who does not
        // wait and is at the queue of those who do wakes somebody.
        const RecordedLocation* const location = record.Location(event.location);
        return location != nullptr && namer.IsRuntimes(location->address) &&
               !IsInAtomicWait(event.stack, "wait", namer);
      });
  return notifies ? "it may be libstdc++'s fault: wake-ups get lost in its atomics' wait() and its "
                    "semaphores, see docs/explorer_details.md"
                  : "";
}

}  // namespace heddle::explorer::report
