// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/signals.h"

#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/tracer.h"

namespace heddle::explorer {
namespace {

constexpr std::size_t kStack = std::size_t{64} << 10;
constexpr std::size_t kRedZone = 128;

// What happened, for the function that the faulting thread goes on with.
struct Happened {
  int signal;
  std::uintptr_t address;
  Site site;
  bool overflow;
};

[[noreturn]] void Faulted(const Happened& happened) {
  if (state().trial) EndTrial();
  Call call("a fault", happened.site);
  if (happened.overflow) call.Found(verdict::kCrash, "thread %d: stack overflow", call.thread());
  if (happened.signal == SIGABRT) {
    call.Found(verdict::kCrash, "thread %d: the C library aborts the program", call.thread());
  }
  call.Found(verdict::kCrash, "thread %d: %s at address %#lx", call.thread(),
             strsignal(happened.signal), static_cast<unsigned long>(happened.address));
}

void Handle(int signal, siginfo_t* info, void* raw_context) {
  State& shared = state();
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (signal == SIGSEGV && shared.globals != nullptr && shared.globals->Unprotect(address)) return;
  if (shared.tracer != nullptr && shared.tracer->escape != nullptr) {
    __builtin_longjmp(shared.tracer->escape, 1);
  }
  if (shared.mode != Mode::kProgram) {
    // The runtime's own: let it die of it.
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
    return;
  }
  auto* const context = static_cast<ucontext_t*>(raw_context);
  greg_t* const registers = context->uc_mcontext.gregs;
  const Fiber& fiber = *shared.current;
  const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  const auto low = reinterpret_cast<std::uintptr_t>(fiber.stack_low);
  const bool overflow = address < low + kPage && address >= low - kPage;
  // The thread goes on in Faulted(), as if called, below what it has on its stack.
  std::uintptr_t top =
      overflow ? reinterpret_cast<std::uintptr_t>(fiber.stack_high) - 8 * kPage : stack;
  top = (top - kRedZone - sizeof(Happened)) & ~std::uintptr_t{15};
  auto* const happened = reinterpret_cast<Happened*>(top);
  *happened = {.signal = signal,
               .address = address,
               .site = static_cast<Site>(registers[REG_RIP]),
               .overflow = overflow};
  registers[REG_RDI] = static_cast<greg_t>(top);
  registers[REG_RSP] = static_cast<greg_t>(top - sizeof(void*));
  // Its caller, for who reads the stack.
  *reinterpret_cast<std::uintptr_t*>(top - sizeof(void*)) = happened->site;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&Faulted);
}

}  // namespace

SignalHandlers::SignalHandlers() {
  stack_ = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack_ == MAP_FAILED) Fatal("out of memory for the signal handler's stack");
  stack_t stack = {};
  stack.ss_sp = stack_;
  stack.ss_size = kStack;
  sigaltstack(&stack, &old_stack_);
  struct sigaction action = {};
  action.sa_sigaction = Handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (std::size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &action, &old_[i]);
}

SignalHandlers::~SignalHandlers() {
  for (std::size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &old_[i], nullptr);
  sigaltstack(&old_stack_, nullptr);
  munmap(stack_, kStack);
}

}  // namespace heddle::explorer
