// SPDX-License-Identifier: Apache-2.0
//
// The platform seam. A primitive is `template <Platform P = StdPlatform> class X` and touches the
// outside world only through P, so that the same source runs in production (StdPlatform, plain
// std::atomic), under the Relacy Race Detector (RelacyPlatform) and on stressed real threads
// (StressPlatform). The precedent is folly's `template <typename> class Atom` parameter.
//
// Every operation takes a trailing std::source_location default argument in the checking platforms;
// callers never pass it, and StdPlatform has none. That is why plain variables use get()/set()
// instead of conversions: a conversion operator cannot carry a location.
#ifndef HEDDLE_PRIMITIVES_PLATFORM_H_
#define HEDDLE_PRIMITIVES_PLATFORM_H_

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace heddle {

// A point on the monotonic clock; every timed operation takes an absolute deadline.
using Deadline = std::chrono::steady_clock::time_point;

// "Wait without a limit". park() and every blocking operation treat it as no deadline at all.
inline constexpr Deadline kNever = Deadline::max();

// Two objects written by different threads are kept this many bytes apart. 128, not 64: Intel's
// adjacent-line prefetcher moves cache lines in pairs.
inline constexpr std::size_t kCacheLine = 128;

// What ended a park(). kWoken promises nothing: the word differed, somebody unparked, a signal
// came, or the wake-up was spurious. The caller re-reads its word.
enum class ParkResult : std::uint8_t { kWoken, kTimedOut };

// How Files::open() opens. Exactly the combinations that the file locks need.
enum class OpenMode : std::uint8_t {
  kReadWriteCreate,  // O_RDWR | O_CREAT: the lock's own file, created when absent
  kCreateExclusive,  // O_RDWR | O_CREAT | O_EXCL: fails with -EEXIST when present
  kRead,             // O_RDONLY: fails with -ENOENT when absent
};

enum class LockMode : std::uint8_t { kShared, kExclusive, kUnlock };

// Identity of a file: equal exactly when two names or descriptors mean the same inode.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileId& a, const FileId& b) {
    return a.device == b.device && a.inode == b.inode;
  }
};

