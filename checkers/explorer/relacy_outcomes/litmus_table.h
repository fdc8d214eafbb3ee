// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests as data, for every engine, for brute force, and for who compares them.
#ifndef HEDDLE_CHECKERS_EXPLORER_RELACY_OUTCOMES_LITMUS_TABLE_H_
#define HEDDLE_CHECKERS_EXPLORER_RELACY_OUTCOMES_LITMUS_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace heddle::litmus {

inline constexpr int kMostThreads = 4;
inline constexpr int kMostSteps = 4;
inline constexpr int kRegisters = 4;

// An outcome is what was read, and what x and y hold at the end: digits of this base.
inline constexpr int kValues = 8;
inline constexpr int kDigits = kRegisters + 2;
inline constexpr std::size_t kCodes = 262'144;  // kValues to the power of kDigits

struct Step {
  // kCopy: stores what `reg` holds.
  enum class Kind : std::uint8_t { kNone, kStore, kCopy, kLoad, kAdd, kCas, kFence };
  Kind kind = Kind::kNone;
  std::memory_order order = std::memory_order_relaxed;
  char variable = 'x';  // or y, z
  int value = 0;        // stored or added; of kCas: the new one
  int reg = 0;          // that takes what is read; each is used once
  int expected = 0;
};

using Thread = std::array<Step, kMostSteps>;

struct Test {
  const char* name;
  std::array<Thread, kMostThreads> threads;
  std::size_t outcomes;  // that RC11 allows
  // What x and y hold at the end is part of the outcome.
  bool memory = false;
  // Outcomes that Relacy's full search misses, in octal, and one that it alone reaches.
  std::array<const char*, 2> missed{};
  const char* false_alarm = nullptr;

  constexpr int Threads() const {
    int count = 0;
    while (count < kMostThreads &&
           threads[static_cast<std::size_t>(count)][0].kind != Step::Kind::kNone) {
      ++count;
    }
    return count;
  }
};

namespace steps {

inline constexpr auto kRelaxed = std::memory_order_relaxed;
inline constexpr auto kAcquire = std::memory_order_acquire;
inline constexpr auto kRelease = std::memory_order_release;
inline constexpr auto kSeqCst = std::memory_order_seq_cst;

constexpr Step Store(char variable, int value, std::memory_order order = kRelaxed) {
  return {.kind = Step::Kind::kStore, .order = order, .variable = variable, .value = value};
}
constexpr Step Load(int reg, char variable, std::memory_order order = kRelaxed) {
  return {.kind = Step::Kind::kLoad, .order = order, .variable = variable, .reg = reg};
}
constexpr Step Add(int reg, char variable, int value, std::memory_order order = kRelaxed) {
  return {
      .kind = Step::Kind::kAdd, .order = order, .variable = variable, .value = value, .reg = reg};
}
constexpr Step Cas(int reg, char variable, int expected, int value) {
  return {.kind = Step::Kind::kCas,
          .order = kRelaxed,
          .variable = variable,
          .value = value,
          .reg = reg,
          .expected = expected};
}
constexpr Step Copy(char variable, int reg) {
  return {.kind = Step::Kind::kCopy, .variable = variable, .reg = reg};
}
constexpr Step Fence(std::memory_order order = kSeqCst) {
  return {.kind = Step::Kind::kFence, .order = order};
}

inline constexpr Thread kWriteX = {Store('x', 1)};
inline constexpr Thread kWriteY = {Store('y', 1)};
inline constexpr Thread kWriteXThenY = {Store('x', 1), Store('y', 1)};
inline constexpr Thread kReadYThenX = {Load(0, 'y'), Load(1, 'x')};

}  // namespace steps

