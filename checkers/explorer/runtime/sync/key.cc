// SPDX-License-Identifier: Apache-2.0
//
// Thread-specific data by key.
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/sync/sync.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {

struct Key {
  bool used;
  void (*destructor)(void*);
  void* first;  // what thread 0 starts with
};

namespace {

// Made by the explored program. A global variable as the program's own are: put back each time.
Key g_keys[kMaxKeys];
// Behind those of the C library.
constexpr pthread_key_t kFirst = PTHREAD_KEYS_MAX;
// Of the C library's: those that the explored program has deleted.
bool g_deleted[kFirst];

// The key of that number: the C library's own, made outside of the exploration, or the program's.
Key* Find(pthread_key_t key) {
  Key* const outer = state().outer_keys;
  Key* found = nullptr;
  if (key < kFirst) {
    found = outer == nullptr || g_deleted[key] ? nullptr : &outer[key];
  } else if (key < kFirst + kMaxKeys) {
    found = &g_keys[key - kFirst];
  }
  return found != nullptr && found->used ? found : nullptr;
}

// Of the C library's, and nobody the program knows of uses it.
bool IsUnknown(pthread_key_t key) {
  const Key* const outer = state().outer_keys;
  return key < kFirst && (outer == nullptr || !outer[key].used);
}

// Where a thread keeps its value.
constexpr int PlaceOf(pthread_key_t key) {
  return key < kFirst ? kMaxKeys + static_cast<int>(key) : static_cast<int>(key - kFirst);
}
constexpr pthread_key_t KeyAt(int place) {
  return static_cast<pthread_key_t>(place) + (place < kMaxKeys ? kFirst : -kMaxKeys);
}
static_assert(kMaxKeys + PTHREAD_KEYS_MAX == kKeyPlaces && KeyAt(PlaceOf(7)) == 7);

void Set(Fiber& fiber, pthread_key_t key, void* value) {
  const int place = PlaceOf(key);
  fiber.specific[place] = value;
  if (place >= fiber.key_limit) fiber.key_limit = place + 1;
}

// What threads had by a key that was there before.
void ForgetValues(int place) {
  for (ThreadId id = 0; id < kMaxThreads; ++id) {
    Fiber* const fiber = state().scheduler->Thread(id);
    if (fiber != nullptr && place < fiber->key_limit) fiber->specific[place] = nullptr;
  }
}

// By a sanitizer's runtime, for threads of the process.
bool IsSanitizers(Site caller) {
  Dl_info info;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it is told as a number
  if (dladdr(reinterpret_cast<void*>(caller), &info) == 0 || info.dli_fname == nullptr)
    return false;
  return strstr(info.dli_fname, "/libclang_rt.") != nullptr;
}

// Of a key that the C library has made, outside of the exploration: what is known of it is not put
// back.
void NoteOuterKey(pthread_key_t key, void (*destructor)(void*)) {
  Key*& keys = state().outer_keys;
  if (keys == nullptr) {
    void* const room =
        HEDDLE_REAL(mmap)(nullptr, PTHREAD_KEYS_MAX * sizeof(Key), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) Fatal("out of memory for thread-specific data");
    keys = static_cast<Key*>(room);
  }
  keys[key] = {.used = true, .destructor = destructor, .first = nullptr};
}

}  // namespace

void TakeSpecific() {
  Key* const keys = state().outer_keys;
  for (pthread_key_t key = 0; keys != nullptr && key < kFirst; ++key) {
    if (keys[key].used) keys[key].first = HEDDLE_REAL(pthread_getspecific)(key);
  }
}

void StartSpecific(Fiber& fiber) {
  Key* const keys = state().outer_keys;
  for (pthread_key_t key = 0; keys != nullptr && key < kFirst; ++key) {
    if (keys[key].used && keys[key].first != nullptr) Set(fiber, key, keys[key].first);
  }
}

void DestroySpecific(Fiber& fiber) {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && fiber.key_limit != 0; ++round) {
    bool found = false;
    for (int place = 0; place < fiber.key_limit; ++place) {
      void* const value = fiber.specific[place];
      if (value == nullptr) continue;
      const Key* const key = Find(KeyAt(place));
      if (key == nullptr || key->destructor == nullptr) continue;
      fiber.specific[place] = nullptr;
      found = true;
      key->destructor(value);
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
    const int result = real(key, destructor);
    if (result == 0 && !IsSanitizers(HEDDLE_CALLER)) NoteOuterKey(*key, destructor);
    return result;
  }
  CountEffect();
  for (int i = 0; i < kMaxKeys; ++i) {
    if (g_keys[i].used) continue;
    g_keys[i] = {.used = true, .destructor = destructor, .first = nullptr};
    ForgetValues(i);
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
    if (Key* const found = Find(key); found != nullptr) found->used = false;
    return real(key);
  }
  CountEffect();
  Key* const found = Find(key);
  if (found == nullptr) return EINVAL;
  if (key < kFirst) {
    g_deleted[key] = true;
  } else {
    found->used = false;
  }
  return 0;
}

HEDDLE_INTERPOSE int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (!Exploring() || IsUnknown(key)) {
    static auto* const real =
        reinterpret_cast<int (*)(pthread_key_t, const void*)>(RealFunction("pthread_setspecific"));
    return real(key, value);
  }
  CountEffect();
  if (Find(key) == nullptr) return EINVAL;
  Set(*state().current, key, const_cast<void*>(value));
  return 0;
}

HEDDLE_INTERPOSE void* pthread_getspecific(pthread_key_t key) noexcept {
  if (!Exploring() || IsUnknown(key)) {
    static auto* const real =
        reinterpret_cast<void* (*)(pthread_key_t)>(RealFunction("pthread_getspecific"));
    return real(key);
  }
  return Find(key) == nullptr ? nullptr : state().current->specific[PlaceOf(key)];
}
