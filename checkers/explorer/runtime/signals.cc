// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/signals.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/own_code.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/tracer.h"

extern "C" {
// The linker's.
extern const unsigned char __executable_start[] __attribute__((visibility("hidden")));
extern const unsigned char etext[] __attribute__((visibility("hidden")));
}

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

// The thread goes on in `function`, as if it had called it, below what it has on its stack.
void GoOnWith(void (*function)(const Happened&), greg_t* registers, const Happened& with) {
  auto top = static_cast<std::uintptr_t>(registers[REG_RSP]);
  top = (top - kRedZone - sizeof(Happened)) & ~std::uintptr_t{15};
  *reinterpret_cast<Happened*>(top) = with;
  registers[REG_RDI] = static_cast<greg_t>(top);
  registers[REG_RSP] = static_cast<greg_t>(top - sizeof(void*));
  // Its caller, for who reads the stack.
  *reinterpret_cast<std::uintptr_t*>(top - sizeof(void*)) = with.site;
  registers[REG_RIP] = reinterpret_cast<greg_t>(function);
}

// Whether the code is the program's own: of no library, nor of the runtime.
bool InProgram(Site site) {
  const auto in = [site](const unsigned char* from, const unsigned char* to) {
    return site >= reinterpret_cast<Site>(from) && site < reinterpret_cast<Site>(to);
  };
  return in(__executable_start, etext) && !IsOwnCode(site);
}

// The clock ticks once in so much time of the process, and a thread that has done nothing that is
// seen for so many ticks is endless.
constexpr timeval kTick = {.tv_sec = 0, .tv_usec = 500'000};
constexpr int kEndlessTicks = 4;
// To meet it in its own code, not in the runtime's, which must not be left halfway.
constexpr timeval kCloseTick = {.tv_sec = 0, .tv_usec = 1'000};
constexpr int kMostTicks = 1000;

void SetClock(const timeval& interval) {
  const itimerval timer = {.it_interval = interval, .it_value = interval};
  const Mode before = state().mode;
  if (before != Mode::kNative) state().mode = Mode::kRuntime;
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
  state().mode = before;
}

[[noreturn]] void RunOn(const Happened& happened) {
  if (state().trial) EndTrial();
  Call call("a loop", happened.site, "its loop to end");
  call.fiber().endless = true;
  Operation operation = call.Make(Operation::Kind::kBlock);
  // Nothing that it has read is known to bring it back here.
  operation.number = -1;
  Perform(operation);
  __builtin_trap();
}

void HandleTick(int /*signal*/, siginfo_t* /*info*/, void* raw_context) {
  State& shared = state();
  if (shared.mode != Mode::kProgram) return;
  const Counts& counts = shared.scheduler->search().counts();
  const std::uint64_t now = ((counts.complete + counts.blocked + counts.dropped) << 24) +
                            (shared.position << 4) + static_cast<std::uint64_t>(shared.current->id);
  if (now != shared.ticked_at) {
    if (shared.ticks > 0) SetClock(kTick);
    shared.ticked_at = now;
    shared.ticks = 0;
    return;
  }
  // Where one was found, its execution is run again.
  const int enough = shared.seen_endless ? 1 : kEndlessTicks;
  if (++shared.ticks < enough) return;
  greg_t* const registers = static_cast<ucontext_t*>(raw_context)->uc_mcontext.gregs;
  if (!InProgram(static_cast<Site>(registers[REG_RIP])) && shared.ticks < kMostTicks) {
    if (shared.ticks == enough) SetClock(kCloseTick);
    return;
  }
  shared.ticks = 0;
  shared.seen_endless = true;
  SetClock(kTick);
  GoOnWith(&RunOn, registers,
           {.signal = 0,
            .address = 0,
            .site = static_cast<Site>(registers[REG_RIP]),
            .overflow = false});
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
  const auto low = reinterpret_cast<std::uintptr_t>(fiber.stack_low);
  const bool overflow = address < low + kPage && address >= low - kPage;
  if (overflow) {
    registers[REG_RSP] =
        static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(fiber.stack_high) - 8 * kPage);
  }
  GoOnWith(&Faulted, registers,
           {.signal = signal,
            .address = address,
            .site = static_cast<Site>(registers[REG_RIP]),
            .overflow = overflow});
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
  action.sa_sigaction = HandleTick;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(SIGVTALRM, &action, &old_tick_);
  StartClock();
}

void SignalHandlers::StartClock() { SetClock(kTick); }

SignalHandlers::~SignalHandlers() {
  SetClock({});
  sigaction(SIGVTALRM, &old_tick_, nullptr);
  for (std::size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &old_[i], nullptr);
  sigaltstack(&old_stack_, nullptr);
  munmap(stack_, kStack);
}

}  // namespace heddle::explorer
