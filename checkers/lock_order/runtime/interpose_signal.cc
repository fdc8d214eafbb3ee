// SPDX-License-Identifier: Apache-2.0
// Handlers are installed behind a trampoline that marks what they acquire, and lets them wait until
// the recorder's lock is given back.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/signal_frame.h"
#include "checkers/lock_order/synchronous_signals.h"

namespace heddle::lock_order {

constinit std::atomic<uint64_t> g_handled_signals{0};

uint64_t blocked_signals() {
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof(mask));
  return mask;
}

SignalFrame::SignalFrame(ThreadState& t, int signal)
    : t_(t),
      flags_(t.flags),
      signal_(t.handler_signal),
      stack_pointer_(t.handler_stack_pointer),
      record_(t.record),
      entry_(false),
      pending_(t.pending) {
  t.flags |= kHandler;
  t.pending = 0;
  t.handler_signal = static_cast<uint8_t>(signal);
  t.handler_stack_pointer = reinterpret_cast<uint64_t>(this);
  if (record_ == nullptr) return;
  const uint32_t depth = record_->depth;
  entry_ = depth < kHeldInline || depth - kHeldInline < t.overflow.capacity;
  if (entry_) {
    held_ = held_at(t, depth);
    word_ = word_at(t, depth);
  }
  wanted_ = record_->wanted;
  wanted_flags_ = record_->wanted_flags;
  wanted_site_ = record_->wanted_site;
  store_word(record_->wanted, 0U);
}

SignalFrame::~SignalFrame() {
  t_.flags = flags_;
  t_.handler_signal = signal_;
  t_.pending = pending_;
  t_.handler_stack_pointer = stack_pointer_;
  if (record_ == nullptr || t_.record != record_) return;
  const uint32_t depth = record_->depth;
  if (entry_) {
    held_at(t_, depth) = held_;
    word_at(t_, depth) = word_;
  }
  record_->wanted_flags = wanted_flags_;
  record_->wanted_site = wanted_site_;
  store_word(record_->wanted, wanted_);
}

}  // namespace heddle::lock_order

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

constexpr int kSignals = 65;

// The host's handler, and above the address whether it was installed with SA_SIGINFO: one word, so
// that another thread never has one handler's address with another's kind.
constexpr uint64_t kWithInfo = 1ULL << 63;
constinit std::atomic<uint64_t> g_handlers[kSignals]{};

// kEndSignal's trampoline is there even when the host has no handler: its word then is SIG_DFL or
// SIG_IGN.
constinit std::atomic<bool> g_end_signal{false};
constexpr uint64_t kIgnored = 1;
static_assert(SIG_DFL == nullptr);

bool keeps_trampoline(int signal) {
  return signal == kEndSignal && g_end_signal.load(std::memory_order_acquire);
}

void handle(int signal, siginfo_t* info, void* context) {
  const uint64_t function = g_handlers[signal].load(std::memory_order_acquire) & ~kWithInfo;
  if (function <= kIgnored) return;
  const SignalFrame frame(t_self, signal);
  // All three arguments to every handler, as the kernel passes them.
  reinterpret_cast<void (*)(int, siginfo_t*, void*)>(function)(signal, info, context);
}

void trampoline(int signal, siginfo_t* info, void* context);

