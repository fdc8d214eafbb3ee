// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/later.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/silence.h"

namespace heddle::explorer {
namespace {

// Times are no further from the clocks' start than that, in seconds. The more, the more often
// something else is taken for one.
constexpr std::uint64_t kReach = 10'000'000;
constexpr std::uint64_t kStart = kClockStart;

constexpr std::size_t kWord = sizeof(std::uint64_t);
static_assert(kWord == Shadow::kGranule);

constexpr std::int64_t kDay = 24 * 60 * 60 * kSecond;

// A process that tries something takes no longer, in seconds.
constexpr rlim_t kLongestTrial = 10;

std::uint64_t WordAt(const unsigned char* bytes, std::size_t i) {
  std::uint64_t word;
  memcpy(&word, bytes + i * kWord, kWord);
  return word;
}

bool IsTime(std::uint64_t number) {
  if (number < kStart || number >= (kStart + kReach) * kSecond) return false;
  for (std::uint64_t unit = 1; unit <= kSecond; unit *= 10) {
    if (number / unit - kStart < kReach) return true;
  }
  return false;
}

bool IsTime(double number) {
  return number > 0 && number < 0x1p63 && IsTime(static_cast<std::uint64_t>(number));
}

bool HoldsTime(const unsigned char* bytes, std::size_t size) {
  for (std::size_t i = 0; (i + 1) * kWord <= size; ++i) {
    const std::uint64_t word = WordAt(bytes, i);
    if (IsTime(word) || IsTime(0 - word) || IsTime(std::bit_cast<double>(word))) return true;
  }
  return false;
}

// Calls visit(bytes, size) for the memory that others and the program's own functions may look at.
template <typename Visit>
void ForEachPart(const Fiber& fiber, Visit visit) {
  const State& shared = state();
  const auto part = [&visit](std::uintptr_t low, std::uintptr_t high) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the program's memory
    visit(reinterpret_cast<const unsigned char*>(low), high - low);
  };
  part(reinterpret_cast<std::uintptr_t>(fiber.storage.low()),
       reinterpret_cast<std::uintptr_t>(fiber.storage.high()));
  for (const Globals::Page& page : shared.globals->dirty) {
    const auto low = reinterpret_cast<std::uintptr_t>(page.page);
    part(low, low + kPage);
  }
  for (const Heap::Arena& arena : shared.heap->arenas) {
    for (std::size_t i = 0; i < arena.count; ++i) {
      const Block& block = arena.blocks[i];
      if (block.freed_by == kNoThread) part(block.address, block.address + block.size);
    }
  }
  for (const Fiber& other : shared.scheduler->fibers()) {
    if (!other.started || other.id == fiber.id) continue;
    for (std::uintptr_t at = other.foreign_low & -kWord; at < other.foreign_high; at += kWord) {
      const ShadowCell* const cell = shared.shadow->Look(at);
      if (cell != nullptr && shared.shadow->AccessedByOther(*cell, other.id)) part(at, at + kWord);
    }
  }
}

// Whether there is a time in the memory that the program may reach from the thread, but for the
// thread's own stack: one that has not moved on with the clock, or that others will look at. Times
// are known by what they are like, since little else is as large: seconds or decimal parts of one,
// from the date on that clocks start with.
bool KeepsTime(const Fiber& fiber) {
  bool keeps = false;
  ForEachPart(fiber, [&keeps](const unsigned char* bytes, std::size_t size) {
    keeps = keeps || HoldsTime(bytes, size);
  });
  return keeps;
}

// The contents of that memory.
std::vector<unsigned char> MemoryOf(const Fiber& fiber) {
  std::vector<unsigned char> memory;
  ForEachPart(fiber, [&memory](const unsigned char* bytes, std::size_t size) {
    memory.insert(memory.end(), bytes, bytes + size);
  });
  return memory;
}

}  // namespace

