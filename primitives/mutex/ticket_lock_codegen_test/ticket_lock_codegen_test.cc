// SPDX-License-Identifier: Apache-2.0
//
// The platform seam costs nothing: TicketLock<StdPlatform> and the same lock written with
// std::atomic compile to the same machine code. Each function has a section of its own, whose bytes
// are compared.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "primitives/mutex/ticket_lock.h"
#include "primitives/mutex/ticket_lock_codegen_test/hand_written_ticket_lock.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEDDLE_INSTRUMENTED 1
#endif
#endif

namespace heddle {

// A platform that costs something: each look at a word is counted.
struct CountingPlatform : StdPlatform {
  static inline std::uint64_t looks = 0;
  template <class T>
  struct Atomic : std::atomic<T> {
    using std::atomic<T>::atomic;
    T load(std::memory_order order) const {
      ++looks;
      return std::atomic<T>::load(order);
    }
  };
  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    return StdPlatform::park(word, value, deadline);
  }
  static void unpark(Atomic<std::uint32_t>* word, int count) { StdPlatform::unpark(word, count); }
};

// A platform whose calls do not fold away.
struct CallingPlatform : StdPlatform {
  [[gnu::noinline]] static void pause() { StdPlatform::pause(); }
};

}  // namespace heddle

// The linker names the ends of a section whose name is a C identifier.
#define HEDDLE_CODE(name, result, Lock, call)                                       \
  extern "C" [[gnu::section(#name "_code"), gnu::retain]] result name(Lock* lock) { \
    return lock->call();                                                            \
  }                                                                                 \
  extern "C" const unsigned char __start_##name##_code[];                           \
  extern "C" const unsigned char __stop_##name##_code[];

HEDDLE_CODE(heddle_seam_lock, void, heddle::TicketLock<>, lock)
HEDDLE_CODE(heddle_seam_try_lock, bool, heddle::TicketLock<>, try_lock)
HEDDLE_CODE(heddle_seam_unlock, void, heddle::TicketLock<>, unlock)
HEDDLE_CODE(heddle_hand_lock, void, heddle::HandWrittenTicketLock, lock)
HEDDLE_CODE(heddle_hand_try_lock, bool, heddle::HandWrittenTicketLock, try_lock)
HEDDLE_CODE(heddle_hand_unlock, void, heddle::HandWrittenTicketLock, unlock)
HEDDLE_CODE(heddle_counting_lock, void, heddle::TicketLock<heddle::CountingPlatform>, lock)
HEDDLE_CODE(heddle_counting_try_lock, bool, heddle::TicketLock<heddle::CountingPlatform>, try_lock)
HEDDLE_CODE(heddle_calling_lock, void, heddle::TicketLock<heddle::CallingPlatform>, lock)

namespace heddle {
namespace {

using Code = std::span<const unsigned char>;

#define HEDDLE_CODE_OF(name) (Code(__start_##name##_code, __stop_##name##_code))

std::int64_t Displacement(Code code, std::size_t at) {
  std::int32_t value = 0;
  std::memcpy(&value, &code[at], sizeof value);
  return value;
}

// Whether the four bytes at `at` are an address relative to the code, the same in both: a call of
// sched_yield. Whatever else differs is another instruction.
bool SameTarget(Code a, Code b, std::size_t at) {
  if (at + 4 > a.size()) return false;
  const auto base_a = reinterpret_cast<std::intptr_t>(a.data());
  const auto base_b = reinterpret_cast<std::intptr_t>(b.data());
  return base_a + Displacement(a, at) == base_b + Displacement(b, at);
}

// Empty, or how they differ.
std::string Difference(Code a, Code b) {
  if (a.empty()) return "there is no code";
  if (a.size() != b.size()) {
    return std::to_string(a.size()) + " bytes against " + std::to_string(b.size());
  }
  for (std::size_t at = 0; at < a.size();) {
    if (SameTarget(a, b, at)) {
      at += 4;
    } else if (a[at] == b[at]) {
      ++at;
    } else {
      return "different from byte " + std::to_string(at);
    }
  }
  return "";
}

class TicketLockCodegenTest : public testing::Test {
 protected:
  void SetUp() override {
#if !defined(__x86_64__)
    GTEST_SKIP() << "reads x86-64 code";
#endif
#if defined(HEDDLE_INSTRUMENTED)
    GTEST_SKIP() << "a sanitizer's own code is different in each function";
#endif
  }
};

TEST_F(TicketLockCodegenTest, SeamAddsNothingToLock) {
  EXPECT_EQ(Difference(HEDDLE_CODE_OF(heddle_seam_lock), HEDDLE_CODE_OF(heddle_hand_lock)), "");
}

TEST_F(TicketLockCodegenTest, SeamAddsNothingToTryLock) {
  EXPECT_EQ(Difference(HEDDLE_CODE_OF(heddle_seam_try_lock), HEDDLE_CODE_OF(heddle_hand_try_lock)),
            "");
}

TEST_F(TicketLockCodegenTest, SeamAddsNothingToUnlock) {
  EXPECT_EQ(Difference(HEDDLE_CODE_OF(heddle_seam_unlock), HEDDLE_CODE_OF(heddle_hand_unlock)), "");
}

TEST_F(TicketLockCodegenTest, SeamAddsNoBytes) {
  EXPECT_EQ(sizeof(TicketLock<>), sizeof(HandWrittenTicketLock));
}

// The comparison sees a cost where there is one.
TEST_F(TicketLockCodegenTest, CostlyPlatformsAreSeen) {
  EXPECT_NE(Difference(HEDDLE_CODE_OF(heddle_counting_lock), HEDDLE_CODE_OF(heddle_hand_lock)), "");
  EXPECT_NE(
      Difference(HEDDLE_CODE_OF(heddle_counting_try_lock), HEDDLE_CODE_OF(heddle_hand_try_lock)),
      "");
  EXPECT_NE(Difference(HEDDLE_CODE_OF(heddle_calling_lock), HEDDLE_CODE_OF(heddle_hand_lock)), "");
}

}  // namespace
}  // namespace heddle
