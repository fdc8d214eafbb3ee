// SPDX-License-Identifier: Apache-2.0
//
// In short: any number of locks at once; backs off; no deadlock, no livelock.
//
// Acquires any number of locks together, by trying and backing off: it waits for one lock while it
// holds none of the others, and tries the rest; if one is taken, it gives everything back and
// starts again. So it cannot deadlock, whatever orders the rest of the program locks in.
//
//   lock_all(from.mutex, to.mutex);                      // locks of any types
//   LockAllGuard hold(from.mutex, to.mutex);             // likewise, for a scope
//   Lock* locks[] = {...};  lock_all(std::span(locks));  // as many as there are at run time
//
// Source: std::lock() as libstdc++ (<mutex>) and libc++ have it, and H. Hinnant's comparison of
// such algorithms ("Dining Philosophers Rebooted", 2013). As there, whoever fails next waits for
// the lock that failed, and keeps it (a rotation). Rotations alone can go on for ever: two threads
// that fail in lock-step on each other's lock swap roles and fail again. Deviation: the locks are
// tried in the order of their addresses, and after kRotations failures a thread starts at the
// lowest and yields between its attempts (ordered attempts), but for a rotation after the 32nd,
// 64th, 128th ... failure.
//
// Progress: no deadlock, see above. No livelock, if yield() lets the others run:
//   1. Among threads in ordered attempts, whoever fails on lock k fails on a thread that is done or
//      goes on to locks above k, and so on upwards; the topmost of them succeeds. The runs of
//      ordered attempts double, so they come to overlap for as long as that takes.
//   2. Ordered attempts alone would not do beside threads that nest the locks by hand: one of those
//      may hold k and wait for the lowest, and the lowest be snatched from it every time that it is
//      released. In a rotation the thread waits for k with nothing held, so k's holder gets on.
// Which thread succeeds is not promised (not fair).
//
// Allocates nothing, throws nothing itself. If a lock's lock() throws, nothing is held; if its
// try_lock() does, those acquired so far stay locked. Naming a lock twice is an error, as with
// std::lock(): it never returns. Signal- and fork-safe where the locks are.
//
// Memory: none of its own; each lock orders what it protects.
#ifndef HEDDLE_PRIMITIVES_HIERARCHY_LOCK_ALL_H_
#define HEDDLE_PRIMITIVES_HIERARCHY_LOCK_ALL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {
namespace lock_all_internal {

// A pointer to a lock of any type.
class AnyLock {
 public:
  AnyLock() = default;
  template <class Lock>
  explicit AnyLock(Lock* lock) : lock_(lock), calls_(&kCallsOf<Lock>) {}

  AnyLock* operator->() { return this; }
  void lock() { calls_->lock(lock_); }
  bool try_lock() { return calls_->try_lock(lock_); }
  void unlock() { calls_->unlock(lock_); }

  friend const void* AddressOf(const AnyLock& any) { return any.lock_; }

 private:
  struct Calls {
    void (*lock)(void*);
    bool (*try_lock)(void*);
    void (*unlock)(void*);
  };
  template <class Lock>
  static constexpr Calls kCallsOf = {
      [](void* lock) { static_cast<Lock*>(lock)->lock(); },
      [](void* lock) { return static_cast<Lock*>(lock)->try_lock(); },
      [](void* lock) { static_cast<Lock*>(lock)->unlock(); },
  };

  void* lock_ = nullptr;
  const Calls* calls_ = nullptr;
};

template <class Lock>
const void* AddressOf(Lock* lock) {
  return lock;
}

// Tries all but `start`, which is held, going round from the next one. Returns the index of the
// first that is taken, with all others released, `start` included; or locks.size().
template <Platform P, class Pointer>
std::size_t TryOthers(std::span<Pointer> locks, std::size_t start) {
  const std::size_t count = locks.size();
  for (std::size_t step = 1; step < count; ++step) {
    const std::size_t next = (start + step) % count;
    if (mutant<P>("waits_holding")) {
      locks[next]->lock();
    } else if (!locks[next]->try_lock() && !mutant<P>("ignores_failure")) {
      if (mutant<P>("keeps_held")) return next;
      for (std::size_t back = step; back-- > 0;) locks[(start + back) % count]->unlock();
      return next;
    }
  }
  return count;
}

// How many failures are each followed by a rotation, before the ordered attempts begin.
template <Platform P>
inline constexpr unsigned kRotations = P::kExhaustive ? 0 : 16;

// Whether to wait next for the lock that failed, and not for the lowest.
template <Platform P>
bool Rotates(unsigned failures) {
  if (mutant<P>("rotates_for_ever")) return true;
  if (mutant<P>("never_rotates")) return false;
  return failures <= kRotations<P> || (failures >= 2 && std::has_single_bit(failures));
}

template <Platform P, class Pointer>
void LockSorted(std::span<Pointer> locks) {
  if (locks.empty()) return;
  std::size_t start = 0;
  for (unsigned failures = 1;; ++failures) {
    locks[start]->lock();
    const std::size_t failed = TryOthers<P>(locks, start);
    if (failed == locks.size()) return;
    if (Rotates<P>(failures)) {
      start = failed;
    } else {
      start = 0;
      P::yield();  // the lowest may be free while the other is not
    }
  }
}

template <Platform P, class Pointer>
void SortByAddress(std::span<Pointer> locks) {
  if (mutant<P>("given_order")) return;
  std::sort(locks.begin(), locks.end(), [](const Pointer& a, const Pointer& b) {
    return std::less<const void*>()(AddressOf(a), AddressOf(b));
  });
}

}  // namespace lock_all_internal

// Locks everything in `locks`, and leaves them sorted by address.
template <Platform P = StdPlatform, class Lock, std::size_t kExtent>
void lock_all(std::span<Lock*, kExtent> locks) {
  const std::span<Lock*> all(locks);
  lock_all_internal::SortByAddress<P>(all);
  lock_all_internal::LockSorted<P>(all);
}

template <class Lock, std::size_t kExtent>
void unlock_all(std::span<Lock*, kExtent> locks) {
  for (Lock* lock : locks) lock->unlock();
}

template <Platform P = StdPlatform, class First, class... Rest>
  requires(sizeof...(Rest) > 0)
void lock_all(First& first, Rest&... rest) {
  using Pointer =
      std::conditional_t<(std::is_same_v<First, Rest> && ...), First*, lock_all_internal::AnyLock>;
  std::array<Pointer, 1 + sizeof...(Rest)> locks{Pointer(std::addressof(first)),
                                                 Pointer(std::addressof(rest))...};
  const std::span<Pointer> all(locks);
  lock_all_internal::SortByAddress<P>(all);
  lock_all_internal::LockSorted<P>(all);
}

// Holds two or more locks for a scope. LockAllGuard<P, ...> when the platform is not StdPlatform.
template <Platform P, class... Locks>
class [[nodiscard]] LockAllGuard {
 public:
  explicit LockAllGuard(Locks&... locks) : locks_(locks...) { lock_all<P>(locks...); }
  ~LockAllGuard() {
    std::apply([](Locks&... locks) { (locks.unlock(), ...); }, locks_);
  }
  LockAllGuard(const LockAllGuard&) = delete;
  LockAllGuard& operator=(const LockAllGuard&) = delete;

 private:
  std::tuple<Locks&...> locks_;
};
template <class... Locks>
LockAllGuard(Locks&...) -> LockAllGuard<StdPlatform, Locks...>;

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_HIERARCHY_LOCK_ALL_H_