// All signals but faults are blocked. This one is sent again, to come with all that belongs to it
// when the mask is what it was.
void deliver(ThreadState& t) {
  const KeepErrno errno_kept;
  DeferredSignal deferred = t.deferred;
  t.deliver_deferred = nullptr;
  const int signal = deferred.info.si_signo;
  struct sigaction now{};
  HEDDLE_REAL(sigaction)(signal, nullptr, &now);
  const bool ours = (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == trampoline;
  if (!ours || syscall(SYS_rt_tgsigqueueinfo, syscall(SYS_getpid), syscall(SYS_gettid), signal,
                       &deferred.info) != 0) {
    // SA_RESETHAND has taken the handler away, or no more signals can be queued.
    ucontext_t context;
    getcontext(&context);
    handle(signal, &deferred.info, &context);
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &deferred.mask, nullptr, sizeof(deferred.mask));
}

// Until then nothing else interrupts the thread but what it does wrong itself.
void defer(const siginfo_t& info, ucontext_t& context) {
  ThreadState& t = t_self;
  t.deferred.info = info;
  memcpy(&t.deferred.mask, &context.uc_sigmask, sizeof(t.deferred.mask));
  const uint64_t mask = t.deferred.mask | ~kSynchronousSignals;
  memcpy(&context.uc_sigmask, &mask, sizeof(mask));
  t.deliver_deferred = deliver;
}

void trampoline(int signal, siginfo_t* info, void* context) {
  if (signal == kEndSignal && g_recorder.end_asked()) {
    syscall(SYS_exit_group, static_cast<int>(g_recorder.options().exitcode));
  }
  if (t_self.locked && !is_synchronous(signal)) {
    return defer(*info, *static_cast<ucontext_t*>(context));
  }
  handle(signal, info, context);
}

bool wrapped(int signal) {
  return signal > 0 && signal < kSignals && g_recorder.options().signals && !program_has_tsan();
}

uint64_t function_of(const struct sigaction& action) {
  return reinterpret_cast<uint64_t>((action.sa_flags & SA_SIGINFO) != 0
                                        ? reinterpret_cast<void*>(action.sa_sigaction)
                                        : reinterpret_cast<void*>(action.sa_handler));
}

struct sigaction end_action() {
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  action.sa_sigaction = trampoline;
  return action;
}

int wrapped_sigaction(int signal, const struct sigaction* action, struct sigaction* old) {
  std::atomic<uint64_t>& handler = g_handlers[signal];
  uint64_t before = handler.load(std::memory_order_relaxed);
  struct sigaction previous{};
  int result = 0;
  if (action == nullptr) {
    result = HEDDLE_REAL(sigaction)(signal, nullptr, &previous);
  } else {
    struct sigaction ours = *action;
    const bool real_handler = (action->sa_flags & SA_SIGINFO) != 0 ||
                              (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
    if (real_handler) {
      // Set before the kernel may call it; an old handler that runs just now sees the new one.
      const uint64_t kind = (action->sa_flags & SA_SIGINFO) != 0 ? kWithInfo : 0;
      before = handler.exchange(function_of(*action) | kind, std::memory_order_acq_rel);
      ours.sa_flags |= SA_SIGINFO;
      ours.sa_sigaction = trampoline;
    } else if (keeps_trampoline(signal)) {
      before = handler.exchange(function_of(*action), std::memory_order_acq_rel);
      ours = end_action();
    }
    result = HEDDLE_REAL(sigaction)(signal, &ours, &previous);
    const uint64_t bit = signal_bit(signal);
    if (result != 0) {
      handler.store(before, std::memory_order_release);
    } else if (real_handler) {
      g_handled_signals.fetch_or(bit, std::memory_order_relaxed);
    } else {
      g_handled_signals.fetch_and(~bit, std::memory_order_relaxed);
    }
  }
  if (result == 0 && old != nullptr) {
    *old = previous;
    if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction == trampoline) {
      if ((before & kWithInfo) == 0) old->sa_flags &= ~SA_SIGINFO;
      old->sa_sigaction = reinterpret_cast<void (*)(int, siginfo_t*, void*)>(before & ~kWithInfo);
    }
  }
  return result;
}

}  // namespace

namespace heddle::lock_order {

void install_end_signal() {
  struct sigaction previous{};
  if (program_has_tsan() || !g_recorder.options().signals ||
      HEDDLE_REAL(sigaction)(kEndSignal, nullptr, &previous) != 0) {
    return;
  }
  const bool with_info = (previous.sa_flags & SA_SIGINFO) != 0;
  const bool ours = with_info && previous.sa_sigaction == trampoline;
  const bool none =
      !with_info && (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN);
  // A handler that was installed past these functions is left in its place.
  if (!ours && !none) return;
  if (none) {
    const struct sigaction action = end_action();
    g_handlers[kEndSignal].store(function_of(previous), std::memory_order_release);
    if (HEDDLE_REAL(sigaction)(kEndSignal, &action, nullptr) != 0) return;
  }
  g_end_signal.store(true, std::memory_order_release);
}

}  // namespace heddle::lock_order

HEDDLE_EXPORT int sigaction(int signal, const struct sigaction* action, struct sigaction* old) {
  g_recorder.initialize();
  if (!wrapped(signal)) return HEDDLE_REAL(sigaction)(signal, action, old);
  return wrapped_sigaction(signal, action, old);
}

HEDDLE_EXPORT sighandler_t signal(int signal, sighandler_t handler) {
  g_recorder.initialize();
  struct sigaction action{};
  struct sigaction old{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (signal > 0 && signal < kSignals) sigaddset(&action.sa_mask, signal);
  const int result = wrapped(signal) && handler != SIG_ERR
                         ? wrapped_sigaction(signal, &action, &old)
                         : HEDDLE_REAL(sigaction)(signal, &action, &old);
  return result == 0 ? old.sa_handler : SIG_ERR;
}
