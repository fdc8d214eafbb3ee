// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/tracer.h"

#include <unwind.h>

#include <algorithm>

#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/thread_local_storage.h"

namespace heddle::explorer {
namespace {

// Of the runtime's frames and the program's.
constexpr std::size_t kMostFrames = 64;

struct Frames {
  std::array<Site, kMostFrames> sites;
  std::size_t count = 0;
};

_Unwind_Reason_Code Take(_Unwind_Context* context, void* to) {
  Frames& frames = *static_cast<Frames*>(to);
  if (frames.count == frames.sites.size()) return _URC_END_OF_STACK;
  const Site site = _Unwind_GetIP(context);
  if (site == 0) return _URC_END_OF_STACK;
  frames.sites[frames.count++] = site;
  return _URC_NO_REASON;
}

// What a program's code has done to its stack can make this fault.
[[gnu::noinline]] void Read(Frames& frames) {
  Tracer& tracer = *state().tracer;
  void* buffer[5];
  if (__builtin_setjmp(buffer) == 0) {
    tracer.escape = buffer;
    _Unwind_Backtrace(Take, &frames);
  }
  state().tracer->escape = nullptr;
}

// Without the runtime's own frames, which are below the call of `site`.
CallStack Above(const Frames& frames, Site site) {
  const Site* const end = frames.sites.data() + frames.count;
  const Site* const from = std::find(frames.sites.data(), end, site);
  if (from == end) return {site};
  return {from, end};
}

// Of heddle_explorer_trace(): it has no argument.
Frames* g_frames;

// On the stack of a suspended thread.
void ReadSuspended() { Read(*g_frames); }

}  // namespace

void Tracer::Prepare() {
  Frames frames;
  _Unwind_Backtrace(Take, &frames);
}

void Tracer::Begin(const Fault& fault) {
  Clear();
  fault_ = fault;
}

void Tracer::Clear() {
  fault_ = Fault();
  told_.clear();
  accesses_.fill({});
  failed_.clear();
  waits_.fill({});
  created_.fill({});
  allocated_.clear();
  freed_.clear();
}

CallStack Tracer::Suspended(Fiber& fiber, Site site) {
  const OwnThreadPointer own;
  Frames frames;
  g_frames = &frames;
  heddle_explorer_trace(fiber.frame, ReadSuspended);
  return Above(frames, site);
}

// The program goes on as if nothing had happened.
CallStack Tracer::Here(Site site) {
  Frames frames;
  const OwnThreadPointer own;
  Read(frames);
  return Above(frames, site);
}

void Tracer::Accessed(std::uintptr_t address, std::size_t size, Site site) {
  State& shared = state();
  for (int i = 0; i < fault_.accesses; ++i) {
    const FoundAccess& access = fault_.access[i];
    if (access.atomic || access.thread != shared.current->id || access.site != site ||
        access.position != shared.position || access.address + access.size <= address ||
        address + size <= access.address) {
      continue;
    }
    shared.mode = Mode::kRuntime;
    accesses_[static_cast<std::size_t>(i)] = Here(site);
    shared.mode = Mode::kProgram;
  }
}

void Tracer::Allocated(std::uintptr_t block, Site site) {
  state().mode = Mode::kRuntime;
  allocated_.push_back({block, Here(site)});
  state().mode = Mode::kProgram;
}

void Tracer::Freed(std::uintptr_t block, Site site) {
  state().mode = Mode::kRuntime;
  freed_.push_back({block, Here(site)});
  state().mode = Mode::kProgram;
}

const CallStack& Tracer::OfEvent(ThreadId thread, int index) const {
  static const CallStack kNone;
  for (const Told& told : told_) {
    if (told.thread == thread && told.index == index) return told.stack;
  }
  return kNone;
}

const CallStack& Tracer::OfSite(ThreadId thread, Site site) const {
  static const CallStack kNone;
  for (auto told = told_.rbegin(); told != told_.rend(); ++told) {
    if (told->thread == thread && !told->stack.empty() && told->stack.front() == site) {
      return told->stack;
    }
  }
  return kNone;
}

const CallStack& Tracer::Find(const std::vector<OfBlock>& blocks, std::uintptr_t block) {
  static const CallStack kNone;
  for (const OfBlock& known : blocks) {
    if (known.block == block) return known.stack;
  }
  return kNone;
}

}  // namespace heddle::explorer
