// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/exits.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/modules.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

using WithArgument = void (*)(void* argument);
using WithStatus = void (*)(int status, void* argument);

constexpr int kMost = 1024;

struct AtExit {
  WithArgument function;
  WithStatus with_status;  // instead
  void* argument;

  void Run(int status) const {
    if (with_status != nullptr) return with_status(status, argument);
    function(argument);
  }
};

// Global variables as the program's own are: before main() as they are at the beginning of each
// execution, then put back for the next one.
struct List {
  int lock;
  int count;
  AtExit items[kMost];
};
List g_at_exit;
List g_at_quick_exit;

// As the C library has it under a lock. Where no other thread is that has not been joined, nobody
// is there to be kept out.
class InTurn {
 public:
  InTurn(Call& call, List& list) : call_(call), list_(list), others_(AreOthers(call.thread())) {
    if (others_) LockWord(call_, &list_.lock);
  }
  ~InTurn() {
    if (others_) UnlockWord(call_, &list_.lock);
  }
  InTurn(const InTurn&) = delete;
  InTurn& operator=(const InTurn&) = delete;

 private:
  static bool AreOthers(ThreadId self) {
    for (ThreadId id = 0; id < kMaxThreads; ++id) {
      const Fiber* const fiber = state().scheduler->Thread(id);
      if (id != self && fiber != nullptr && !fiber->joined) return true;
    }
    return false;
  }

  Call& call_;
  List& list_;
  const bool others_;
};

void Add(const char* name, List& list, const AtExit& item, Site site) {
  CountEffect();
  Call call(name, site, "exit handlers");
  bool full = false;
  {
    const InTurn turn(call, list);
    full = list.count == kMost;
    if (!full) list.items[list.count++] = item;
  }
  if (full) call.Unsupported("more than %d functions to be called at the end", kMost);
}

void CallAll(const char* name, List& list, int status, Site site) {
  for (;;) {
    AtExit item{};
    {
      Call call(name, site, "exit handlers");
      const InTurn turn(call, list);
      if (list.count == 0) return;
      CountEffect();
      item = list.items[--list.count];
    }
    item.Run(status);
  }
}

// What a library wants for itself is called once, at the end of the process.
bool IsLibrarys(const void* handle) {
  if (handle == nullptr) return false;
  if (state().globals != nullptr) return state().globals->IsLibrarys(handle);
  Dl_info info;
  return dladdr(handle, &info) != 0 && !IsProgramModule(info.dli_fname);
}

// Each file that includes <iostream> has one of these.
bool FlushesStreams(WithArgument function) {
  static const auto destructor =
      reinterpret_cast<WithArgument>(dlsym(RTLD_DEFAULT, "_ZNSt8ios_base4InitD1Ev"));
  return function == destructor && function != nullptr;
}

// Of what was given before main(): the process calls it where main() does not even begin.
void CallUnlessExplored(void* item) {
  if (BeforeMain()) static_cast<const AtExit*>(item)->Run(0);
}

int AddReal(WithArgument function, void* argument, void* library) {
  static auto* const real =
      reinterpret_cast<int (*)(WithArgument, void*, void*)>(RealFunction("__cxa_atexit"));
  return real(function, argument, library);
}

AtExit& KeepEarly(List& list, const AtExit& item) {
  if (list.count == kMost) {
    Fatal("more than %d functions to be called at the end, before main() begins", kMost);
  }
  return list.items[list.count++] = item;
}

int AddEarly(const AtExit& item, void* library) {
  return AddReal(CallUnlessExplored, &KeepEarly(g_at_exit, item), library);
}

}  // namespace

void CallAtExit(const char* name, int status, Site site) {
  if (state().trial) EndTrial();
  DestroyThreadLocals();
  CallAll(name, g_at_exit, status, site);
}

void CallAtQuickExit(const char* name, Site site) { CallAll(name, g_at_quick_exit, 0, site); }

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int __cxa_atexit(void (*function)(void*), void* argument, void* library) noexcept {
  const AtExit item = {.function = function, .with_status = nullptr, .argument = argument};
  if (Exploring()) {
    if (!IsLibrarys(library) && !FlushesStreams(function))
      Add("atexit", g_at_exit, item, HEDDLE_CALLER);
    return 0;
  }
  if (BeforeMain() && !IsLibrarys(library) && !FlushesStreams(function)) {
    return AddEarly(item, library);
  }
  return AddReal(function, argument, library);
}

// The C library's own are linked into the program, where nobody would see who has called them.
HEDDLE_INTERPOSE int atexit(void (*function)()) noexcept {
  auto* const called = reinterpret_cast<WithArgument>(function);
  const AtExit item = {.function = called, .with_status = nullptr, .argument = nullptr};
  if (Exploring()) return Add("atexit", g_at_exit, item, HEDDLE_CALLER), 0;
  return BeforeMain() ? AddEarly(item, nullptr) : AddReal(called, nullptr, nullptr);
}

HEDDLE_INTERPOSE int on_exit(void (*function)(int, void*), void* argument) noexcept {
  const AtExit item = {.function = nullptr, .with_status = function, .argument = argument};
  if (Exploring()) return Add("on_exit", g_at_exit, item, HEDDLE_CALLER), 0;
  return BeforeMain() ? AddEarly(item, nullptr) : HEDDLE_REAL(on_exit)(function, argument);
}

// Its header has given it C's name.
__attribute__((visibility("default"))) int at_quick_exit(void (*function)()) noexcept {
  auto* const called = reinterpret_cast<WithArgument>(function);
  const AtExit item = {.function = called, .with_status = nullptr, .argument = nullptr};
  if (Exploring()) return Add("at_quick_exit", g_at_quick_exit, item, HEDDLE_CALLER), 0;
  if (BeforeMain()) KeepEarly(g_at_quick_exit, item);
  static auto* const real =
      reinterpret_cast<int (*)(WithArgument, void*)>(RealFunction("__cxa_at_quick_exit"));
  return real(called, nullptr);
}
