// SPDX-License-Identifier: Apache-2.0
#include "stress/stacks.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <source_location>
#include <string>

#include "absl/debugging/symbolize.h"
#include "absl/strings/str_cat.h"
#include "checkers/scenario/verdict.h"
#include "stress/context.h"
#include "stress/demangle.h"
#include "stress/failure.h"
#include "stress/heap.h"

namespace heddle::stress {
namespace {

constinit thread_local StackSlot* own_slot = nullptr;

int StackRequest() { return SIGRTMIN + 4; }

struct Walk {
  StackSlot* slot;
  int depth;
  int skip;
};

_Unwind_Reason_Code Step(_Unwind_Context* context, void* argument) {
  auto* walk = static_cast<Walk*>(argument);
  if (walk->skip-- > 0) return _URC_NO_REASON;
  if (walk->depth == static_cast<int>(walk->slot->frames.size())) return _URC_END_OF_STACK;
  void* pc = reinterpret_cast<void*>(_Unwind_GetIP(context));
  if (pc != nullptr) walk->slot->frames[static_cast<std::size_t>(walk->depth++)] = pc;
  return _URC_NO_REASON;
}

// Not absl::GetStackTrace(): that follows frame pointers, which optimised code does not keep.
[[gnu::noinline]] void Capture(StackSlot* slot) {
  constexpr int kOwnFrames = 3;  // this function, the handler, the kernel's trampoline
  Walk walk{.slot = slot, .depth = 0, .skip = kOwnFrames};
  _Unwind_Backtrace(Step, &walk);
  slot->depth.store(walk.depth, std::memory_order_release);
}

void OnStackRequest(int /*signal*/) {
  const int saved = errno;
  if (own_slot != nullptr) Capture(own_slot);
  errno = saved;
}

void OnCrash(int signal, siginfo_t* info, void* /*context*/) {
  const ThreadContext* self = ThreadContext::Current();
  if (own_slot == nullptr || self == nullptr) {
    ::signal(signal, SIG_DFL);
    raise(signal);
    return;
  }
  Capture(own_slot);
  std::array<char, 128> text{};
  if (signal == SIGABRT) {
    std::snprintf(text.data(), text.size(), "the thread called abort()");
  } else {
    std::snprintf(text.data(), text.size(), "signal %d at address %p", signal, info->si_addr);
  }
  RecordFailure(Verdict::kCrash, text.data(), std::source_location(), self->group(),
                self->reported_index(), self->number());
  for (;;) pause();
}

}  // namespace

void InstallSignalHandlers() {
  absl::InitializeSymbolizer("/proc/self/exe");
  // The unwinder's first use allocates, which a handler must not.
  StackSlot scratch;
  Capture(&scratch);

  struct sigaction request{};
  request.sa_handler = OnStackRequest;
  request.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(StackRequest(), &request, nullptr);

#if !defined(HEDDLE_ASAN)
  struct sigaction crash{};
  crash.sa_sigaction = OnCrash;
  crash.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    sigaction(signal, &crash, nullptr);
  }
#endif
}

void AdoptStackSlot(StackSlot* slot, void* signal_stack) {
  own_slot = slot;
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = kSignalStack;
  sigaltstack(&stack, nullptr);
}

void RequestStack(pid_t thread) { syscall(SYS_tgkill, getpid(), thread, StackRequest()); }

std::string Symbolized(const StackSlot& slot) {
  const int depth = slot.depth.load(std::memory_order_acquire);
  std::string text;
  for (int i = 0; i < depth; ++i) {
    void* pc = slot.frames[static_cast<std::size_t>(i)];
    std::array<char, 256> name{};
    if (!absl::Symbolize(static_cast<char*>(pc) - 1, name.data(), name.size())) {
      std::snprintf(name.data(), name.size(), "%p", pc);
    }
    absl::StrAppend(&text, "      #", i, " ", Demangled(name.data()), "\n");
    if (std::strstr(name.data(), "RunParts") != nullptr)
      break;  // the harness below is of no interest
  }
  return text;
}

}  // namespace heddle::stress