// A process as a lock file names it. `start` (clock ticks since boot, /proc/PID/stat field 22)
// tells a process from a later one that was given the same pid.
struct ProcessId {
  std::int64_t pid = 0;
  std::uint64_t start = 0;
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

// The file operations that file locks need. Results are >= 0, or -errno; nothing throws in
// production. Under an exhaustive engine each operation is one indivisible step, threads play
// processes, and a process may be killed between any two steps (the simulation then unwinds it by
// exception, and every further operation of the dead process does nothing).
template <class F>
concept PlatformFiles = requires(const char* path, int fd, char* buffer, std::size_t size,
                                 std::string_view bytes, FileId& id, ProcessId process) {
  { F::open(path, OpenMode::kRead) } -> std::same_as<int>;  // a descriptor, close-on-exec
  { F::close(fd) } -> std::same_as<int>;                    // drops flock and OFD locks with it
  { F::flock(fd, LockMode::kExclusive, true) } -> std::same_as<int>;     // true: wait; else -EAGAIN
  { F::ofd_lock(fd, LockMode::kExclusive, true) } -> std::same_as<int>;  // whole file, likewise
  { F::link(path, path) } -> std::same_as<int>;    // hard link; -EEXIST when the target exists
  { F::rename(path, path) } -> std::same_as<int>;  // atomic replacement of the target
  { F::unlink(path) } -> std::same_as<int>;
  { F::stat(path, id) } -> std::same_as<int>;
  { F::fstat(fd, id) } -> std::same_as<int>;
  { F::read(fd, buffer, size) } -> std::same_as<int>;  // from offset 0; bytes read
  { F::write(fd, bytes) } -> std::same_as<int>;        // replaces the whole content
  { F::fsync(fd) } -> std::same_as<int>;
  { F::self() } -> std::same_as<ProcessId>;
  { F::alive(process) } -> std::same_as<bool>;  // runs on this host, with that start time
  { F::host() } -> std::same_as<std::string_view>;
};

// A lock word that the kernel looks after (Documentation/locking/robust-futex-ABI): the thread id
// of its owner, or 0, and two bits.
inline constexpr std::uint32_t kRobustOwner = 0x3fff'ffff;      // FUTEX_TID_MASK
inline constexpr std::uint32_t kRobustOwnerDied = 0x4000'0000;  // FUTEX_OWNER_DIED
inline constexpr std::uint32_t kRobustWaiters = 0x8000'0000;    // FUTEX_WAITERS

// Platform::Shared: what locks need that live in memory of several processes. Not every platform
// has it: see RobustPlatform.
//
// An Entry holds such a word. A thread lists the entries that it owns, and says by begin() and
// end() on which one it is at work. When it ends, however that comes, the kernel goes through the
// listed entries, and then the one at work:
//   the word names that thread     the owner goes, kRobustOwnerDied comes, kRobustWaiters stays; if
//                                  that is set, one thread that is parked on the word is woken
//   the entry is the one at work,  one thread that is parked on it is woken: the dead one may just
//   and the word names nobody      have been woken itself, or have been about to wake
// Under the checking engines threads play the processes, and one that may die does so before any
// write to a Var or an Atomic of Shared, and before any of Shared's operations: wherever anybody
// could tell.
template <class S>
concept PlatformShared = requires(typename S::Entry& entry, Deadline deadline, std::uint32_t value,
                                  typename S::template Atomic<std::uint32_t>* word, int count,
                                  typename S::template Var<int>& var) {
  { S::self() } -> std::same_as<std::uint32_t>;  // the caller's thread id; 0: there is no such list
  // For one entry at a time, by a thread for itself; not in signal handlers.
  S::begin(entry);
  S::list(entry);    // owned by the caller, at work, not listed
  S::unlist(entry);  // listed, at work
  S::end();
  // What comes before is written before what comes after, as this thread's death finds it. (What
  // other threads see is a matter of the orders, or of the lock.) So it is with what is written to
  // Vars and Atomics of Shared, without a step() between.
  S::step();
  { var.get() } -> std::convertible_to<const int&>;
  var.set(count);
  // P::park() and P::unpark() for words in shared memory.
  { S::park(word, value, deadline) } -> std::same_as<ParkResult>;
  S::unpark(word, count);
  { entry.word.load(std::memory_order_relaxed) } -> std::same_as<std::uint32_t>;
};

// Platform::Atomic<T>: T is trivially copyable and at most eight bytes. Every operation names its
// order. load never takes release, store never acquire, as with std::atomic.
template <class A, class T>
concept PlatformAtomic =
    requires(A atomic, const A constant, T value, T& expected, std::memory_order order) {
      A(value);
      { constant.load(order) } -> std::same_as<T>;
      atomic.store(value, order);
      { atomic.exchange(value, order) } -> std::same_as<T>;
      { atomic.compare_exchange_weak(expected, value, order, order) } -> std::same_as<bool>;
      { atomic.compare_exchange_strong(expected, value, order, order) } -> std::same_as<bool>;
      constant.wait(value, order);  // returns once a load(order) differs from value
      atomic.notify_one();
      atomic.notify_all();
    };

template <class A, class T>
concept PlatformIntegerAtomic =
    PlatformAtomic<A, T> && requires(A atomic, T value, std::memory_order order) {
      { atomic.fetch_add(value, order) } -> std::same_as<T>;
      { atomic.fetch_sub(value, order) } -> std::same_as<T>;
      { atomic.fetch_and(value, order) } -> std::same_as<T>;
      { atomic.fetch_or(value, order) } -> std::same_as<T>;
      { atomic.fetch_xor(value, order) } -> std::same_as<T>;
    };

// Platform::Var<T>: a plain (non-atomic) variable; any two unordered accesses, one of them a write,
// are a data race that the engines report. Just a T in production.
template <class V, class T>
concept PlatformVar = requires(V var, const V constant, T value) {
  V();  // uninitialized under the engines
  V(std::move(value));
  { constant.get() } -> std::convertible_to<const T&>;  // a read
  var.set(std::move(value));                            // a write
  { var.take() } -> std::same_as<T>;                    // moves the value out; a write
};

// Platform::Clock. Under the engines time does not pass: whether a finite deadline has expired is a
// choice that the engine makes both ways (a deadline that was seen expired stays expired).
template <class C>
concept PlatformClock = requires(Deadline deadline) {
  { C::now() } -> std::same_as<Deadline>;
  { C::expired(deadline) } -> std::same_as<bool>;
  { C::wall() } -> std::same_as<std::chrono::system_clock::time_point>;
};

template <class P>
concept Platform =
    requires(typename P::template Atomic<std::uint32_t>* word, std::memory_order order,
             std::uint32_t value, Deadline deadline, int count, int* pointer) {
      requires PlatformIntegerAtomic<typename P::template Atomic<std::uint32_t>, std::uint32_t>;
      requires PlatformIntegerAtomic<typename P::template Atomic<std::uint64_t>, std::uint64_t>;
      requires PlatformAtomic<typename P::template Atomic<int*>, int*>;
      requires PlatformAtomic<typename P::template Atomic<bool>, bool>;
      requires PlatformVar<typename P::template Var<int>, int>;
      requires PlatformClock<typename P::Clock>;
      requires PlatformFiles<typename P::Files>;

      // A thread fence. ThreadSanitizer does not model fences: under it this is an acq_rel
      // read-modify-write of a process-wide dummy, which is stronger and can hide races.
      P::fence(order);

      // Inside a spin loop: this thread waits for another one. pause() is the CPU's hint; yield()
      // gives up the processor. To an engine both say that running this thread alone cannot make
      // progress.
      P::pause();
      P::yield();

      // Futex wait: if *word == value (compared and put to sleep indivisibly with respect to
      // unpark), sleep until unparked, the deadline passes, or for no reason at all. Orders no
      // memory: whoever is woken re-reads the word with the order that it needs. At most INT_MAX
      // waiters.
      { P::park(word, value, deadline) } -> std::same_as<ParkResult>;
      // Futex wake: wakes up to `count` threads parked on the address, in no promised order. Never
      // dereferences `word`: the object may be gone already. Costs a system call.
      P::unpark(word, count);

      // Allocation that the engines watch: use after free, double free, leaks. Memory freed by
      // destroy may be handed out again at once (the engines try both), so ABA is visible.
      { P::template create<int>(0) } -> std::same_as<int*>;
      P::destroy(pointer);

      // True where an engine explores interleavings exhaustively: spinning longer is then
      // pointless, and primitives set their spin limits to the smallest value.
      { P::kExhaustive } -> std::convertible_to<bool>;

      // A nondeterministic choice from [0, count): explored exhaustively by an exhaustive engine,
      // seeded-random in stress and in production.
      { P::choose(count) } -> std::same_as<int>;

      // A dense id of the calling thread in [0, P::kMaxThreads), reused after the thread's exit.
      { P::thread_index() } -> std::same_as<int>;
      { P::kMaxThreads } -> std::convertible_to<int>;
      // PerThread<T>: one default-constructed T for each thread id; local() is the caller's own.
      { std::declval<typename P::template PerThread<int>&>().local() } -> std::same_as<int&>;

      // The operating system's blocking primitives, for whatever is built on top of them.
      requires requires(typename P::Mutex mutex, typename P::CondVar condition) {
        mutex.lock();
        { mutex.try_lock() } -> std::same_as<bool>;
        mutex.unlock();
        condition.wait(mutex);  // may wake spuriously
        { condition.wait_until(mutex, deadline) } -> std::same_as<ParkResult>;
        condition.notify_one();
        condition.notify_all();
      };
    };

// A platform for primitives/process.
template <class P>
concept RobustPlatform = Platform<P> && PlatformShared<typename P::Shared>;

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_PLATFORM_H_
