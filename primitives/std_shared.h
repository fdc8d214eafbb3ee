// SPDX-License-Identifier: Apache-2.0
//
// Platform::Shared in production: the kernel's list of robust futexes.
//
// The kernel knows one list for each thread, and the C library has registered it for its own robust
// mutexes. Entries of both are on it, so an Entry is laid out as the C library lays out its
// pthread_mutex_t: the word, and links to both sides, at the distance that it told the kernel.
// Checked against its header, and again at run time: where the registered distance is another one
// (musl), or there is no list (some emulators), self() is 0 and nothing is touched.
//
// Limits, the kernel's: a thread's first 2048 entries are looked after; thread ids are those of one
// pid namespace. Waking for an entry at work whose word names nobody: Linux 5.5, and the stable
// kernels since December 2019.
#ifndef HEDDLE_PRIMITIVES_STD_SHARED_H_
#define HEDDLE_PRIMITIVES_STD_SHARED_H_

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "primitives/platform.h"
#include "primitives/std_futex.h"

namespace heddle {

struct NoStep {
  static void step() {}
};

// AnAtomic is std::atomic, and Step::step() does nothing, but in tests that kill a process at a
// step.
template <template <class> class AnAtomic = std::atomic, class Step = NoStep>
class BasicStdShared {
 public:
  template <class T>
  using Atomic = AnAtomic<T>;

  // A plain variable in shared memory: what is written to several is written in that order, as the
  // writer's death finds it. (What other threads see is a matter of the lock.)
  template <class T>
  class Var {
   public:
    Var() = default;
    Var(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    const T& get() const { return value_; }
    void set(T value) {
      step();
      value_ = std::move(value);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }

   private:
    T value_;
  };

  // Links mean something to the owner alone; others see addresses of a foreign process.
  struct Entry {
    Atomic<std::uint32_t> word{0};
    std::array<std::uint32_t, 5> unused{};
    void* previous = nullptr;
    robust_list next{};
  };

  static std::uint32_t self() { return me().id; }

  static void begin(Entry& entry) {
    step();
    me().head->list_op_pending = Node(entry);
    step();
  }

  // As for robust mutexes in the C library (nptl/pthreadP.h, ENQUEUE_MUTEX): newest first.
  static void list(Entry& entry) {
    robust_list_head* const head = me().head;
    robust_list* const first = head->list.next;
    entry.previous = &head->list;
    entry.next.next = first;
    step();
    PreviousOf(first) = Node(entry);
    step();
    head->list.next = Node(entry);
    step();
  }

  static void unlist(Entry& entry) {
    step();
    PreviousOf(entry.next.next) = entry.previous;
    step();
    static_cast<robust_list*>(Unmarked(entry.previous))->next = entry.next.next;
    step();
    entry.previous = nullptr;
    entry.next.next = nullptr;
  }

  static void end() {
    step();
    me().head->list_op_pending = nullptr;
    step();
  }

  // The kernel looks at what this very thread has written, and passes it on by a full barrier.
  static void step() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    Step::step();
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  static ParkResult park(std::atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    return futex::Wait(word, value, deadline, 0);
  }
  static void unpark(std::atomic<std::uint32_t>* word, int count) { futex::Wake(word, count, 0); }

 private:
  struct Thread {
    std::uint32_t id = 0;
    bool known = false;
    robust_list_head* head = nullptr;
  };

  static Thread& me() {
    thread_local constinit Thread thread;
    if (!thread.known) Look(thread);
    return thread;
  }

  // Once for each thread, and in a forked child again: its thread has another id.
  [[gnu::noinline]] static void Look(Thread& thread) {
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { me().known = false; });
    thread = {.known = true};
    robust_list_head* head = nullptr;
    std::size_t size = 0;
    if (syscall(SYS_get_robust_list, 0, &head, &size) != 0 || head == nullptr) return;
    if (size != sizeof *head || head->futex_offset != kWordFromLink) return;
    thread.head = head;
    thread.id = static_cast<std::uint32_t>(syscall(SYS_gettid));
  }

  // A list is made of the addresses of links. The lowest bit marks locks with priority inheritance.
  static robust_list* Node(Entry& entry) { return &entry.next; }
  static void* Unmarked(void* link) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(link) & ~std::uintptr_t{1});
  }
  // The C library keeps its own link to the last entry before the head, too.
  static void*& PreviousOf(void* link) { return static_cast<void**>(Unmarked(link))[-1]; }

  static constexpr long kWordFromLink =
      static_cast<long>(offsetof(Entry, word)) - static_cast<long>(offsetof(Entry, next));

#if defined(__GLIBC__) && defined(__LP64__)
  static_assert(offsetof(Entry, word) == offsetof(pthread_mutex_t, __data.__lock));
  static_assert(offsetof(Entry, previous) == offsetof(pthread_mutex_t, __data.__list.__prev));
  static_assert(offsetof(Entry, next) == offsetof(pthread_mutex_t, __data.__list.__next));
#endif
};

using StdShared = BasicStdShared<>;

static_assert(PlatformShared<StdShared>);
static_assert(kRobustOwner == FUTEX_TID_MASK && kRobustOwnerDied == FUTEX_OWNER_DIED &&
              kRobustWaiters == FUTEX_WAITERS);

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_STD_SHARED_H_