bool MayDifferInTime(const unsigned char* then, const unsigned char* now, std::size_t size,
                     std::int64_t passed) {
  // Kept in a unit; or what it is beyond whole seconds.
  const auto moved = [passed, rest = passed % kSecond](std::int64_t by) {
    for (std::int64_t unit = 1; unit <= kSecond; unit *= 10) {
      const std::int64_t units = passed / unit;
      if (units != 0 && (by == units || (by == units + 1 && passed % unit != 0))) return true;
    }
    return by == rest || by == rest - kSecond;
  };
  const std::size_t words = size / kWord;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t before = WordAt(then, i);
    const std::uint64_t after = WordAt(now, i);
    const auto by = static_cast<std::int64_t>(after - before);
    if (before != after && !moved(by) && !moved(static_cast<std::int64_t>(before - after)) &&
        !IsTime(std::bit_cast<double>(before))) {
      return false;
    }
  }
  return size % kWord == 0 || memcmp(then + words * kWord, now + words * kWord, size % kWord) == 0;
}

bool Scheduler::IsLater(const Fiber& fiber, const ThreadState& now, const LoopState& then,
                        bool known) {
  const std::int64_t passed = fiber.nanoseconds - then.nanoseconds;
  const unsigned char* const before = fiber.loop.bytes.data() + then.bytes;
  const std::vector<unsigned char> after = now.Bytes();
  std::string both =
      std::to_string(fiber.operation->access.site) + ' ' + std::to_string(passed) + ' ';
  both.append(before, before + after.size());
  both.append(after.begin(), after.end());
  const auto found = later_.find(both);
  if (found == later_.end() ? known : !found->second) return false;
  if (KeepsTime(fiber)) return false;
  if (found != later_.end()) return true;
  const bool later = TryLater(fiber, then, passed);
  later_.emplace(std::move(both), later);
  return later;
}

// In a process of its own: nothing is left of it.
bool Scheduler::TryLater(const Fiber& fiber, const LoopState& then, std::int64_t passed) {
  const std::string graph = search_.Save();
  const auto process = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (process < 0) return false;
  if (process > 0) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit longest = {.rlim_cur = kLongestTrial, .rlim_max = kLongestTrial};
  setrlimit(RLIMIT_CPU, &longest);
  const Silence silence;
  prologue_.Forget(globals_);
  const Watch there = {.thread = fiber.id, .operations = then.operations};
  const Watch here = {.thread = fiber.id, .operations = fiber.loop.operations};
  const auto run = [&](std::int64_t start, const Watch& to, std::int64_t pause) {
    Watch watch = to;
    watch.pause_at = then.operations;
    watch.pause = pause;
    watch_ = &watch;
    state().clock_start = start;
    part_ = false;
    if (search_.Restore(graph) && search_.Begin()) RunExecution();
    return watch;
  };
  // All of them here: what functions have left on the stack by chance is the same in each.
  const Watch then_now = run(0, there, 0);
  const Watch then_later = run(passed, there, 0);
  const Watch then_tomorrow = run(kDay, there, 0);
  const Watch here_now = run(0, here, 0);
  const Watch here_tomorrow = run(0, here, kDay - passed);
  const bool same = then_now.arrived && then_later.arrived && then_tomorrow.arrived &&
                    here_now.arrived && here_tomorrow.arrived &&
                    here_now.state == then_later.state &&
                    here_tomorrow.state == then_tomorrow.state &&
                    then_later.memory == then_now.memory && then_tomorrow.memory == then_now.memory;
  _exit(same ? 0 : 1);
}

bool Scheduler::Watches(Fiber& fiber, const ThreadState& now) {
  if (watch_ == nullptr || watch_->thread != fiber.id) return false;
  if (watch_->pause_at == fiber.loop.operations) fiber.pause = watch_->pause;
  if (watch_->operations != fiber.loop.operations) return false;
  watch_->arrived = true;
  watch_->state = now.Bytes();
  watch_->memory = MemoryOf(fiber);
  return true;
}

}  // namespace heddle::explorer
