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
  std::array<std::uintptr_t, kMostFrames> stack_pointers;
  std::size_t count = 0;
};

_Unwind_Reason_Code Take(_Unwind_Context* context, void* to) {
  Frames& frames = *static_cast<Frames*>(to);
  if (frames.count == frames.sites.size()) return _URC_END_OF_STACK;
  const Site site = _Unwind_GetIP(context);
  if (site == 0) return _URC_END_OF_STACK;
  // What is the frame's stack pointer again when its callee has returned.
  frames.stack_pointers[frames.count] = _Unwind_GetCFA(context);
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

// The frame around the address; the outermost is the runtime's.
bool FindFrame(const Frames& frames, std::uintptr_t address, InFrame& found) {
  for (std::size_t i = 0; i + 1 < frames.count; ++i) {
    if (address < frames.stack_pointers[i] || address >= frames.stack_pointers[i + 1]) continue;
    found.address = address;
    found.site = frames.sites[i];
    found.stack_pointer = frames.stack_pointers[i];
    found.frame = frames.stack_pointers[i + 1];
    return true;
  }
  return false;
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

void Tracer::Begin(const Fault& fault, std::array<Fiber, kMaxThreads>& fibers) {
  Clear();
  fault_ = fault;
  fibers_ = &fibers;
}

void Tracer::Clear() {
  fault_ = Fault();
  other_order_ = Fault();
  told_.clear();
  accesses_.fill({});
  failed_.clear();
  waits_.fill({});
  created_.fill({});
  allocated_.clear();
  freed_.clear();
  in_frames_.clear();
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

Fiber* Tracer::OwnerOf(std::uintptr_t address) const {
  const auto owner = std::find_if(fibers_->begin(), fibers_->end(), [&](const Fiber& fiber) {
    return fiber.started && fiber.OnStack(address);
  });
  return owner == fibers_->end() || owner->finished ? nullptr : &*owner;
}

void Tracer::Note(const InFrame& found) {
  if (std::find(in_frames_.begin(), in_frames_.end(), found) == in_frames_.end()) {
    in_frames_.push_back(found);
  }
}

void Tracer::Locate(std::uintptr_t address) {
  Fiber* const owner = OwnerOf(address);
  if (owner == nullptr) return;
  const OwnThreadPointer own;
  Frames frames;
  g_frames = &frames;
  heddle_explorer_trace(owner->frame, ReadSuspended);
  InFrame found{.address = 0, .thread = owner->id, .site = 0, .stack_pointer = 0, .frame = 0};
  if (FindFrame(frames, address, found)) Note(found);
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
    // A variable of another thread's, which may be gone at the end; of its own it is a call away.
    if (OwnerOf(access.address) != shared.current) {
      void* const stack = shared.scheduler_stack;
      Locate(access.address);
      shared.scheduler_stack = stack;
    }
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
