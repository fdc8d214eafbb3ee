// SPDX-License-Identifier: Apache-2.0
//
// Random numbers in an explored program: each thread draws a sequence of its own, the same in every
// execution. What a program does with other numbers is not explored.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64, which
// is fit for any start.
std::uint64_t Draw() {
  CountEffect();
  Fiber& fiber = *state().current;
  fiber.random += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = fiber.random + static_cast<std::uint64_t>(fiber.id);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

void Seed(std::uint64_t seed) {
  CountEffect();
  state().current->random = seed;
}

long DrawPositive() { return static_cast<long>(Draw() >> 33); }

void Fill(const char* name, void* buffer, std::size_t size, Site site) {
  Call(name, site).Writes(buffer, size);
  auto* const bytes = static_cast<unsigned char*>(buffer);
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t drawn = Draw();
    memcpy(bytes + at, &drawn, std::min(sizeof drawn, size - at));
  }
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int rand() noexcept {
  return Exploring() ? static_cast<int>(DrawPositive()) : HEDDLE_REAL(rand)();
}

HEDDLE_INTERPOSE void srand(unsigned seed) noexcept {
  Exploring() ? Seed(seed) : HEDDLE_REAL(srand)(seed);
}

HEDDLE_INTERPOSE long random() noexcept {
  return Exploring() ? DrawPositive() : HEDDLE_REAL(random)();
}

HEDDLE_INTERPOSE void srandom(unsigned seed) noexcept {
  Exploring() ? Seed(seed) : HEDDLE_REAL(srandom)(seed);
}

HEDDLE_INTERPOSE double drand48() noexcept {
  if (!Exploring()) return HEDDLE_REAL(drand48)();
  return static_cast<double>(Draw() >> 11) * 0x1p-53;
}

HEDDLE_INTERPOSE long lrand48() noexcept {
  return Exploring() ? DrawPositive() : HEDDLE_REAL(lrand48)();
}

HEDDLE_INTERPOSE void srand48(long seed) noexcept {
  Exploring() ? Seed(static_cast<std::uint64_t>(seed)) : HEDDLE_REAL(srand48)(seed);
}

HEDDLE_INTERPOSE ssize_t getrandom(void* buffer, std::size_t size, unsigned flags) {
  if (!Exploring()) return HEDDLE_REAL(getrandom)(buffer, size, flags);
  Fill("getrandom", buffer, size, HEDDLE_CALLER);
  return static_cast<ssize_t>(size);
}

HEDDLE_INTERPOSE int getentropy(void* buffer, std::size_t size) {
  if (!Exploring()) return HEDDLE_REAL(getentropy)(buffer, size);
  if (size > 256) {
    errno = EIO;
    return -1;
  }
  Fill("getentropy", buffer, size, HEDDLE_CALLER);
  return 0;
}

// What std::random_device draws by, from the processor or from a file. Weak, for programs that have
// the C++ library's own linked in.
__attribute__((weak)) std::random_device::result_type std::random_device::_M_getval() {
  if (!Exploring()) {
    using Draws = result_type(random_device*);
    return reinterpret_cast<Draws*>(RealFunction("_ZNSt13random_device9_M_getvalEv"))(this);
  }
  return static_cast<result_type>(Draw());
}
