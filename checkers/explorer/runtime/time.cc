// SPDX-License-Identifier: Apache-2.0
//
// Time in an explored program. Nobody waits for it: each thread has a clock of its own, which moves
// on a little with each look at it, by as much as the thread sleeps, and to the limit of a wait
// that ends there. The first look after one that did not may find that there was time left.
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "checkers/explorer/runtime/later.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

constexpr std::int64_t kStart = kClockStart;  // in seconds
constexpr std::int64_t kLook = 1'000'000;

// The thread's clock has been moved on.
void Pause(Fiber& fiber) {
  fiber.nanoseconds += fiber.pause;
  fiber.pause = 0;
}

// Of what runs before main(), in nanoseconds before executions start; no initializer takes as long.
std::int64_t g_early = -3600 * kSecond;

// Time is modelled, or will be.
bool IsModelled() { return Exploring() || BeforeMain(); }

std::int64_t Look() {
  if (!Exploring()) return g_early += kLook;
  if (state().trial) EndTrial();
  Fiber& fiber = *state().current;
  ++fiber.loop.looks;
  fiber.nanoseconds += fiber.in_time ? 1 : kLook;
  fiber.in_time = false;
  Pause(fiber);
  return state().clock_start + fiber.nanoseconds;
}

// In a trial nothing is to change; who sleeps in it comes to nothing by that alone.
void Sleep(std::int64_t seconds, std::int64_t nanoseconds) {
  if (state().trial) return;
  std::int64_t duration;
  if (__builtin_mul_overflow(seconds, kSecond, &duration)) return;
  if (!Exploring()) {
    g_early += duration + nanoseconds;
    return;
  }
  Fiber& fiber = *state().current;
  std::int64_t then;
  if (!__builtin_add_overflow(fiber.nanoseconds, duration + nanoseconds, &then)) {
    fiber.nanoseconds = then;
  }
  Pause(fiber);
}

timespec At(std::int64_t time) {
  const std::int64_t seconds = time / kSecond - (time % kSecond < 0 ? 1 : 0);
  return {.tv_sec = kStart + seconds, .tv_nsec = time - seconds * kSecond};
}

bool Valid(const timespec* time) { return time->tv_sec >= 0 && IsTimespec(time); }

void SleepUntil(const timespec* time) {
  const std::int64_t now =
      Exploring() ? state().clock_start + state().current->nanoseconds : g_early;
  const std::int64_t seconds = time->tv_sec - kStart - now / kSecond;
  const std::int64_t nanoseconds = time->tv_nsec - now % kSecond;
  if (seconds > 0 || (seconds == 0 && nanoseconds > 0)) Sleep(seconds, nanoseconds);
}

}  // namespace

bool IsTimespec(const timespec* time) { return time->tv_nsec >= 0 && time->tv_nsec < kSecond; }

bool IsClock(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC; }

int Timed(int result, const timespec* limit) {
  if (result == ETIMEDOUT && !IsTimespec(limit)) return EINVAL;
  if (result == ETIMEDOUT && Valid(limit)) SleepUntil(limit);
  state().current->in_time = result == 0;
  return result;
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (!IsModelled()) return HEDDLE_REAL(clock_gettime)(clock, now);
  *now = At(Look());
  return 0;
}

HEDDLE_INTERPOSE int gettimeofday(timeval* now, void* zone) noexcept {
  if (!IsModelled()) return HEDDLE_REAL(gettimeofday)(now, zone);
  const timespec time = At(Look());
  *now = {.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
  return 0;
}

HEDDLE_INTERPOSE time_t time(time_t* now) noexcept {
  if (!IsModelled()) return HEDDLE_REAL(time)(now);
  const time_t seconds = At(Look()).tv_sec;
  if (now != nullptr) *now = seconds;
  return seconds;
}

HEDDLE_INTERPOSE int timespec_get(timespec* now, int base) noexcept {
  if (!IsModelled()) return HEDDLE_REAL(timespec_get)(now, base);
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, now);
  return base;
}

HEDDLE_INTERPOSE clock_t clock() noexcept {
  if (!Exploring()) return HEDDLE_REAL(clock)();
  return Look() / (kSecond / CLOCKS_PER_SEC);
}

// A sleep is nothing that others could see: a loop that does nothing else waits.
HEDDLE_INTERPOSE int nanosleep(const timespec* duration, timespec* rest) {
  if (!IsModelled()) return HEDDLE_REAL(nanosleep)(duration, rest);
  if (!Valid(duration)) {
    errno = EINVAL;
    return -1;
  }
  Sleep(duration->tv_sec, duration->tv_nsec);
  return 0;
}

HEDDLE_INTERPOSE int clock_nanosleep(clockid_t clock, int flags, const timespec* duration,
                                     timespec* rest) {
  if (!IsModelled()) return HEDDLE_REAL(clock_nanosleep)(clock, flags, duration, rest);
  if (!Valid(duration)) return EINVAL;
  if ((flags & TIMER_ABSTIME) == 0) {
    Sleep(duration->tv_sec, duration->tv_nsec);
    return 0;
  }
  SleepUntil(duration);
  return 0;
}

HEDDLE_INTERPOSE int usleep(useconds_t microseconds) {
  if (!IsModelled()) return HEDDLE_REAL(usleep)(microseconds);
  Sleep(0, std::int64_t{microseconds} * 1000);
  return 0;
}

HEDDLE_INTERPOSE unsigned sleep(unsigned seconds) {
  if (!IsModelled()) return HEDDLE_REAL(sleep)(seconds);
  Sleep(seconds, 0);
  return 0;
}
