// SPDX-License-Identifier: Apache-2.0
#include "stress/tsan_report.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

#include "checkers/scenario/verdict.h"
#include "primitives/std_platform.h"
#include "stress/context.h"
#include "stress/failure.h"

#if defined(HEDDLE_TSAN)

#include <sanitizer/common_interface_defs.h>

namespace heddle::stress {

// Set by the first report.
int reported = 0;
// Where its thread was.
int reported_group = 0;
std::size_t reported_instance = 0;

namespace {

int report_fd = -1;
off_t first_report_size = 0;

// What stands behind "WARNING: ThreadSanitizer: ", with the verdict that it amounts to.
struct Kind {
  std::string_view text;
  Verdict verdict;
};
constexpr std::array<Kind, 8> kKinds = {{
    {"data race", Verdict::kRace},
    {"heap-use-after-free", Verdict::kUseAfterFree},
    {"destroy of a locked mutex", Verdict::kDestroyedInUse},
    {"double lock of a mutex", Verdict::kDeadlock},
    {"lock-order-inversion", Verdict::kDeadlock},
    {"unlock of an unlocked mutex", Verdict::kBadUnlock},
    {"read unlock of a write locked mutex", Verdict::kBadUnlock},
    {"use of an invalid mutex", Verdict::kUseAfterFree},
}};

Verdict VerdictOf(std::string_view report) {
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& candidate) {
    return report.find(candidate.text) != std::string_view::npos;
  });
  if (kind == kKinds.end()) return Verdict::kError;
  // Which of an access and an unordered deallocation came first is chance: with the access first
  // the runtime calls it a race, and has the deallocation as one of the two accesses.
  for (const std::string_view deallocation : {"#0 operator delete", "#0 free"}) {
    if (kind->verdict == Verdict::kRace && report.find(deallocation) != std::string_view::npos) {
      return Verdict::kUseAfterFree;
    }
  }
  return kind->verdict;
}

// Without the frames below the scenario's own, and without the binary's name in each line.
std::string Shortened(std::string_view report) {
  std::string result;
  bool own = true;
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size() - 1);
    std::string_view line = report.substr(0, end + 1);
    report.remove_prefix(end + 1);
    if (!line.starts_with("    #")) {
      own = true;
      result += line;
      continue;
    }
    for (const std::string_view below :
         {"heddle::scenario_internal::", "stress/harness.", "stress/engine."}) {
      own = own && line.find(below) == std::string_view::npos;
    }
    if (!own) continue;
    const std::size_t binary = line.find(" (", line.find(" /"));
    result += line.substr(0, std::min(binary, line.size() - 1));
    result += '\n';
  }
  return result;
}

std::string FirstTsanReportAsWritten() {
  std::string text(static_cast<std::size_t>(first_report_size), '\0');
  const ssize_t got = pread(report_fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

}  // namespace

void CatchTsanReports() {
  report_fd = memfd_create("tsan reports", MFD_CLOEXEC);
  if (report_fd >= 0) {
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<std::uintptr_t>(report_fd)));
  }
}

std::optional<Verdict> CollectTsanReport() {
  if (__atomic_load_n(&reported, __ATOMIC_ACQUIRE) == 0) return std::nullopt;
  if (first_report_size == 0) first_report_size = lseek(report_fd, 0, SEEK_CUR);
  const Verdict verdict = VerdictOf(FirstTsanReportAsWritten());
  RecordFailure(verdict, "ThreadSanitizer reports", std::source_location(), reported_group, -1,
                reported_instance);
  return verdict;
}

bool HasTsanReport() { return __atomic_load_n(&reported, __ATOMIC_RELAXED) != 0; }

std::string FirstTsanReport() { return Shortened(FirstTsanReportAsWritten()); }

}  // namespace heddle::stress

extern "C" {

// Called by the runtime after a report is printed, in the thread that caused it, with the runtime's
// own locks held: an instrumented access in here, or a call to an intercepted function, can wait
// for those locks for ever. So this only leaves word, and CollectTsanReport does the rest.
__attribute__((disable_sanitizer_instrumentation)) void __tsan_on_report(void* /*report*/) {
  using namespace heddle::stress;  // NOLINT(google-build-using-namespace)
  if (__atomic_load_n(&reported, __ATOMIC_RELAXED) != 0) return;
  ThreadContext::Tell(reported_group, reported_instance);
  __atomic_store_n(&reported, 1, __ATOMIC_RELEASE);
}

// What TSAN_OPTIONS says comes on top.
const char* __tsan_default_options() {
  return "exitcode=0:atexit_sleep_ms=0:detect_deadlocks=0:report_thread_leaks=0:"
         "report_signal_unsafe=0:io_sync=0"
#if __clang_major__ >= 23
         ":enable_adaptive_delay=1"
#endif
      ;
}

}  // extern "C"

#else

namespace heddle::stress {

void CatchTsanReports() {}
std::optional<Verdict> CollectTsanReport() { return std::nullopt; }
bool HasTsanReport() { return false; }
std::string FirstTsanReport() { return ""; }

}  // namespace heddle::stress

#endif
