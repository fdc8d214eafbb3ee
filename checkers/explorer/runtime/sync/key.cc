// SPDX-License-Identifier: Apache-2.0
//
// Thread-specific data by key.
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

struct Key {
  bool used;
  void (*destructor)(void*);
};

// Made by the explored program. A global variable as the program's own are: put back each time.
Key g_keys[kMaxKeys];
// Those of the C library, in the same numbers: a program may have some from before the exploration.
constexpr pthread_key_t kFirst = PTHREAD_KEYS_MAX;

Key* Find(pthread_key_t key) {
  if (key < kFirst || key >= kFirst + kMaxKeys || !g_keys[key - kFirst].used) return nullptr;
  return &g_keys[key - kFirst];
}

}  // namespace

void DestroySpecific(Fiber& fiber) {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && fiber.key_limit != 0; ++round) {
    bool found = false;
    for (int key = 0; key < fiber.key_limit; ++key) {
      void* const value = fiber.specific[key];
      if (value == nullptr || !g_keys[key].used || g_keys[key].destructor == nullptr) continue;
      fiber.specific[key] = nullptr;
      found = true;
      g_keys[key].destructor(value);
    }
    if (!found) return;
  }
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  if (!Exploring()) {
    static auto* const real = reinterpret_cast<int (*)(pthread_key_t*, void (*)(void*))>(
        RealFunction("pthread_key_create"));
    return real(key, destructor);
  }
  CountEffect();
  for (int i = 0; i < kMaxKeys; ++i) {
    if (g_keys[i].used) continue;
    g_keys[i] = {.used = true, .destructor = destructor};
    Call("pthread_key_create", HEDDLE_CALLER).Writes(key, sizeof *key);
    *key = kFirst + static_cast<pthread_key_t>(i);
    return 0;
  }
  return EAGAIN;
}

HEDDLE_INTERPOSE int pthread_key_delete(pthread_key_t key) noexcept {
  if (!Exploring()) {
    static auto* const real =
        reinterpret_cast<int (*)(pthread_key_t)>(RealFunction("pthread_key_delete"));
    return real(key);
  }
  CountEffect();
  Key* const found = Find(key);
  if (found == nullptr) return EINVAL;
  found->used = false;
  return 0;
}

HEDDLE_INTERPOSE int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (!Exploring() || key < kFirst) {
    static auto* const real =
        reinterpret_cast<int (*)(pthread_key_t, const void*)>(RealFunction("pthread_setspecific"));
    return real(key, value);
  }
  CountEffect();
  if (Find(key) == nullptr) return EINVAL;
  Fiber& fiber = *state().current;
  const auto index = static_cast<int>(key - kFirst);
  fiber.specific[index] = const_cast<void*>(value);
  if (index >= fiber.key_limit) fiber.key_limit = index + 1;
  return 0;
}

HEDDLE_INTERPOSE void* pthread_getspecific(pthread_key_t key) noexcept {
  if (!Exploring() || key < kFirst) {
    static auto* const real =
        reinterpret_cast<void* (*)(pthread_key_t)>(RealFunction("pthread_getspecific"));
    return real(key);
  }
  return Find(key) == nullptr ? nullptr : state().current->specific[key - kFirst];
}