// docs/relacy_limits.md explains Relacy's differences from Relacy's source.
inline constexpr std::array kTests = [] {
  using namespace steps;  // NOLINT(google-build-using-namespace)
  return std::to_array<Test>({
      {"sb", {{{Store('x', 1), Load(0, 'y')}, {Store('y', 1), Load(1, 'x')}}}, 4},
      {"sb_sc",
       {{{Store('x', 1, kSeqCst), Load(0, 'y', kSeqCst)},
         {Store('y', 1, kSeqCst), Load(1, 'x', kSeqCst)}}},
       3},
      {"sb_fences",
       {{{Store('x', 1), Fence(), Load(0, 'y')}, {Store('y', 1), Fence(), Load(1, 'x')}}},
       3},
      {"mp", {{kWriteXThenY, kReadYThenX}}, 4},
      {"mp_rel_acq",
       {{{Store('x', 1), Store('y', 1, kRelease)}, {Load(0, 'y', kAcquire), Load(1, 'x')}}},
       3},
      {"lb", {{{Load(0, 'x'), Store('y', 1)}, {Load(1, 'y'), Store('x', 1)}}}, 3},
      {.name = "two_plus_two_w",
       .threads = {{{Store('x', 1), Store('y', 2)}, {Store('y', 1), Store('x', 2)}}},
       .outcomes = 4,
       .memory = true,
       .missed = {"000011"}},
      {.name = "two_plus_two_w_fences",
       .threads = {{{Store('x', 1), Fence(), Store('y', 2)},
                    {Store('y', 1), Fence(), Store('x', 2)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "s",
       .threads = {{{Store('x', 2), Store('y', 1)}, {Load(0, 'y'), Store('x', 1)}}},
       .outcomes = 4,
       .memory = true,
       .missed = {"100021"}},
      {.name = "r",
       .threads = {{kWriteXThenY, {Store('y', 2), Load(0, 'x')}}},
       .outcomes = 4,
       .memory = true},
      {"corr", {{{Store('x', 1), Store('x', 2)}, {Load(0, 'x'), Load(1, 'x')}}}, 6},
      {"corr2",
       {{kWriteX, {Store('x', 2)}, {Load(0, 'x'), Load(1, 'x')}, {Load(2, 'x'), Load(3, 'x')}}},
       47},
      {.name = "mp_deep",
       .threads = {{{Store('x', 1), Store('x', 2), Store('x', 3), Store('y', 1)}, kReadYThenX}},
       .outcomes = 8,
       .missed = {"100000", "110000"}},
      {"wrc", {{kWriteX, {Load(0, 'x'), Store('y', 1)}, {Load(1, 'y'), Load(2, 'x')}}}, 8},
      {"wrc_rel_acq",
       {{kWriteX,
         {Load(0, 'x', kAcquire), Store('y', 1, kRelease)},
         {Load(1, 'y', kAcquire), Load(2, 'x')}}},
       7},
      {"iriw",
       {{kWriteX, kWriteY, {Load(0, 'x'), Load(1, 'y')}, {Load(2, 'y'), Load(3, 'x')}}},
       16},
      {"iriw_rel_acq",
       {{{Store('x', 1, kRelease)},
         {Store('y', 1, kRelease)},
         {Load(0, 'x', kAcquire), Load(1, 'y', kAcquire)},
         {Load(2, 'y', kAcquire), Load(3, 'x', kAcquire)}}},
       16},
      {"iriw_sc",
       {{{Store('x', 1, kSeqCst)},
         {Store('y', 1, kSeqCst)},
         {Load(0, 'x', kSeqCst), Load(1, 'y', kSeqCst)},
         {Load(2, 'y', kSeqCst), Load(3, 'x', kSeqCst)}}},
       15},
      {"iriw_fences",
       {{kWriteX,
         kWriteY,
         {Load(0, 'x'), Fence(), Load(1, 'y')},
         {Load(2, 'y'), Fence(), Load(3, 'x')}}},
       15},
      {.name = "iriw_acq_then_sc",
       .threads = {{{Store('x', 1, kSeqCst)},
                    {Store('y', 1, kSeqCst)},
                    {Load(0, 'x', kAcquire), Load(1, 'y', kSeqCst)},
                    {Load(2, 'y', kAcquire), Load(3, 'x', kSeqCst)}}},
       .outcomes = 16,
       .missed = {"101000"}},
      {"rwc_fences",
       {{kWriteX, {Load(0, 'x'), Fence(), Load(1, 'y')}, {Store('y', 1), Fence(), Load(2, 'x')}}},
       7},
      {.name = "failed_cas",
       .threads = {{kWriteXThenY, {Load(0, 'y'), Cas(1, 'x', 5, 7)}}},
       .outcomes = 4,
       .missed = {"100000"}},
      {.name = "z6u",
       .threads = {{{Store('x', 1, kSeqCst), Store('y', 1, kRelease)},
                    {Add(0, 'y', 1, kSeqCst), Load(1, 'y')},
                    {Store('y', 3, kSeqCst), Load(2, 'x', kSeqCst)}}},
       .outcomes = 12,
       .missed = {"130000"}},
      {.name = "sb_fence_and_sc",
       .threads = {{{Store('x', 1), Fence(), Load(0, 'y')},
                    {Store('y', 1, kSeqCst), Load(1, 'x', kSeqCst)}}},
       .outcomes = 3,
       .false_alarm = "000000"},
      {.name = "release_sequence",
       .threads = {{{Store('x', 1), Store('y', 1, kRelease), Store('y', 2)},
                    {Load(0, 'y', kAcquire), Load(1, 'x')}}},
       .outcomes = 5,
       .missed = {"200000"}},
      // Coherence.
      {.name = "coww",
       .threads = {{{Store('x', 1), Store('x', 2)}, {Load(0, 'x')}}},
       .outcomes = 3,
       .memory = true},
      {.name = "cowr",
       .threads = {{{Store('x', 1), Load(0, 'x')}, {Store('x', 2)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "corw",
       .threads = {{{Load(0, 'x'), Store('x', 1)}, {Store('x', 2)}}},
       .outcomes = 3,
       .memory = true},
      // The same shapes with stronger orders.
      {"mp_fences",
       {{{Store('x', 1), Fence(kRelease), Store('y', 1)},
         {Load(0, 'y'), Fence(kAcquire), Load(1, 'x')}}},
       3},
      {"lb_rel_acq",
       {{{Load(0, 'x', kAcquire), Store('y', 1, kRelease)},
         {Load(1, 'y', kAcquire), Store('x', 1, kRelease)}}},
       3},
      {"lb_data", {{{Load(0, 'x'), Copy('y', 0)}, {Load(1, 'y'), Copy('x', 1)}}}, 1},
      {"lb_data_one", {{{Load(0, 'x'), Copy('y', 0)}, {Load(1, 'y'), Store('x', 1)}}}, 2},
      {.name = "two_plus_two_w_sc",
       .threads = {{{Store('x', 1, kSeqCst), Store('y', 2, kSeqCst)},
                    {Store('y', 1, kSeqCst), Store('x', 2, kSeqCst)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "s_rel_acq",
       .threads = {{{Store('x', 2), Store('y', 1, kRelease)},
                    {Load(0, 'y', kAcquire), Store('x', 1)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "r_fences",
       .threads = {{{Store('x', 1), Fence(), Store('y', 1)},
                    {Store('y', 2), Fence(), Load(0, 'x')}}},
       .outcomes = 3,
       .memory = true},
      {"rwc", {{kWriteX, {Load(0, 'x'), Load(1, 'y')}, {Store('y', 1), Load(2, 'x')}}}, 8},
      {"rwc_rel_acq",
       {{{Store('x', 1, kRelease)},
         {Load(0, 'x', kAcquire), Load(1, 'y', kAcquire)},
         {Store('y', 1, kRelease), Load(2, 'x', kAcquire)}}},
       8},
      // Three variables.
      {"isa2", {{kWriteXThenY, {Load(0, 'y'), Store('z', 1)}, {Load(1, 'z'), Load(2, 'x')}}}, 8},
      {"isa2_rel_acq",
       {{{Store('x', 1), Store('y', 1, kRelease)},
         {Load(0, 'y', kAcquire), Store('z', 1, kRelease)},
         {Load(1, 'z', kAcquire), Load(2, 'x')}}},
       7},
      {"w_rwc",
       {{{Store('x', 1), Store('y', 1, kRelease)},
         {Load(0, 'y', kAcquire), Load(1, 'z')},
         {Store('z', 1), Load(2, 'x')}}},
       8},
      {"w_rwc_fences",
       {{{Store('x', 1), Store('y', 1, kRelease)},
         {Load(0, 'y', kAcquire), Fence(), Load(1, 'z')},
         {Store('z', 1), Fence(), Load(2, 'x')}}},
       7},
      {.name = "z6_3",
       .threads = {{{Store('x', 1), Store('y', 1, kRelease)},
                    {Store('y', 2), Store('z', 1, kRelease)},
                    {Load(0, 'z', kAcquire), Load(1, 'x')}}},
       .outcomes = 8,
       .memory = true},
      {.name = "z6_3_fences",
       .threads = {{{Store('x', 1), Fence(), Store('y', 1)},
                    {Store('y', 2), Fence(), Store('z', 1)},
                    {Load(0, 'z'), Fence(), Load(1, 'x')}}},
       .outcomes = 7,
       .memory = true},
      // The orders that each shape is known with, weaker and stronger.
      {"sb_rel_acq",
       {{{Store('x', 1, kRelease), Load(0, 'y', kAcquire)},
         {Store('y', 1, kRelease), Load(1, 'x', kAcquire)}}},
       4},
      {"sb_one_fence",
       {{{Store('x', 1), Fence(), Load(0, 'y')}, {Store('y', 1), Load(1, 'x')}}},
       4},
      {"sb_three",
       {{{Store('x', 1), Load(0, 'y')},
         {Store('y', 1), Load(1, 'z')},
         {Store('z', 1), Load(2, 'x')}}},
       8},
      {"sb_three_fences",
       {{{Store('x', 1), Fence(), Load(0, 'y')},
         {Store('y', 1), Fence(), Load(1, 'z')},
         {Store('z', 1), Fence(), Load(2, 'x')}}},
       7},
      {"mp_rel", {{{Store('x', 1), Store('y', 1, kRelease)}, kReadYThenX}}, 4},
      {"mp_acq", {{kWriteXThenY, {Load(0, 'y', kAcquire), Load(1, 'x')}}}, 4},
      {"mp_rel_and_fence",
       {{{Store('x', 1), Store('y', 1, kRelease)}, {Load(0, 'y'), Fence(kAcquire), Load(1, 'x')}}},
       3},
      {"mp_fence_and_acq",
       {{{Store('x', 1), Fence(kRelease), Store('y', 1)}, {Load(0, 'y', kAcquire), Load(1, 'x')}}},
       3},
      {"mp_sc",
       {{{Store('x', 1, kSeqCst), Store('y', 1, kSeqCst)},
         {Load(0, 'y', kSeqCst), Load(1, 'x', kSeqCst)}}},
       3},
      {"lb_fences",
       {{{Load(0, 'x'), Fence(), Store('y', 1)}, {Load(1, 'y'), Fence(), Store('x', 1)}}},
       3},
      {"lb_sc",
       {{{Load(0, 'x', kSeqCst), Store('y', 1, kSeqCst)},
         {Load(1, 'y', kSeqCst), Store('x', 1, kSeqCst)}}},
       3},
      {"lb_three",
       {{{Load(0, 'x'), Store('y', 1)},
         {Load(1, 'y'), Store('z', 1)},
         {Load(2, 'z'), Store('x', 1)}}},
       7},
      {.name = "two_plus_two_w_rel",
       .threads = {{{Store('x', 1, kRelease), Store('y', 2, kRelease)},
                    {Store('y', 1, kRelease), Store('x', 2, kRelease)}}},
       .outcomes = 4,
       .memory = true,
       .missed = {"000011"}},
      {.name = "s_fences",
       .threads = {{{Store('x', 2), Fence(), Store('y', 1)},
                    {Load(0, 'y'), Fence(), Store('x', 1)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "s_sc",
       .threads = {{{Store('x', 2, kSeqCst), Store('y', 1, kSeqCst)},
                    {Load(0, 'y', kSeqCst), Store('x', 1, kSeqCst)}}},
       .outcomes = 3,
       .memory = true},
      {.name = "r_rel_acq",
       .threads = {{{Store('x', 1, kRelease), Store('y', 1, kRelease)},
                    {Store('y', 2, kRelease), Load(0, 'x', kAcquire)}}},
       .outcomes = 4,
       .memory = true},
      {.name = "r_sc",
       .threads = {{{Store('x', 1, kSeqCst), Store('y', 1, kSeqCst)},
                    {Store('y', 2, kSeqCst), Load(0, 'x', kSeqCst)}}},
       .outcomes = 3,
       .memory = true},
      {"wrc_fences",
       {{kWriteX, {Load(0, 'x'), Fence(), Store('y', 1)}, {Load(1, 'y'), Fence(), Load(2, 'x')}}},
       7},
      {"wrc_sc",
       {{{Store('x', 1, kSeqCst)},
         {Load(0, 'x', kSeqCst), Store('y', 1, kSeqCst)},
         {Load(1, 'y', kSeqCst), Load(2, 'x', kSeqCst)}}},
       7},
      {"rwc_sc",
       {{{Store('x', 1, kSeqCst)},
         {Load(0, 'x', kSeqCst), Load(1, 'y', kSeqCst)},
         {Store('y', 1, kSeqCst), Load(2, 'x', kSeqCst)}}},
       7},
      {"isa2_fences",
       {{{Store('x', 1), Fence(), Store('y', 1)},
         {Load(0, 'y'), Fence(), Store('z', 1)},
         {Load(1, 'z'), Fence(), Load(2, 'x')}}},
       7},
      {"isa2_sc",
       {{{Store('x', 1, kSeqCst), Store('y', 1, kSeqCst)},
         {Load(0, 'y', kSeqCst), Store('z', 1, kSeqCst)},
         {Load(1, 'z', kSeqCst), Load(2, 'x', kSeqCst)}}},
       7},
      {"w_rwc_sc",
       {{{Store('x', 1, kSeqCst), Store('y', 1, kSeqCst)},
         {Load(0, 'y', kSeqCst), Load(1, 'z', kSeqCst)},
         {Store('z', 1, kSeqCst), Load(2, 'x', kSeqCst)}}},
       7},
      // Three threads, with one or two variables that two of them store to: Z6.0 to Z6.5.
      {.name = "z6_0",
       .threads = {{{Store('y', 1), Store('z', 1)},
                    {Load(0, 'z'), Store('x', 1)},
                    {Store('x', 2), Load(1, 'y')}}},
       .outcomes = 8,
       .memory = true},
      {.name = "z6_0_fences",
       .threads = {{{Store('y', 1), Fence(), Store('z', 1)},
                    {Load(0, 'z'), Fence(), Store('x', 1)},
                    {Store('x', 2), Fence(), Load(1, 'y')}}},
       .outcomes = 7,
       .memory = true},
      {.name = "z6_1",
       .threads = {{{Store('x', 2), Store('y', 1)},
                    {Store('y', 2), Store('z', 1)},
                    {Load(0, 'z'), Store('x', 1)}}},
       .outcomes = 8,
       .memory = true,
       .missed = {"100022"}},
      {.name = "z6_1_fences",
       .threads = {{{Store('x', 2), Fence(), Store('y', 1)},
                    {Store('y', 2), Fence(), Store('z', 1)},
                    {Load(0, 'z'), Fence(), Store('x', 1)}}},
       .outcomes = 7,
       .memory = true},
      {.name = "z6_2",
       .threads = {{{Store('x', 2), Store('y', 1)},
                    {Load(0, 'y'), Store('z', 1)},
                    {Load(1, 'z'), Store('x', 1)}}},
       .outcomes = 8,
       .memory = true,
       .missed = {"110021"}},
      {.name = "z6_2_rel_acq",
       .threads = {{{Store('x', 2), Store('y', 1, kRelease)},
                    {Load(0, 'y', kAcquire), Store('z', 1, kRelease)},
                    {Load(1, 'z', kAcquire), Store('x', 1)}}},
       .outcomes = 7,
       .memory = true},
      {.name = "z6_4",
       .threads = {{kWriteXThenY, {Store('y', 2), Load(0, 'z')}, {Store('z', 1), Load(1, 'x')}}},
       .outcomes = 8,
       .memory = true},
      {.name = "z6_4_fences",
       .threads = {{{Store('x', 1), Fence(), Store('y', 1)},
                    {Store('y', 2), Fence(), Load(0, 'z')},
                    {Store('z', 1), Fence(), Load(1, 'x')}}},
       .outcomes = 7,
       .memory = true},
      {.name = "z6_5",
       .threads = {{{Store('z', 1), Store('x', 1)},
                    {Store('x', 2), Store('y', 1)},
                    {Store('y', 2), Load(0, 'z')}}},
       .outcomes = 8,
       .memory = true},
      {.name = "z6_5_fences",
       .threads = {{{Store('z', 1), Fence(), Store('x', 1)},
                    {Store('x', 2), Fence(), Store('y', 1)},
                    {Store('y', 2), Fence(), Load(0, 'z')}}},
       .outcomes = 7,
       .memory = true},
      // Read-modify-writes.
      {.name = "adds",
       .threads = {{{Add(0, 'x', 1)}, {Add(1, 'x', 1)}, {Add(2, 'x', 1)}}},
       .outcomes = 6,
       .memory = true},
      {.name = "cas_wins_once",
       .threads = {{{Cas(0, 'x', 0, 1)}, {Cas(1, 'x', 0, 2)}, {Load(2, 'x'), Load(3, 'x')}}},
       .outcomes = 6,
       .memory = true},
      {.name = "add_and_store",
       .threads = {{{Add(0, 'x', 1)}, {Store('x', 4), Load(1, 'x')}}},
       .outcomes = 3,
       .memory = true},
      {"release_sequence_add",
       {{{Store('x', 1), Store('y', 1, kRelease)},
         {Add(0, 'y', 1)},
         {Load(1, 'y', kAcquire), Load(2, 'x')}}},
       8},
      {"sb_adds", {{{Add(0, 'x', 1), Load(1, 'y')}, {Add(2, 'y', 1), Load(3, 'x')}}}, 4},
  });
}();

}  // namespace heddle::litmus

#endif  // HEDDLE_CHECKERS_EXPLORER_RELACY_OUTCOMES_LITMUS_TABLE_H_
